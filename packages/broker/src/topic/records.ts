/** What happened to a topic, as facts. Publishing is batch-shaped: one record, whatever the number of messages and partitions. */
import type { Body, BodyPosition } from "../queue/message.ts";
import type { ArchivedRange } from "./archived-range.ts";
import type { TopicSettings } from "./settings.ts";

/** The topic was created, or its settings were changed. */
export interface TopicConfigured {
  readonly kind: "configured";
  readonly settings: TopicSettings;
}

/** Records with consecutive offsets in one partition, as `encodeBatch` writes them. */
export interface PublishedBatch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly count: number;
  readonly bytes: Body;
}

/** Records were appended to partitions. Each batch is a body. */
export interface BatchesPublished {
  readonly kind: "published";
  readonly publishedAtMs: number;
  /** The partition whose turn it is for the next record without a key. */
  readonly turn: number;
  readonly batches: readonly PublishedBatch[];
}

/** From where on a partition is kept. */
export interface PartitionStart {
  readonly partition: number;
  readonly startOffset: number;
}

/** What lay before these offsets is gone: too old, too much, or deleted. */
export interface RecordsTrimmed {
  readonly kind: "trimmed";
  readonly starts: readonly PartitionStart[];
}

/** A range of a partition. */
export interface PartitionRange extends ArchivedRange {
  readonly partition: number;
}

/** What a partition had up to the end of this range was moved to a file of the archive, which is on the disk. */
export interface RecordsArchived extends PartitionRange {
  readonly kind: "archived";
}

/** The first record of a topic in a checkpoint. */
export interface RestoredTopic {
  readonly kind: "restored-topic";
  readonly settings: TopicSettings;
  readonly turn: number;
  /** One for each partition. */
  readonly partitions: readonly { readonly startOffset: number; readonly endOffset: number }[];
}

export interface RestoredBatch extends PublishedBatch {
  readonly publishedAtMs: number;
  readonly position: BodyPosition;
}

/** Ranges of a checkpoint, by partition and in the order of their offsets: they stand before its batches. */
export interface RestoredArchives {
  readonly kind: "restored-archives";
  readonly ranges: readonly PartitionRange[];
}

/** Batches of a checkpoint. Each is a body. */
export interface RestoredBatches {
  readonly kind: "restored-batches";
  readonly batches: readonly RestoredBatch[];
}

export interface RelocatedBatch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly bytes: Body;
}

/** Batches were written once more, so that the place where they lay can go. Each is a body. */
export interface BatchesRelocated {
  readonly kind: "relocated";
  readonly batches: readonly RelocatedBatch[];
}

export type TopicJournalRecord =
  | TopicConfigured
  | BatchesPublished
  | RecordsTrimmed
  | BatchesRelocated
  | RecordsArchived
  | RestoredTopic
  | RestoredArchives
  | RestoredBatches;
