/** What happened to a consumer group, as facts. */
import type { Assignment, OffsetCommit } from "../commands.ts";

/**
 * A generation began. The journal keeps its number alone: members are connections of this process and do not outlive it, so that
 * after a restart the group has no member, and no generation before the next one may write.
 */
export interface GenerationBegun {
  readonly kind: "generation-begun";
  readonly assignment: Assignment;
  /** The topics that each member wants to read. */
  readonly subscriptions: ReadonlyMap<string, readonly number[]>;
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

export type GroupRecord = GenerationBegun | OffsetsCommitted | RestoredGroup;
