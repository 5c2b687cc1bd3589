/** One visitor's stay in a room. */
import type { CheckoutOutcome } from "./records.ts";

/** The states that a session can be in. The first two live; the others are ends and absorb. */
export const sessionStatuses = ["waiting", "ready", "completed", "failed", "expired", "left"] as const;
export type SessionStatus = (typeof sessionStatuses)[number];

/** How a session can end. */
export type EndStatus = CheckoutOutcome | "left";

/** The hold on a slot. Capacity is counted by leases, so a slot cannot be given back twice. */
export interface Lease {
  readonly admittedAtMs: number;
  /** Whole seconds: the `exp` of the checkout token. */
  readonly expiresAtMs: number;
  /** The `kid` of the key that signs the checkout token. */
  readonly keyId: string;
}

export interface Session {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  /** Place number in the room, from 1: smaller is served earlier. */
  readonly sequence: number;
  /** The `jti` of its checkout token. */
  readonly tokenId: string;
  readonly joinedAtMs: number;
  status: SessionStatus;
  /** Set while `ready`. */
  lease: Lease | undefined;
  /** Set once it has ended. */
  endedAtMs: number | undefined;
  /** Where the line keeps it; the line's own. */
  place: number;
  /** Where the deadline heap keeps it; the heap's own. */
  heapIndex: number;
}
