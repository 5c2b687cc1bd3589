/** How a topic behaves. Journalled with the topic. */

export interface TopicSettings {
  /** 1 to 1024; fixed when the topic is created, because the partition of a key depends on it. */
  readonly partitionCount: number;
  /** `log`: records are kept and can be read by offset. `live`: nothing is kept, only live subscribers hear it, nothing is journalled. */
  readonly retention: "log" | "live";
  readonly durability: "synced" | "buffered" | "memory";
}

export const defaultTopicSettings: TopicSettings = {
  partitionCount: 1,
  retention: "log",
  durability: "synced",
};
