/** What a broker can be asked about consumer groups, and what it tells their members. */

export interface GroupMemberRequest {
  readonly group: string;
  readonly member: string;
}

export interface JoinGroupRequest extends GroupMemberRequest {
  readonly topics: readonly string[];
  /**
   * How long the others wait for this member to finish with what is revoked from it. Longer spares the next owner what would else be read
   * again; the others get their partitions later. Default 10,000; 0: not at all. Without `onRevoke` nobody waits.
   */
  readonly rebalanceTimeoutMs?: number;
  /** The member is dropped when it is not heard of (`heartbeatMember`, `releasePartitions`) for so long. Absent: never, for one in this process. */
  readonly sessionTimeoutMs?: number;
  /** Called at each new generation, also for the join itself. With no partitions this member waits for the next generation. */
  readonly onAssigned: (assignment: MemberAssignment) => void;
  /**
   * Called when partitions are to go to others: finish what is under way there, commit in this generation, then `releasePartitions`. The
   * next generation begins at the latest when the deadlines of all have passed; then commits in this one are refused as
   * `stale-generation`. The other partitions go on as they are.
   */
  readonly onRevoke?: (revoke: MemberRevoke) => void;
  /** Called once when the member was dropped because it fell silent. */
  readonly onDropped?: () => void;
}

export interface MemberRevoke extends MemberAssignment {
  /** From now. */
  readonly deadlineMs: number;
}

export interface ReleasePartitionsRequest extends GroupMemberRequest {
  /** That of the revoke. */
  readonly generation: number;
  /** Absent: everything that was revoked until now. */
  readonly partitions?: MemberAssignment["partitions"];
}

export interface GroupDescription {
  readonly group: string;
  readonly generation: number;
  /** Whether the next generation waits for members to release what was revoked from them. */
  readonly rebalancing: boolean;
  readonly members: readonly { readonly member: string; readonly topics: readonly string[] }[];
  /** Those that somebody reads or that the group has committed. */
  readonly partitions: readonly GroupPartition[];
  /** Records that the group has yet to read in these partitions. */
  readonly lag: number;
}

export interface GroupPartition {
  readonly topic: string;
  readonly partition: number;
  /** Who owns it in the present generation. */
  readonly member: string | undefined;
  /** The offset that the group reads next; undefined when it has never committed there. */
  readonly committed: number | undefined;
  readonly lag: number;
}

export interface MemberAssignment {
  readonly generation: number;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}
