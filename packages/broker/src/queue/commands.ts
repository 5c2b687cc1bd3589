/** What can be asked of a queue, and what it answers. Times are durations in milliseconds; sizes are bytes. */
import type { Attributes, Delivery, MessageSequence, Receipt } from "./message.ts";
import type { QueueRefusal, Refused } from "./refusals.ts";

export interface OutgoingMessage {
  readonly body: Uint8Array;
  readonly attributes: Attributes;
}

/** Puts messages at the end of the queue, all of them or none. */
export interface Send {
  readonly messages: readonly OutgoingMessage[];
}
export interface Sent {
  /** The first of as many consecutive sequences as messages were sent. */
  readonly firstSequence: MessageSequence;
}

/** Takes up to `max` messages that are ready and hides each for the visibility timeout. */
export interface Receive {
  readonly max: number;
  /** Bytes of bodies: stops before the message that would exceed it, but takes at least one. Absent: no bound. */
  readonly bytesMax?: number;
  /** Absent: the queue's. */
  readonly visibilityTimeoutMs?: number;
}
export interface Received {
  readonly deliveries: readonly Delivery[];
}

/** Deletes a message for good. */
export interface Ack {
  readonly receipt: Receipt;
}

/** Deletes those messages whose receipts hold; the others are refused one by one. */
export interface AckBatch {
  readonly receipts: readonly Receipt[];
}
export interface AckedBatch {
  /** In the order of the receipts: undefined where the message was deleted. */
  readonly refusals: readonly (Refused<QueueRefusal> | undefined)[];
}

/** Gives a message back: ready after `delayMs`, at its old place in the order. */
export interface Nack {
  readonly receipt: Receipt;
  readonly delayMs: number;
  /** False takes the receive back as well: the message was handed out but never reached its consumer. */
  readonly counts: boolean;
}

/** Hides a message for `visibilityTimeoutMs` from now. 0 gives it back at once, as a nack without delay does. */
export interface Extend {
  readonly receipt: Receipt;
  readonly visibilityTimeoutMs: number;
}

/** What a command answers that has nothing to say but that it is done. */
export interface Done {
  readonly done: true;
}
