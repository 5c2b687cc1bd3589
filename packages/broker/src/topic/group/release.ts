/** Release: a member says that it has finished with what was revoked from it, and has committed. */
import type { Done } from "../../queue/commands.ts";
import type { Now } from "../../queue/now.ts";
import { refuse } from "../../queue/refusals.ts";
import type { TopicPartition } from "../commands.ts";
import type { TopicDecision } from "../decide/decision.ts";
import type { TopicDirectory } from "../state.ts";
import { unknownMember } from "./membership.ts";
import { type Rebalanced, rebalance } from "./rebalance.ts";
import type { GroupFact } from "./records.ts";
import type { GroupState } from "./state.ts";

export interface Release {
  readonly id: string;
  /** The one that the revoke was announced in. */
  readonly generation: number;
  /** Absent: all that was revoked until now. */
  readonly partitions?: readonly TopicPartition[];
}

/**
 * Who holds nothing that was revoked may say so as well; that changes nothing. A release is a sign of life. Refused as `unknown-member`,
 * or as `stale-generation` when the next generation has begun without waiting any longer.
 */
export function decideRelease(
  group: GroupState,
  { id, generation, partitions }: Release,
  now: Now,
  directory: TopicDirectory,
): TopicDecision<GroupFact, Rebalanced> {
  const member = group.members.get(id);
  if (member === undefined) return unknownMember(id);
  if (generation !== group.assignment.generation) {
    return refuse(
      "stale-generation",
      `Generation ${generation} was given; the group is in generation ${group.assignment.generation}.`,
    );
  }
  const revoke = group.rebalance?.revokes.get(id);
  if (revoke === undefined) return { ok: true, records: [], reply: { begun: undefined, revoked: [] } };
  const held = revoke.held.filter((one) => partitions !== undefined && !isAmong(one, partitions));
  const revokes = new Map(group.rebalance?.revokes).set(id, { ...revoke, held });
  const members = new Map(group.members).set(id, { ...member, heardMs: now.monotonicMs });
  return rebalance(group, { members, revokes }, now, directory);
}

/** The member lives. Refused as `unknown-member`: it was dropped, or never joined. */
export function decideHeartbeat(group: GroupState, id: string, now: Now): TopicDecision<GroupFact, Done> {
  if (!group.members.has(id)) return unknownMember(id);
  const record = { kind: "member-heard", id, heardMs: now.monotonicMs } as const;
  return { ok: true, records: [{ owner: group.number, record }], reply: { done: true } };
}

const isAmong = ({ topic, partition }: TopicPartition, partitions: readonly TopicPartition[]): boolean =>
  partitions.some((one) => one.topic === topic && one.partition === partition);
