/** What topics can be asked, and what they answer: a part of `BrokerApi`. */
import type { Durability } from "../journal/journal.ts";
import type { OutgoingRecord, RecordPlace, TopicRecord } from "../topic/commands.ts";
import type { Durable, ProducerSequence } from "./api-words.ts";

export interface PublishRequest {
  readonly topic: string;
  /** All of them or none. */
  readonly records: readonly OutgoingRecord[];
  /** Of no effect on a live topic, where nothing is kept, and inside a transaction, which has its own. */
  readonly producer?: ProducerSequence;
}

/** Places in the order of the records. On a live topic the offsets count what was published and nothing can be read back. */
export interface Published extends Durable {
  readonly places: readonly RecordPlace[];
}

export interface FetchRequest {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How long to wait for a first record when there is none at `offset` yet. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

export interface FetchAnswer {
  readonly records: readonly TopicRecord[];
  readonly startOffset: number;
  readonly endOffset: number;
}

export interface OffsetAtRequest {
  readonly topic: string;
  readonly partition: number;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

export interface DeleteRecordsRequest {
  readonly topic: string;
  readonly partition: number;
  /** The first one that is kept. */
  readonly offset: number;
}

/** Records with consecutive offsets, encoded as `decodeBatch` reads them. The bytes must not be changed. */
export interface FetchedBatch {
  readonly firstOffset: number;
  readonly count: number;
  readonly publishedAtMs: number;
  readonly bytes: Uint8Array;
}

export interface FetchBatchesAnswer {
  readonly batches: readonly FetchedBatch[];
  readonly startOffset: number;
  readonly endOffset: number;
}

/** How long a topic keeps what was published; absent: the default in a creation, no change otherwise. */
export interface RetentionSettings {
  /** More than 0; Infinity: for ever. Default 7 days. */
  readonly retentionMs?: number;
  /** Bytes that a partition keeps at most, more than 0, but always its newest batch; Infinity, the default: without bound. */
  readonly retentionBytes?: number;
}

export interface CreateTopicRequest extends RetentionSettings {
  readonly topic: string;
  readonly partitionCount?: number;
  readonly retention?: "log" | "live";
  readonly durability?: "synced" | "buffered" | "memory";
}

export interface ConfigureTopicRequest extends RetentionSettings {
  readonly topic: string;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitionCount: number;
  readonly retention: "log" | "live";
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly durability: Durability;
  /** `retainedBytes`: of the batches that are kept, wherever they are. */
  readonly partitions: readonly {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly retainedBytes: number;
  }[];
  readonly liveSubscribers: number;
}

/** What a slow live subscriber costs: its own copy, the publishers' pace, or its connection. */
export type Overflow = "drop" | "block" | "disconnect";

/** Why a live subscription ended: overflow with `disconnect`, its topic was deleted, or the broker shuts down. */
export type LiveEnd = "overflow" | "unknown-topic" | "shutting-down";

export interface LiveSubscribeRequest {
  readonly topic: string;
  /** Records that wait for this subscriber at most; their bytes have a bound of the broker's (`liveBufferBytesMax`). */
  readonly bufferCountMax: number;
  readonly overflow: Overflow;
  /** Refused with `too-many-consumers` when the topic has this many live subscribers already. */
  readonly subscriberCountMax: number;
  /** Called when an empty buffer gets its first record: call `take` then. */
  readonly onReadable: () => void;
  /** Called when the buffer has become half full: whoever can take now loses nothing to a burst. */
  readonly onFilling?: () => void;
  /** Called once when the subscription ended from the broker's side. */
  readonly onClosed: (why: LiveEnd) => void;
}

/** Hears what is published from now on, of all partitions, in append order. Disposing it ends it. */
export interface LiveSubscription extends Disposable {
  /** Takes up to `max` records out of the buffer, and no more than `bytesMax` unless the first alone has more; empty when there are none. */
  take(max: number, bytesMax?: number): readonly TopicRecord[];
  readonly dropped: number;
}
