/** What can be asked of a topic and of a consumer group, and what they answer. */
import type { Attributes } from "../queue/message.ts";

/** A record to be appended. */
export interface OutgoingRecord {
  /** Decides the partition, and with it the order. Absent: partitions take turns. */
  readonly key: Uint8Array | undefined;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
}

/** A record as a topic keeps it. */
export interface TopicRecord extends OutgoingRecord {
  readonly partition: number;
  readonly offset: number;
  readonly publishedAtMs: number;
}

/** Where a published record came to lie. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface Fetch {
  readonly partition: number;
  readonly offset: number;
  readonly recordsMax: number;
  /** Stops before the record that would exceed it, but always returns at least one. */
  readonly bytesMax: number;
}
export interface Fetched {
  readonly records: readonly TopicRecord[];
  /** Offset of the oldest record that is kept. */
  readonly startOffset: number;
  /** Offset that the next record will get. */
  readonly endOffset: number;
}

/** A partition of a topic, the topic by its catalog number. */
export interface TopicPartition {
  readonly topic: number;
  readonly partition: number;
}

export interface GroupMember {
  readonly id: string;
  /** Catalog numbers of the topics that this member wants to read. */
  readonly topics: readonly number[];
}

/** Who reads what, from when on. Generations rise by one and are never repeated, over restarts too. */
export interface Assignment {
  readonly generation: number;
  readonly members: ReadonlyMap<string, readonly TopicPartition[]>;
}

/** The next offset that a group will read in a partition. */
export interface OffsetCommit extends TopicPartition {
  readonly offset: number;
}

/**
 * Who may write: the owner of `topic`/`partition` in `generation` of the group, whose next record there is to get
 * `expectedOffset`. Anything else is refused as `stale-generation` or `unexpected-offset`, and nothing of it is written.
 */
export interface Fence extends TopicPartition {
  readonly generation: number;
  readonly expectedOffset: number;
}
