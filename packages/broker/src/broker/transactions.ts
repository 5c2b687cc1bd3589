/** Transactions: publishes, an offset commit and queue messages in one atomic append, with a fence. */

import type { OutgoingMessage } from "../queue/commands.ts";
import { decideSend } from "../queue/decide/send.ts";
import type { Refused } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type { Commit, Fence, OutgoingRecord, Transaction } from "../topic/commands.ts";
import { decideTransaction } from "../topic/decide/transaction.ts";
import type { TopicState } from "../topic/state.ts";
import type { Refusal, Result, Transacted, TransactRequest } from "./api.ts";
import { ownBody } from "./batch.ts";
import { type Core, storageFailed } from "./core.ts";
import type { Directory } from "./directory.ts";
import { placesOf, remembered, repeated, runsOf } from "./repeats.ts";
import { type Change, inGroups, inQueues, inTopics } from "./state.ts";
import type { Topics } from "./topics.ts";

export class Transactions {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #topics: Topics;

  constructor(core: Core, directory: Directory, topics: Topics) {
    this.#core = core;
    this.#directory = directory;
    this.#topics = topics;
  }

  /** Everything is decided before anything is appended, so that a refusal leaves no trace. */
  async transact(request: TransactRequest): Promise<Result<Transacted>> {
    const { state } = this.#core;
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    // Before the memory is looked at: a repeat adds nothing to it.
    const repeat = repeated(this.#core, request.producer);
    if (repeat !== undefined && "refusal" in repeat) return repeat;
    const tooLarge =
      repeat === undefined ? this.#topics.refuseRecords(request.publishes, request.sends ?? []) : undefined;
    if (tooLarge !== undefined) return tooLarge;
    const resolved = this.#resolve(request);
    if ("refusal" in resolved) return resolved;
    const durability = this.#core.durability(resolved.durability);
    if (repeat !== undefined) {
      return (
        (await this.#core.commit([])) ?? { ok: true, places: repeat.published.map(placesOf), durability }
      );
    }
    const adds = resolved.published.length > 0 || resolved.sends.size > 0;
    const tooMuch = adds ? this.#core.refuseGrowth(resolved.durability) : undefined;
    if (tooMuch !== undefined) return tooMuch;
    const now = this.#core.now();
    const decided = decideTransaction(resolved.transaction, now, state);
    if (!decided.ok) return decided;
    const changes: Change[] = [...inTopics(decided.topics), ...inGroups(decided.groups)];
    for (const [queue, messages] of resolved.sends) {
      const sent = decideSend(queue, { messages }, now);
      if (!sent.ok) return sent;
      changes.push(...inQueues(sent.records));
    }
    const { places } = decided.reply;
    changes.push(
      ...remembered(request.producer, { sent: [], published: places.map(runsOf) }, resolved.durability),
    );
    return new Promise((resolve) => {
      this.#core.commitThen(changes, (fault) => {
        if (fault !== undefined) return resolve(storageFailed(fault));
        for (const [i, { topic, records }] of resolved.published.entries()) {
          this.#topics.announce({ topic, records, places: places[i] ?? [], publishedAtMs: now.wallMs });
        }
        resolve({ ok: true, places, durability });
      });
    });
  }

  #resolve(request: TransactRequest): Resolved | Refused<Refusal> {
    const published: { readonly topic: TopicState; readonly records: readonly OutgoingRecord[] }[] = [];
    for (const { topic: name, records } of request.publishes) {
      const found = this.#directory.topic(name, "use");
      if (!found.ok) return found;
      published.push({ topic: found.state, records });
    }
    const sends = new Map<QueueState, OutgoingMessage[]>();
    for (const { queue: name, messages } of request.sends ?? []) {
      const found = this.#directory.queue(name, "use");
      if (!found.ok) return found;
      const owned = messages.map(({ body, attributes }) => ({ body: ownBody(body), attributes }));
      sends.set(found.state, [...(sends.get(found.state) ?? []), ...owned]);
    }
    const commit = this.#resolveCommit(request);
    if (commit !== undefined && "refusal" in commit) return commit;
    const fence = this.#resolveFence(request);
    if (fence !== undefined && "refusal" in fence) return fence;
    const publishes = published.map(({ topic, records }) => ({ topic: topic.number, records }));
    const asked = [
      ...published.map(({ topic }) => topic.settings),
      ...[...sends.keys()].map(({ settings }) => settings),
    ];
    // One append is as durable as the most durable of its parts; a commit of offsets is always synced.
    const synced = commit !== undefined || asked.some(({ durability }) => durability === "synced");
    const durability = synced
      ? "synced"
      : asked.some((one) => one.durability === "buffered")
        ? "buffered"
        : "memory";
    return {
      transaction: { publishes, ...(commit && { commit }), ...(fence && { fence }) },
      published,
      sends,
      durability,
    };
  }

  #resolveCommit({
    commit,
  }: TransactRequest): (Commit & { readonly group: number }) | Refused<Refusal> | undefined {
    if (commit === undefined) return undefined;
    const group = this.#directory.group(commit.group, "look");
    if (!group.ok) return group;
    const offsets = [];
    for (const { topic, partition, offset } of commit.offsets) {
      const found = this.#directory.topic(topic, "look");
      if (!found.ok) return found;
      offsets.push({ topic: found.state.number, partition, offset });
    }
    return { group: group.state.number, generation: commit.generation, offsets };
  }

  #resolveFence({
    fence,
  }: TransactRequest): (Fence & { readonly group: number }) | Refused<Refusal> | undefined {
    if (fence === undefined) return undefined;
    const group = this.#directory.group(fence.group, "look");
    if (!group.ok) return group;
    const topic = this.#directory.topic(fence.topic, "look");
    if (!topic.ok) return topic;
    const { generation, partition, expectedOffset } = fence;
    return { group: group.state.number, topic: topic.state.number, generation, partition, expectedOffset };
  }
}

interface Resolved {
  readonly transaction: Transaction;
  readonly published: readonly { readonly topic: TopicState; readonly records: readonly OutgoingRecord[] }[];
  readonly sends: ReadonlyMap<QueueState, readonly OutgoingMessage[]>;
  readonly durability: "synced" | "buffered" | "memory";
}
