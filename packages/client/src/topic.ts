/** A topic, as a program sees it. */
import {
  entryCountMax,
  type FetchedAnswer,
  type TopicAnswer,
  type WireDurability,
  type WirePlace,
  type WireRetention,
  writeConfigureTopic,
  writeCreateTopic,
  writeDeleteBefore,
  writeDeleteTopic,
  writeDescribeTopic,
  writeFetch,
  writeOffsetAt,
  writePublish,
} from "@sluice/protocol/full";
import { type Attributes, type Body, type OutgoingRecord, split, wireRecord } from "./body.ts";
import { change, type Kept, once } from "./change.ts";
import type { Context } from "./context.ts";
import { ClientFault } from "./errors.ts";
import { GroupConsumer, type GroupConsumerOptions } from "./group-consumer.ts";
import { type LiveOptions, LiveSubscription } from "./live.ts";

export interface Published extends WirePlace {
  /** What the acknowledgement rests on. */
  readonly durability: WireDurability;
}

export interface PublishedBatch {
  /** In the order of the records. */
  readonly places: readonly WirePlace[];
  readonly durability: WireDurability;
}

export interface FetchOptions {
  /** Default 0. */
  readonly partition?: number;
  readonly offset: number;
  /** Default 500, at most 1 000. */
  readonly recordsMax?: number;
  /** Bytes of keys and bodies; one record is always handed out. Default 1 MiB. */
  readonly bytesMax?: number;
  /** How long to wait for a first record, in milliseconds. Default 0. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export type Fetched = Omit<FetchedAnswer, "verb" | "id">;

/** How long a topic keeps what is published; absent: the server's default in a creation, no change otherwise. */
export interface RetentionSettings {
  /** Milliseconds, more than 0; Infinity: for ever. The server's default is 7 days. */
  readonly retentionMs?: number;
  /** Bytes that each partition keeps at most, more than 0, but always its newest batch; Infinity, the server's default: without bound. */
  readonly retentionBytes?: number;
}

/** Absent settings get the server's defaults. */
export interface TopicSettings extends RetentionSettings {
  readonly partitionCount?: number;
  /** `log` keeps what is published, `live` keeps nothing. */
  readonly retention?: WireRetention;
  readonly durability?: "synced" | "buffered" | "memory";
}

export type TopicDescription = Omit<TopicAnswer, "verb" | "id">;

export class Topic {
  readonly name: string;
  readonly #context: Context;

  constructor(name: string, context: Context) {
    this.name = name;
    this.#context = context;
  }

  /**
   * Publishes one record. Resolves when the server has it; across reconnects, which need no help.
   * @throws RefusedError; ClientFault `buffer-full`, `request-timeout`, `invalid-request`, `closed`.
   */
  async publish(
    body: Body,
    options: { readonly key?: Body; readonly attributes?: Attributes } = {},
  ): Promise<Published> {
    const { places, durability } = await this.publishBatch([{ body, ...options }]);
    const [place] = places;
    if (place === undefined) throw new ClientFault("protocol-fault", "The server gave the record no place.");
    return { ...place, durability };
  }

  /**
   * Publishes many, all of them or none: at most 10 000 records and 4 MiB.
   * @throws as `publish`.
   */
  async publishBatch(records: readonly OutgoingRecord[]): Promise<PublishedBatch> {
    const all = records.map(wireRecord);
    const bytes = split(all, Number.POSITIVE_INFINITY, entryCountMax).reduce(
      (sum, run) => sum + run.bytes,
      0,
    );
    const sequence = this.#context.nextSequence();
    const { places, durability } = await this.#context.link.outbox.ask(
      "published",
      (to, id) => writePublish(to, { id, topic: this.name, sequence, records: all }),
      { bytes },
    );
    return { places, durability };
  }

  /**
   * Records of one partition from `offset` on; none when there are none within `waitMs`.
   * @throws RefusedError `offset-out-of-range`, `unknown-partition`, `not-a-log`, ...; the reason of `signal`.
   */
  async fetch(options: FetchOptions): Promise<Fetched> {
    const { partition = 0, offset, recordsMax = 500, bytesMax = 1024 * 1024, waitMs = 0, signal } = options;
    const topic = this.name;
    const { records, startOffset, endOffset } = await this.#context.link.outbox.ask(
      "fetched",
      (to, id) => writeFetch(to, { id, topic, partition, offset, recordsMax, bytesMax, waitMs }),
      { waitMs, signal },
    );
    return { records, startOffset, endOffset };
  }

  /** Offset of the first record that was published at `time` (milliseconds since the Unix epoch) or later; the end when there is none. */
  async offsetAtTime(time: Date | number, partition = 0): Promise<number> {
    const { offset } = await this.#context.link.outbox.ask("offset", (to, id) =>
      writeOffsetAt(to, { id, topic: this.name, partition, timeMs: Number(time) }),
    );
    return offset;
  }

  /** What is published from now on, of all partitions. */
  live(options: LiveOptions = {}): LiveSubscription {
    return new LiveSubscription(this.#context, this.name, options).start();
  }

  /** A member of `group` that reads this topic, and others with it when `topics` names them. */
  consumer(
    options: Omit<GroupConsumerOptions, "topics"> & { readonly topics?: readonly string[] },
  ): GroupConsumer {
    const topics = [...new Set([this.name, ...(options.topics ?? [])])];
    return new GroupConsumer(this.#context, this.#context.uniqueName(), { ...options, topics }).start();
  }

  /**
   * Resolves with whether it was made now. One that exists with other settings is refused as `invalid-setting`; how long it keeps its
   * records is not compared, because that may have been changed since.
   */
  async create(settings: TopicSettings = {}): Promise<boolean> {
    const topic = this.name;
    const { partitionCount, retention, durability, retentionMs, retentionBytes } = settings;
    const { created } = await this.#context.link.outbox.ask("created", (to, id) =>
      writeCreateTopic(to, { id, topic, partitionCount, retention, durability, retentionMs, retentionBytes }),
    );
    return created;
  }

  /**
   * Changes how long an existing topic keeps its records. What is too old or too much then is deleted soon after.
   * @throws RefusedError `unknown-topic`, `not-a-log`, `invalid-setting`, ...; ClientFault as `publish`.
   */
  configure({ retentionMs, retentionBytes }: RetentionSettings): Promise<Kept> {
    return change(this.#context, (to, id) =>
      writeConfigureTopic(to, { id, topic: this.name, retentionMs, retentionBytes }),
    );
  }

  /**
   * The topic goes with everything that is in it; what groups committed there is forgotten. It is not asked again after a connection was
   * lost: then it rejects as `connection-lost`, and whether it was done is not known.
   */
  delete(): Promise<Kept> {
    return change(this.#context, (to, id) => writeDeleteTopic(to, { id, topic: this.name }), once);
  }

  /**
   * Deletes the records of a partition that lie before `offset`, which is the first one that is kept: for who keeps their effect
   * elsewhere. What is gone already is fine.
   * @throws RefusedError `offset-out-of-range` (behind the end), `unknown-topic`, `unknown-partition`, `not-a-log`, ...; ClientFault as
   * `publish`.
   */
  deleteRecordsBefore(offset: number, partition = 0): Promise<Kept> {
    return change(this.#context, (to, id) =>
      writeDeleteBefore(to, { id, topic: this.name, partition, offset }),
    );
  }

  async describe(): Promise<TopicDescription> {
    const {
      verb: _,
      id: __,
      ...description
    } = await this.#context.link.outbox.ask("topic", (to, request) =>
      writeDescribeTopic(to, { id: request, topic: this.name }),
    );
    return description;
  }
}
