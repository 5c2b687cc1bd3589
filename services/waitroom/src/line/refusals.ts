/** Every way in which the rules of the waiting room say no. The HTTP edge maps each of them, and does not compile when one is missing. */

export const lineRefusals = [
  /** No room has this `event_id`. */
  "unknown-room",
  /** The room takes nobody; opening it again lifts this. */
  "room-closed",
  /** The room was closed and is still letting those leave who waited; it can be opened when it is empty. */
  "room-closing",
  /** No session has this id, or it ended long ago, or it belongs to another room. */
  "unknown-session",
  /** A checkout ended that could not have begun: the session still waits. */
  "session-not-ready",
  /** The session has ended before: its slot was given back then. */
  "session-ended",
] as const;

export type LineRefusal = (typeof lineRefusals)[number];

/** A refusal with a sentence for people. */
export interface Refused {
  readonly ok: false;
  readonly refusal: LineRefusal;
  readonly detail: string;
}

export const refuse = (refusal: LineRefusal, detail: string): Refused => ({ ok: false, refusal, detail });
