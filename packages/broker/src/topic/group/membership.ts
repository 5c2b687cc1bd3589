/** Join and leave: each begins a new generation, in which the partitions are dealt out anew. */
import type { OwnedRecord } from "../../queue/decide/decision.ts";
import { refuse } from "../../queue/refusals.ts";
import type { Assignment, GroupMember } from "../commands.ts";
import type { TopicDecision } from "../decide/decision.ts";
import type { TopicDirectory } from "../state.ts";
import { assign } from "./assign.ts";
import type { GenerationBegun } from "./records.ts";
import type { GroupState } from "./state.ts";

/**
 * Answers with the new assignment of all members. A member that is there already joins anew, with the topics that it names now.
 * Refused as `unknown-topic`, or as `not-a-log` for a live-only topic.
 */
export function decideJoin(
  group: GroupState,
  { id, topics }: GroupMember,
  directory: TopicDirectory,
): TopicDecision<GenerationBegun, Assignment> {
  for (const number of topics) {
    const topic = directory.topic(number);
    if (topic === undefined) return refuse("unknown-topic", `There is no topic ${number}.`);
    if (topic.settings.retention === "live") {
      return refuse("not-a-log", `Topic ${number} is live-only: nothing is kept that a group could read.`);
    }
  }
  return begin(group, new Map(group.subscriptions).set(id, topics), directory);
}

/** Answers with the new assignment of those who stay. Refused as `unknown-member`. */
export function decideLeave(
  group: GroupState,
  id: string,
  directory: TopicDirectory,
): TopicDecision<GenerationBegun, Assignment> {
  if (!group.subscriptions.has(id)) return refuse("unknown-member", `${id} is not a member of the group.`);
  const subscriptions = new Map(group.subscriptions);
  subscriptions.delete(id);
  return begin(group, subscriptions, directory);
}

function begin(
  group: GroupState,
  subscriptions: ReadonlyMap<string, readonly number[]>,
  directory: TopicDirectory,
): TopicDecision<GenerationBegun, Assignment> {
  const generation = group.assignment.generation + 1;
  const assignment = { generation, members: assign(subscriptions, directory) };
  const record: OwnedRecord<GenerationBegun> = {
    owner: group.number,
    record: { kind: "generation-begun", assignment, subscriptions },
  };
  return { ok: true, records: [record], reply: assignment };
}
