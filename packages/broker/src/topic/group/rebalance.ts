/**
 * T2: from one generation to the next. What members lose is revoked first, and the generation begins when all of them have released it
 * or their time is over. Whatever changes the membership in between is folded into the same rebalance.
 */
import type { Decided, OwnedRecord } from "../../queue/decide/decision.ts";
import type { Now } from "../../queue/now.ts";
import type { Assignment, TopicPartition } from "../commands.ts";
import type { TopicDirectory } from "../state.ts";
import { assign } from "./assign.ts";
import type { GroupFact } from "./records.ts";
import type { GroupState, Member, Revoke } from "./state.ts";

/** What a member is newly asked to give up, until `dueMs` on the monotonic clock. */
export interface Revoked {
  readonly member: string;
  readonly partitions: readonly TopicPartition[];
  readonly dueMs: number;
}

export interface Rebalanced {
  /** The new generation, if it began. */
  readonly begun: Assignment | undefined;
  /** Who has to be told of a revoke in the present generation. */
  readonly revoked: readonly Revoked[];
}

/** The group as it is to be: its members, and what has been revoked so far. */
interface Change {
  readonly members: ReadonlyMap<string, Member>;
  readonly revokes: ReadonlyMap<string, Revoke>;
}

/** Deals out anew: the generation begins at once when nobody has to be waited for. */
export function rebalance(
  group: GroupState,
  change: Change,
  { monotonicMs }: Now,
  directory: TopicDirectory,
): Decided<GroupFact, Rebalanced> {
  const { members } = change;
  const { assignment } = group;
  const target = assign(members, assignment.members, directory);
  const lost = lostPartitions(assignment, members, target);
  const dueMs = group.rebalance?.dueMs ?? monotonicMs + longestTimeoutMs(lost.keys(), members);
  const revokes = new Map<string, Revoke>();
  for (const [id, revoke] of change.revokes) {
    const member = members.get(id);
    if (member !== undefined) revokes.set(id, revoke.dueMs > monotonicMs ? revoke : { ...revoke, held: [] });
  }
  const revoked: Revoked[] = [];
  let waiting = false;
  for (const [member, partitions] of lost) {
    const before = revokes.get(member);
    const ownDueMs = monotonicMs + (members.get(member)?.rebalanceTimeoutMs ?? 0);
    const isAsked = before !== undefined && before.held.length > 0;
    const untilMs = isAsked ? before.dueMs : Math.min(ownDueMs, dueMs);
    const isOver = untilMs <= monotonicMs;
    const asked = partitions.filter((one) => !includes(before?.partitions, one));
    const held = isOver ? [] : [...(before?.held ?? []), ...asked];
    revokes.set(member, { partitions: [...(before?.partitions ?? []), ...asked], held, dueMs: untilMs });
    if (asked.length > 0 && !isOver) revoked.push({ member, partitions: asked, dueMs: untilMs });
    waiting ||= partitions.some((one) => includes(held, one));
  }
  const changed = { kind: "membership-changed", members } as const;
  const own = (record: GroupFact): OwnedRecord<GroupFact> => ({ owner: group.number, record });
  if (waiting) {
    const records = [own({ ...changed, rebalance: { dueMs, revokes } })];
    return { ok: true, records, reply: { begun: undefined, revoked } };
  }
  const begun = { generation: assignment.generation + 1, members: target };
  const records = [
    own({ ...changed, rebalance: undefined }),
    own({ kind: "generation-begun", assignment: begun }),
  ];
  return { ok: true, records, reply: { begun, revoked: [] } };
}

/** Until when somebody is waited for, on the monotonic clock; undefined when nobody is. */
export function rebalanceDueMs({ rebalance: pending }: GroupState): number | undefined {
  let dueMs: number | undefined;
  for (const revoke of pending?.revokes.values() ?? []) {
    if (revoke.held.length > 0) dueMs = Math.min(dueMs ?? revoke.dueMs, revoke.dueMs);
  }
  return dueMs;
}

/**
 * What those who are still there will not have any more. A topic that a member does not want any longer it has let go of by saying so.
 */
function lostPartitions(
  { members: owned }: Assignment,
  members: ReadonlyMap<string, Member>,
  target: Assignment["members"],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const lost = new Map<string, readonly TopicPartition[]>();
  for (const [id, partitions] of owned) {
    const member = members.get(id);
    if (member === undefined) continue;
    const kept = target.get(id);
    const losing = partitions.filter((one) => member.topics.includes(one.topic) && !includes(kept, one));
    if (losing.length > 0) lost.set(id, losing);
  }
  return lost;
}

function longestTimeoutMs(ids: Iterable<string>, members: ReadonlyMap<string, Member>): number {
  let longestMs = 0;
  for (const id of ids) longestMs = Math.max(longestMs, members.get(id)?.rebalanceTimeoutMs ?? 0);
  return longestMs;
}

const includes = (partitions: readonly TopicPartition[] | undefined, wanted: TopicPartition): boolean =>
  partitions?.some((one) => one.topic === wanted.topic && one.partition === wanted.partition) ?? false;
