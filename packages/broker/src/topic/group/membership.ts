/** Join and leave: each is followed by a new generation, in which the partitions are dealt out anew. */
import type { Now } from "../../queue/now.ts";
import { type Refused, refuse } from "../../queue/refusals.ts";
import type { TopicDecision } from "../decide/decision.ts";
import type { TopicRefusal } from "../refusals.ts";
import type { TopicDirectory } from "../state.ts";
import { rebalanceTimeoutMsMax, sessionTimeoutMsMax } from "./limits.ts";
import { type Rebalanced, rebalance } from "./rebalance.ts";
import type { GroupFact } from "./records.ts";
import type { GroupState, Member } from "./state.ts";

export interface Join extends Omit<Member, "heardMs"> {
  readonly id: string;
}

/**
 * A member that is there already joins anew, with the topics that it names now: it keeps what it has and still wants.
 * Refused as `unknown-topic`, as `not-a-log` for a live-only topic, or as `invalid-setting` for a timeout out of its bounds.
 */
export function decideJoin(
  group: GroupState,
  { id, ...wanted }: Join,
  now: Now,
  directory: TopicDirectory,
): TopicDecision<GroupFact, Rebalanced> {
  const refused =
    refuseTimeout("rebalanceTimeoutMs", wanted.rebalanceTimeoutMs, 0, rebalanceTimeoutMsMax) ??
    refuseTimeout("sessionTimeoutMs", wanted.sessionTimeoutMs, 1, sessionTimeoutMsMax) ??
    refuseTopics(wanted.topics, directory);
  if (refused !== undefined) return refused;
  const members = new Map(group.members).set(id, { ...wanted, heardMs: now.monotonicMs });
  // It may be another process under the same name, which has not heard what was asked of the one before.
  const revokes = new Map(group.rebalance?.revokes);
  revokes.delete(id);
  return rebalance(group, { members, revokes }, now, directory);
}

/** What the member had is free at once. Refused as `unknown-member`. */
export function decideLeave(
  group: GroupState,
  id: string,
  now: Now,
  directory: TopicDirectory,
): TopicDecision<GroupFact, Rebalanced> {
  if (!group.members.has(id)) return unknownMember(id);
  return remove(group, [id], now, directory);
}

/** Deals out anew what those had who are gone: nobody waits for them. */
export function remove(group: GroupState, ids: readonly string[], now: Now, directory: TopicDirectory) {
  const members = new Map(group.members);
  const revokes = new Map(group.rebalance?.revokes);
  for (const id of ids) {
    members.delete(id);
    revokes.delete(id);
  }
  return rebalance(group, { members, revokes }, now, directory);
}

export const unknownMember = (id: string): Refused<"unknown-member"> =>
  refuse("unknown-member", `${id} is not a member of the group.`);

function refuseTopics(
  topics: readonly number[],
  directory: TopicDirectory,
): Refused<TopicRefusal> | undefined {
  for (const number of topics) {
    const topic = directory.topic(number);
    if (topic === undefined) return refuse("unknown-topic", `There is no topic ${number}.`);
    if (topic.settings.retention === "live") {
      return refuse("not-a-log", `Topic ${number} is live-only: nothing is kept that a group could read.`);
    }
  }
  return undefined;
}

function refuseTimeout(
  name: string,
  givenMs: number | undefined,
  leastMs: number,
  mostMs: number,
): Refused<TopicRefusal> | undefined {
  if (givenMs === undefined || (givenMs >= leastMs && givenMs <= mostMs)) return undefined;
  return refuse("invalid-setting", `${name} is ${givenMs}; it may be from ${leastMs} to ${mostMs}.`);
}
