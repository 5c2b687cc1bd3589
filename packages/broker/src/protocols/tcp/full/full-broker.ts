/**
 * What the full protocol asks of a broker beside what `BrokerApi` and its batches have: memberships with a session, and the offset of a
 * time. `fullBroker` makes it out of the rest.
 */
import type { BrokerApi, Durable, MemberAssignment, QueueBatchApi, Result } from "../../../broker/api.ts";

/** The broker as a protocol has it. */
export type WholeBroker = BrokerApi & QueueBatchApi;

export interface JoinMemberRequest {
  readonly group: string;
  readonly member: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** At each new generation, also for the join itself. */
  readonly onAssigned: (assignment: MemberAssignment) => void;
  /** This member is to give partitions up: finish with them, commit, and release within `deadlineMs`. */
  readonly onRevoked: (revoked: MemberAssignment & { readonly deadlineMs: number }) => void;
  /** The member was dropped because it fell silent. */
  readonly onDropped: (sentence: string) => void;
}

/** A member of a group as its connection holds it. */
export interface Membership {
  /** Says that the member lives. */
  beat(): void;
  /** The member is done with what was revoked from it. */
  release(generation: number): Promise<Result<object>>;
  /** Ends it; harmless when it is over. */
  leave(): Promise<Result<object>>;
}

export interface OffsetAtRequest {
  readonly topic: string;
  readonly partition: number;
  readonly timeMs: number;
}

export interface FullBroker extends WholeBroker {
  /** What an acknowledgement rests on here at best. */
  readonly durability: Durable["durability"];
  /** Said in `welcome`; a client may insist on one. */
  readonly features: readonly string[];
  /** The offset of the first record that was published at `timeMs` or later; the end of the partition when there is none. */
  offsetAt(request: OffsetAtRequest): Promise<Result<{ readonly offset: number }>>;
  joinMember(request: JoinMemberRequest): Promise<Result<{ readonly membership: Membership }>>;
}
