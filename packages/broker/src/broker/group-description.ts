/** A consumer group as its operators see it: members, who reads what, and how far behind the group is. */
import { committedOffset, type GroupState, partitionLag } from "../topic/group/state.ts";
import type { GroupDescription, GroupPartition } from "./api.ts";
import type { BrokerState } from "./state.ts";

export function describeGroup(name: string, group: GroupState, state: BrokerState): GroupDescription {
  const nameOf = (topic: number): string => state.catalog.entry(topic)?.name ?? "";
  const owners = new Map<number, Map<number, string | undefined>>();
  for (const [topic, offsets] of group.committed) {
    owners.set(topic, new Map(Array.from(offsets.keys(), (partition) => [partition, undefined])));
  }
  for (const [member, owned] of group.assignment.members) {
    for (const { topic, partition } of owned) {
      const ofTopic = owners.get(topic) ?? new Map<number, string | undefined>();
      owners.set(topic, ofTopic.set(partition, member));
    }
  }
  const partitions: GroupPartition[] = [];
  for (const [number, ofTopic] of [...owners].sort(([a], [b]) => a - b)) {
    const topic = state.topic(number);
    for (const [partition, member] of [...ofTopic].sort(([a], [b]) => a - b)) {
      partitions.push({
        topic: nameOf(number),
        partition,
        member,
        committed: committedOffset(group, number, partition),
        lag: topic === undefined ? 0 : partitionLag(group, topic, partition),
      });
    }
  }
  return {
    group: name,
    generation: group.assignment.generation,
    rebalancing: group.rebalance !== undefined,
    members: Array.from(group.members, ([member, { topics }]) => ({ member, topics: topics.map(nameOf) })),
    partitions,
    lag: partitions.reduce((sum, one) => sum + one.lag, 0),
  };
}
