/** Topics as things that exist: creating, describing and deleting them. */
import type { TopicSettings } from "../topic/settings.ts";
import { topicDurability } from "../topic/state.ts";
import type { CreateTopicRequest, Durable, Result, TopicDescription } from "./api.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { alreadyThere, differing } from "./existing.ts";
import { inCatalog, inTopics } from "./state.ts";
import type { Topics } from "./topics.ts";

export class TopicDescriptions {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #topics: Topics;

  constructor(core: Core, directory: Directory, topics: Topics) {
    this.#core = core;
    this.#directory = directory;
    this.#topics = topics;
  }

  async create(request: CreateTopicRequest): Promise<Result<{ readonly created: boolean }>> {
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

  async describe(name: string): Promise<Result<{ readonly description: TopicDescription }>> {
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

  /** Emptied in the same append: its records, also those in the archive, go as they do when they are too old. */
  async delete(name: string): Promise<Result<Durable>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.topic(name, "look");
    if (!found.ok) return found;
    const { number, partitions } = found.state;
    const starts = partitions.map(({ endOffset: startOffset }, partition) => ({ partition, startOffset }));
    this.#topics.removed(number);
    const failed = await this.#core.commit([
      ...inTopics([{ owner: number, record: { kind: "trimmed", starts } }]),
      inCatalog({ kind: "removed", number }),
    ]);
    return failed ?? { ok: true, durability: this.#core.durability("synced") };
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
