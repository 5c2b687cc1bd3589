/** What happened to a consumer group, as facts. */
import type { Assignment, OffsetCommit } from "../commands.ts";
import type { Member, Rebalance } from "./state.ts";

/**
 * A generation began. The journal keeps its number alone: members are connections of this process and do not outlive it, so that
 * after a restart the group has no member, and no generation before the next one may write.
 */
export interface GenerationBegun {
  readonly kind: "generation-begun";
  readonly assignment: Assignment;
}

/** The group has read up to, not including, these offsets. */
export interface OffsetsCommitted {
  readonly kind: "offsets-committed";
  readonly offsets: readonly OffsetCommit[];
}

/** A group in a checkpoint. */
export interface RestoredGroup {
  readonly kind: "restored-group";
  readonly generation: number;
  readonly offsets: readonly OffsetCommit[];
}

/** What the journal keeps. */
export type GroupRecord = GenerationBegun | OffsetsCommitted | RestoredGroup;

/** Who is in the group now, and what is waited for before the next generation. */
export interface MembershipChanged {
  readonly kind: "membership-changed";
  readonly members: ReadonlyMap<string, Member>;
  readonly rebalance: Rebalance | undefined;
}

/** A member gave a sign of life. */
export interface MemberHeard {
  readonly kind: "member-heard";
  readonly id: string;
  readonly heardMs: number;
}

/** What is true of this process alone, and is never written. */
export type MembershipFact = MembershipChanged | MemberHeard;

export type GroupFact = GroupRecord | MembershipFact;

/** Whether the fact belongs into the journal. */
export function isWritten(fact: GroupFact): fact is GroupRecord {
  return fact.kind !== "membership-changed" && fact.kind !== "member-heard";
}
