/** What exists and how it is set: creating, describing. */
import { queueCounts } from "../queue/counts.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueSettings } from "../queue/settings.ts";
import type { QueueState } from "../queue/state.ts";
import type { TopicSettings } from "../topic/settings.ts";
import { topicDurability } from "../topic/state.ts";
import type {
  CreateQueueRequest,
  CreateTopicRequest,
  QueueDescription,
  Refusal,
  Result,
  TopicDescription,
} from "./api.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import type { Topics } from "./topics.ts";

type Created = { readonly created: boolean };

export class Descriptions {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #topics: Topics;

  constructor(core: Core, directory: Directory, topics: Topics) {
    this.#core = core;
    this.#directory = directory;
    this.#topics = topics;
  }

  async createQueue(request: CreateQueueRequest): Promise<Result<Created>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const settings = this.#queueSettings(request);
    if ("refusal" in settings) return settings;
    const existing = this.#directory.queue(request.queue, "look");
    if (existing.ok) {
      const different = differing(existing.state.settings, settings);
      if (different !== undefined) return alreadyThere("queue", request.queue, different);
      return (await this.#core.commit([])) ?? { ok: true, created: false };
    }
    const made = this.#directory.createQueue(request.queue, settings);
    if (!made.ok) return made;
    return (await this.#core.commit([])) ?? { ok: true, created: true };
  }

  async createTopic(request: CreateTopicRequest): Promise<Result<Created>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const settings: TopicSettings = { ...this.#directory.topicDefaults, ...given(request) };
    const existing = this.#directory.topic(request.topic, "look");
    if (existing.ok) {
      const { retentionMs, retentionBytes } = existing.state.settings;
      const different = differing(existing.state.settings, { ...settings, retentionMs, retentionBytes });
      if (different !== undefined) return alreadyThere("topic", request.topic, different);
      return (await this.#core.commit([])) ?? { ok: true, created: false };
    }
    const made = this.#directory.createTopic(request.topic, settings);
    if (!made.ok) return made;
    return (await this.#core.commit([])) ?? { ok: true, created: true };
  }

  async queue(name: string): Promise<Result<{ readonly description: QueueDescription }>> {
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const description = this.#describeQueue(name, found.state);
    return (await this.#core.commit([])) ?? { ok: true, description };
  }

  async topic(name: string): Promise<Result<{ readonly description: TopicDescription }>> {
    const found = this.#directory.topic(name, "look");
    if (!found.ok) return found;
    const topic = found.state;
    const description: TopicDescription = {
      topic: name,
      partitionCount: topic.settings.partitionCount,
      retention: topic.settings.retention,
      retentionMs: topic.settings.retentionMs,
      retentionBytes: topic.settings.retentionBytes,
      durability: this.#core.durability(topicDurability(topic.settings)),
      partitions: topic.partitions.map(({ startOffset, endOffset, retainedBytes }) => {
        return { startOffset, endOffset, retainedBytes };
      }),
      liveSubscribers: this.#topics.liveSubscriberCount(topic),
    };
    return (await this.#core.commit([])) ?? { ok: true, description };
  }

  #describeQueue(name: string, state: QueueState): QueueDescription {
    const { settings } = state;
    const { deadLetter } = settings;
    return {
      queue: name,
      visibilityTimeoutMs: settings.visibilityTimeoutMs,
      deadLetter: deadLetter && {
        queue: this.#core.state.catalog.entry(deadLetter.queue)?.name ?? "",
        receiveCountMax: deadLetter.receiveCountMax,
      },
      messageCountMax: settings.messageCountMax,
      bodyBytesMax: settings.bodyBytesMax,
      durability: this.#core.durability(settings.durability),
      ...queueCounts(state),
    };
  }

  /** A dead-letter queue that does not exist is created, like every name that is used for the first time. */
  #queueSettings(request: CreateQueueRequest): QueueSettings | Refused<Refusal> {
    const defaults = this.#directory.queueDefaults;
    let deadLetter: QueueSettings["deadLetter"];
    if (request.deadLetter !== undefined) {
      const target = this.#directory.queue(request.deadLetter.queue, "use");
      if (!target.ok) return target;
      deadLetter = { queue: target.state.number, receiveCountMax: request.deadLetter.receiveCountMax };
    }
    return {
      ...defaults,
      visibilityTimeoutMs: request.visibilityTimeoutMs ?? defaults.visibilityTimeoutMs,
      deadLetter,
      messageCountMax: request.messageCountMax ?? defaults.messageCountMax,
      bodyBytesMax: request.bodyBytesMax ?? defaults.bodyBytesMax,
      durability: request.durability ?? defaults.durability,
    };
  }
}

/** The request without what it leaves open. */
function given(request: CreateTopicRequest): Partial<TopicSettings> {
  const { partitionCount, retention, retentionMs, retentionBytes, durability } = request;
  return {
    ...(partitionCount !== undefined && { partitionCount }),
    ...(retention !== undefined && { retention }),
    ...(retentionMs !== undefined && { retentionMs }),
    ...(retentionBytes !== undefined && { retentionBytes }),
    ...(durability !== undefined && { durability }),
  };
}

/** The first setting in which the two differ. */
function differing<Settings extends object>(is: Settings, asked: Settings): string | undefined {
  for (const name of Object.keys(asked) as (keyof Settings & string)[]) {
    if (JSON.stringify(is[name]) !== JSON.stringify(asked[name])) return name;
  }
  return undefined;
}

const alreadyThere = (what: string, name: string, setting: string): Refused<"invalid-setting"> =>
  refuse("invalid-setting", `The ${what} '${name}' exists already, with another ${setting}.`);
