/** What a topic is at one moment. Everybody may read it; only `applyToTopic` changes it. */
import type { BodyPosition } from "../queue/message.ts";
import type { ArchiveFile } from "./archived-range.ts";
import { Holdings } from "./holdings.ts";
import type { PartitionLog } from "./partition-log.ts";
import { defaultTopicSettings, type TopicSettings } from "./settings.ts";

export class TopicState {
  /** The number of the topic in the catalog: the owner of its records. */
  readonly number: number;
  settings: TopicSettings = { ...defaultTopicSettings, partitionCount: 0 };
  readonly partitions: PartitionLog[] = [];
  /** What this topic and those that share it hold in memory. */
  readonly holdings: Holdings;
  /** The partition whose turn it is for a record without a key. */
  turn = 0;
  /** Where batches lay that are gone, until somebody takes them. */
  deadPositions: BodyPosition[] = [];
  /** Files of the archive that are of no use any more, until somebody takes them. */
  deadFiles: ArchiveFile[] = [];
  /** Records of the journal that do not fit what is there: 0 unless the journal was damaged. */
  orphanRecords = 0;

  constructor(number: number, holdings = new Holdings()) {
    this.number = number;
    this.holdings = holdings;
  }
}

/** Positions of batches that have died since the last call. */
export function takeDeadBatches(state: TopicState): readonly BodyPosition[] {
  const taken = state.deadPositions;
  if (taken.length > 0) state.deadPositions = [];
  return taken;
}

/** Files of the archive that have become useless since the last call. */
export function takeDeadFiles(state: TopicState): readonly ArchiveFile[] {
  const taken = state.deadFiles;
  if (taken.length > 0) state.deadFiles = [];
  return taken;
}

/** How a rule finds topics. */
export interface TopicDirectory {
  /** The topic of that number, or undefined when there is none (any more). */
  topic(number: number): TopicState | undefined;
}

/** What the parts of this topic ask of the journal: a live-only topic keeps nothing and writes nothing. */
export function topicDurability(settings: TopicSettings): TopicSettings["durability"] {
  return settings.retention === "live" ? "memory" : settings.durability;
}
