/** What time alone does to a group: members fall silent, and nobody is waited for any longer. */
import type { Decided } from "../../queue/decide/decision.ts";
import type { Now } from "../../queue/now.ts";
import type { TopicDirectory } from "../state.ts";
import { remove } from "./membership.ts";
import { type Rebalanced, rebalanceDueMs } from "./rebalance.ts";
import type { GroupFact } from "./records.ts";
import type { GroupState } from "./state.ts";

export interface Passed extends Rebalanced {
  /** Members that were silent for longer than they may. */
  readonly dropped: readonly string[];
}

/** Does what is due. Nothing is due before `groupDueMs`. */
export function decideGroupDue(
  group: GroupState,
  now: Now,
  directory: TopicDirectory,
): Decided<GroupFact, Passed> {
  const { monotonicMs } = now;
  const dropped: string[] = [];
  for (const [id, { heardMs, sessionTimeoutMs }] of group.members) {
    if (sessionTimeoutMs !== undefined && heardMs + sessionTimeoutMs <= monotonicMs) dropped.push(id);
  }
  if (dropped.length === 0 && (rebalanceDueMs(group) ?? Number.POSITIVE_INFINITY) > monotonicMs) {
    return { ok: true, records: [], reply: { begun: undefined, revoked: [], dropped } };
  }
  const { records, reply } = remove(group, dropped, now, directory);
  return { ok: true, records, reply: { ...reply, dropped } };
}

/** When time alone next changes something, on the monotonic clock; undefined when it never will. */
export function groupDueMs(group: GroupState): number | undefined {
  let dueMs = rebalanceDueMs(group);
  for (const { heardMs, sessionTimeoutMs } of group.members.values()) {
    if (sessionTimeoutMs === undefined) continue;
    dueMs = Math.min(dueMs ?? Number.POSITIVE_INFINITY, heardMs + sessionTimeoutMs);
  }
  return dueMs;
}
