/** What can be asked of the rules, and what they answer. */
import type { CheckoutOutcome } from "./records.ts";
import type { Refused } from "./refusals.ts";
import type { RoomView, SessionView } from "./views.ts";

/** Stands in line; a user who has a live session there gets that one. */
export interface Join {
  readonly kind: "join";
  readonly eventId: string;
  readonly userId: string;
  /** Ids for the session and its token, used if a session is made: chance is decided outside of the rules. */
  readonly sessionId: string;
  readonly tokenId: string;
}

/** Gives up the place or the slot. Leaving what has ended changes nothing. */
export interface Leave {
  readonly kind: "leave";
  readonly eventId: string;
  readonly sessionId: string;
}

/** Makes the room, opens it again, or changes how many may hold a slot. */
export interface SetCapacity {
  readonly kind: "set-capacity";
  readonly eventId: string;
  readonly capacity: number;
}

/** Lets everybody leave who waits, and nobody in. Closing what is closed changes nothing. */
export interface Close {
  readonly kind: "close";
  readonly eventId: string;
}

/** The shop says that a checkout came to its end. */
export interface EndCheckout {
  readonly kind: "end-checkout";
  readonly eventId: string;
  readonly sessionId: string;
  readonly orderId: string;
  readonly outcome: CheckoutOutcome;
}

/** Time has passed, or work is left: ends leases that are due and goes on with what one decision could not hold. */
export interface Deadline {
  readonly kind: "deadline";
}

export type LineCommand = Join | Leave | SetCapacity | Close | EndCheckout | Deadline;

/** `created`: false when the user had a live session, or the room existed. */
export type LineReply =
  | { readonly ok: true; readonly kind: "session"; readonly created: boolean; readonly session: SessionView }
  | { readonly ok: true; readonly kind: "room"; readonly created: boolean; readonly room: RoomView }
  | { readonly ok: true; readonly kind: "settled" }
  | Refused;
