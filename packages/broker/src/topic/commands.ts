/** What can be asked of a topic and of a consumer group, and what they answer. */
import type { Attributes } from "../queue/message.ts";
import type { ArchivedRange } from "./archived-range.ts";
import type { KeptBatch } from "./holdings.ts";

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

/** Appends records to a topic, all of them or none. */
export interface Publish {
  readonly records: readonly OutgoingRecord[];
}
export interface Published {
  /** In the order of the records. */
  readonly places: readonly RecordPlace[];
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
  /** Bytes of keys and bodies. Stops before the batch or record that would exceed it, but always returns at least one record. */
  readonly bytesMax: number;
}
export interface Fetched {
  /** Where to look first, when the records are in the archive: then there are no `batches`. Behind its end a fetch goes on. */
  readonly archived: ArchivedRange | undefined;
  /**
   * Batches that hold the records from `offset` on; the first may begin before it and the last may end behind `recordsMax`. After damage to
   * the journal offsets may be missing; then the next ones there are.
   */
  readonly batches: readonly KeptBatch[];
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

/** Who reads what, from when on. Generations rise by one and are never repeated, over restarts too. */
export interface Assignment {
  readonly generation: number;
  readonly members: ReadonlyMap<string, readonly TopicPartition[]>;
}

/** The next offset that a group will read in a partition. */
export interface OffsetCommit extends TopicPartition {
  readonly offset: number;
}

/** Says how far a group has read. Whoever commits knows the generation that it read in. */
export interface Commit {
  readonly generation: number;
  readonly offsets: readonly OffsetCommit[];
}

/**
 * Who may write: the owner of `topic`/`partition` in `generation` of the group, whose next record there is to get
 * `expectedOffset`. Anything else is refused as `stale-generation` or `unexpected-offset`, and nothing of it is written.
 */
export interface Fence extends TopicPartition {
  readonly generation: number;
  readonly expectedOffset: number;
}

/** Publishes to several topics and at most one commit, together or not at all. Topics and groups go by their catalog numbers. */
export interface Transaction {
  readonly publishes: readonly (Publish & { readonly topic: number })[];
  readonly commit?: Commit & { readonly group: number };
  readonly fence?: Fence & { readonly group: number };
}
export interface Transacted {
  /** For each publish, the places of its records. */
  readonly places: readonly (readonly RecordPlace[])[];
}
