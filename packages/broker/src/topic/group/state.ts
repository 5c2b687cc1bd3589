/** What a consumer group is at one moment. Everybody may read it; only `applyToGroup` changes it. */
import type { Assignment } from "../commands.ts";
import type { TopicState } from "../state.ts";

export const nobody: Assignment["members"] = new Map();

export class GroupState {
  /** The number of the group in the catalog: the owner of its records. */
  readonly number: number;
  /** The present generation, 0 before the first. */
  assignment: Assignment = { generation: 0, members: nobody };
  /** The topics that each member wants to read. */
  subscriptions: ReadonlyMap<string, readonly number[]> = new Map();
  /** By topic, then by partition: the next offset that the group will read. */
  readonly committed = new Map<number, Map<number, number>>();

  constructor(number: number) {
    this.number = number;
  }
}

/** How a rule finds groups. */
export interface GroupDirectory {
  /** The group of that number, or undefined when there is none (any more). */
  group(number: number): GroupState | undefined;
}

/** The next offset that the group will read there; undefined when it never committed. */
export function committedOffset(group: GroupState, topic: number, partition: number): number | undefined {
  return group.committed.get(topic)?.get(partition);
}

/** T3: how many records of the topic the group has yet to read. What is no longer kept is not counted. */
export function lag(group: GroupState, topic: TopicState): number {
  let records = 0;
  for (const [partition, { startOffset, endOffset }] of topic.partitions.entries()) {
    const committed = committedOffset(group, topic.number, partition) ?? startOffset;
    records += endOffset - Math.max(committed, startOffset);
  }
  return records;
}
