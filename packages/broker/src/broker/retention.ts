/**
 * Keeps topics within what they are to keep: looks at each from time to time, and deletes what somebody says is no longer needed. The bodies
 * of what is gone are given back to the journal when that has settled.
 */
import type { Refused } from "../queue/refusals.ts";
import { decideConfigureTopic } from "../topic/decide/configure.ts";
import { decideRetention, decideTrim, nextRetentionMs } from "../topic/decide/retention.ts";
import type { TopicState } from "../topic/state.ts";
import type { ConfigureTopicRequest, DeleteRecordsRequest, Durable, Refusal, Result } from "./api.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { type Change, inTopics } from "./state.ts";
import type { Timetable } from "./timetable.ts";

/** A topic that is written to is looked at this often, so that publishing costs nothing for it; one with a short retention more often. */
const lookEveryMs = 60_000;
const looksPerRetention = 10;

export class Retention {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #timetable: Timetable;

  constructor(core: Core, directory: Directory, timetable: Timetable) {
    this.#core = core;
    this.#directory = directory;
    this.#timetable = timetable;
    core.onTouched((changes) => this.#touched(changes));
  }

  /** Begins to look after the topics that are there. */
  start(): void {
    for (const topic of this.#core.state.topics()) this.#note(topic, this.#soonMs(topic));
  }

  async deleteBefore({ topic: name, partition, offset }: DeleteRecordsRequest): Promise<Result<Durable>> {
    const found = this.#find(name);
    if (!found.ok) return found;
    const topic = found.state;
    const decided = decideTrim(topic, { partition, offset });
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inTopics(decided.records));
    return failed ?? { ok: true, durability: this.#core.durability(topic.settings.durability) };
  }

  async configure(request: ConfigureTopicRequest): Promise<Result<Durable>> {
    const found = this.#find(request.topic);
    if (!found.ok) return found;
    const topic = found.state;
    const { retentionMs = topic.settings.retentionMs, retentionBytes = topic.settings.retentionBytes } =
      request;
    const decided = decideConfigureTopic(topic, { ...topic.settings, retentionMs, retentionBytes });
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inTopics(decided.records));
    return failed ?? { ok: true, durability: this.#core.durability("synced") };
  }

  #find(name: string): { readonly ok: true; readonly state: TopicState } | Refused<Refusal> {
    const refused = this.#core.refusal("new");
    return refused ?? this.#directory.topic(name, "look");
  }

  /** It is time to look at the topic of that number, if it is one. */
  due(number: number): void {
    const topic = this.#core.state.topic(number);
    if (topic === undefined || this.#core.refusal("finishing") !== undefined) return;
    const now = this.#core.now();
    const decided = decideRetention(topic, now);
    if (decided.ok && decided.records.length > 0) this.#core.commitThen(inTopics(decided.records), () => {});
    const nextMs = nextRetentionMs(topic, now);
    if (nextMs !== undefined) this.#note(topic, Math.max(nextMs, this.#soonMs(topic)));
  }

  #touched(changes: readonly Change[]): void {
    for (const { what, owner } of changes) {
      const topic = what === "topic" ? this.#core.state.topic(owner) : undefined;
      if (topic !== undefined) this.#note(topic, this.#soonMs(topic));
    }
  }

  #note(topic: TopicState, dueMs: number): void {
    const { retention, retentionMs, retentionBytes } = topic.settings;
    const bounded = retentionMs < Number.POSITIVE_INFINITY || retentionBytes < Number.POSITIVE_INFINITY;
    if (retention === "log" && bounded) this.#timetable.note(topic.number, dueMs);
  }

  #soonMs({ settings }: TopicState): number {
    return this.#core.now().monotonicMs + Math.min(lookEveryMs, settings.retentionMs / looksPerRetention);
  }
}
