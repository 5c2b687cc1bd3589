/** What a consumer group is at one moment. Everybody may read it; only `applyToGroup` changes it. */
import type { Assignment, TopicPartition } from "../commands.ts";
import type { TopicState } from "../state.ts";

export const nobody: Assignment["members"] = new Map();

/** Who reads in a group. Members are connections or parts of this process: they are not kept, and a restart ends them all. */
export interface Member {
  /** Catalog numbers of the topics that it wants to read. */
  readonly topics: readonly number[];
  /** How long the others wait for it to finish with what is revoked from it. 0: not at all. */
  readonly rebalanceTimeoutMs: number;
  /** Dropped when nothing was heard of it for so long; undefined for one that is never silent. */
  readonly sessionTimeoutMs: number | undefined;
  /** When something was heard of it last, on the monotonic clock. */
  readonly heardMs: number;
}

/** What a member was asked to give up before the next generation. */
export interface Revoke {
  readonly partitions: readonly TopicPartition[];
  /** Those of them that it still has in its hands, as far as one knows. Empty once it has released them or its time is over. */
  readonly held: readonly TopicPartition[];
  /** Until when one waits for it, on the monotonic clock. */
  readonly dueMs: number;
}

/** A generation that waits to begin until those who lose partitions have finished with them. */
export interface Rebalance {
  /** No member is waited for longer; set when the rebalance begins, so that joins in the meantime cannot put it off. */
  readonly dueMs: number;
  /** By member. */
  readonly revokes: ReadonlyMap<string, Revoke>;
}

export class GroupState {
  /** The number of the group in the catalog: the owner of its records. */
  readonly number: number;
  /** The present generation, 0 before the first. While a rebalance is under way some who are in it may have left. */
  assignment: Assignment = { generation: 0, members: nobody };
  /** Who is there now; in the assignment from the next generation on. */
  members: ReadonlyMap<string, Member> = new Map();
  rebalance: Rebalance | undefined;
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
  for (const partition of topic.partitions.keys()) records += partitionLag(group, topic, partition);
  return records;
}

/** The same for one partition; 0 when the topic has no such partition. */
export function partitionLag(group: GroupState, topic: TopicState, partition: number): number {
  const log = topic.partitions[partition];
  if (log === undefined) return 0;
  const committed = committedOffset(group, topic.number, partition) ?? log.startOffset;
  return log.endOffset - Math.max(committed, log.startOffset);
}
