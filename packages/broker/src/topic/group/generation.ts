/** Whether somebody still speaks for a group: only the present generation does, and only while it has members. */
import { type Refused, refuse } from "../../queue/refusals.ts";
import type { Fence } from "../commands.ts";
import type { TopicRefusal } from "../refusals.ts";
import type { TopicDirectory } from "../state.ts";
import type { GroupState } from "./state.ts";

/** After a restart the last generation of the journal has no member any more, so that nobody who was in it can write. */
export function refuseGeneration(group: GroupState, generation: number): Refused<TopicRefusal> | undefined {
  const { assignment } = group;
  if (generation !== assignment.generation) {
    return refuse(
      "stale-generation",
      `Generation ${generation} was given; the group is in generation ${assignment.generation}.`,
    );
  }
  if (assignment.members.size === 0) {
    return refuse("stale-generation", `Generation ${generation} has no members any more.`);
  }
  return undefined;
}

/** Refused as `stale-generation`, `unknown-topic`, `unknown-partition` or `unexpected-offset`. */
export function refuseFence(
  group: GroupState,
  { generation, topic, partition, expectedOffset }: Fence,
  directory: TopicDirectory,
): Refused<TopicRefusal> | undefined {
  const stale = refuseGeneration(group, generation);
  if (stale !== undefined) return stale;
  const log = directory.topic(topic);
  if (log === undefined) return refuse("unknown-topic", `There is no topic ${topic}.`);
  const endOffset = log.partitions[partition]?.endOffset;
  if (endOffset === undefined) {
    return refuse(
      "unknown-partition",
      `Topic ${topic} has partitions 0 to ${log.partitions.length - 1}, not ${partition}.`,
    );
  }
  if (!isAssigned(group, topic, partition)) {
    return refuse(
      "stale-generation",
      `Nobody owns partition ${partition} of topic ${topic} in generation ${generation}.`,
    );
  }
  if (endOffset !== expectedOffset) {
    return refuse(
      "unexpected-offset",
      `The next record of partition ${partition} gets offset ${endOffset}, not ${expectedOffset}: somebody else has written.`,
    );
  }
  return undefined;
}

function isAssigned(group: GroupState, topic: number, partition: number): boolean {
  for (const owned of group.assignment.members.values()) {
    for (const one of owned) if (one.topic === topic && one.partition === partition) return true;
  }
  return false;
}
