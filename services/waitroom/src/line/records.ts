/**
 * What is true about rooms, as it stands in the log `waitroom.records`: plain JSON, one record a fact, in the order of the facts.
 * The state is the fold of these and nothing else, and the public events are projections of them.
 *
 * `at_ms` is the wall clock at the decision, in milliseconds since the Unix epoch. All records of a room carry its `event_id`,
 * which is the partition key.
 */

/** Why somebody is out of the line: by own wish, or because the room or the checkout token came to its end, or by silence. */
export type LeaveReason = "user_left" | "timeout" | "expired";

/** How a checkout came to its end. */
export type CheckoutOutcome = "completed" | "failed" | "expired";

/** A room was made, opened again, or got another capacity. */
export interface RoomSet {
  readonly kind: "room-set";
  readonly event_id: string;
  readonly at_ms: number;
  /** Sessions that may hold a slot at the same time. */
  readonly capacity: number;
}

/** The room takes nobody any more. Who waits leaves, who holds a slot keeps it until the checkout ends. */
export interface RoomClosed {
  readonly kind: "room-closed";
  readonly event_id: string;
  readonly at_ms: number;
}

/** A visitor stands in line. */
export interface Joined {
  readonly kind: "joined";
  readonly event_id: string;
  readonly at_ms: number;
  readonly session_id: string;
  readonly user_id: string;
  /** Place number in the room, from 1, never given twice: the order of the line. */
  readonly sequence: number;
  /** Rank at joining, from 1, the visitor included. */
  readonly position: number;
  /** The `jti` of the one checkout token that this session can get. Fixed here, so that every later telling gives the same token. */
  readonly token_id: string;
}

/** A session got a slot, and with it a checkout token. */
export interface Admitted {
  readonly kind: "admitted";
  readonly event_id: string;
  readonly at_ms: number;
  readonly session_id: string;
  readonly user_id: string;
  readonly token_id: string;
  /** The `kid` of the key that signs the token. */
  readonly key_id: string;
  /** End of the token and of the lease on the slot: whole seconds, in milliseconds. */
  readonly expires_at_ms: number;
}

/** A session ended without a checkout; a slot that it held is free. */
export interface Left {
  readonly kind: "left";
  readonly event_id: string;
  readonly at_ms: number;
  readonly session_id: string;
  readonly user_id: string;
  readonly reason: LeaveReason;
}

/** The checkout of a session that held a slot ended; the slot is free. */
export interface CheckoutEnded {
  readonly kind: "checkout-ended";
  readonly event_id: string;
  readonly at_ms: number;
  readonly session_id: string;
  readonly order_id: string;
  readonly outcome: CheckoutOutcome;
}

export type LineRecord = RoomSet | RoomClosed | Joined | Admitted | Left | CheckoutEnded;
