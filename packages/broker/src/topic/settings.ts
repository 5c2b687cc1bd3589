/** How a topic behaves. Journalled with the topic. */

export interface TopicSettings {
  /** 1 to 1024; fixed when the topic is created, because the partition of a key depends on it. */
  readonly partitionCount: number;
  /** `log`: records are kept and can be read by offset. `live`: nothing is kept, only live subscribers hear it, nothing is journalled. */
  readonly retention: "log" | "live";
  /** T4: how long records are kept, in milliseconds, more than 0; Infinity: for ever. */
  readonly retentionMs: number;
  /** T4: bytes of batches that a partition keeps at most, more than 0, but always its last batch; Infinity: without bound. */
  readonly retentionBytes: number;
  readonly durability: "synced" | "buffered" | "memory";
}

export const defaultTopicSettings: TopicSettings = {
  partitionCount: 1,
  retention: "log",
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: Number.POSITIVE_INFINITY,
  durability: "synced",
};
