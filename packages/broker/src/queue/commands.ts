/** What can be asked of a queue, and what it answers. Times are durations in milliseconds; sizes are bytes. */
import type { Attributes, Delivery, MessageOptions, MessageSequence, Receipt } from "./message.ts";
import type { QueueRefusal, Refused } from "./refusals.ts";

/** An absent option is the queue's, or none. */
export interface OutgoingMessage extends Partial<OutgoingOptions> {
  readonly body: Uint8Array;
  readonly attributes: Attributes;
}

type OutgoingOptions = { readonly [Name in keyof MessageOptions]: MessageOptions[Name] | undefined };

/** Puts messages at the end of the queue, all of them or none. */
export interface Send {
  readonly messages: readonly OutgoingMessage[];
  /** What leaves the queue in the same append, and makes room. Default: nothing. */
  readonly leaving?: Load;
}
/** Messages and the bytes of their bodies, as the bounds of a queue count them. */
export interface Load {
  readonly messageCount: number;
  readonly bodyBytes: number;
}
export interface Sent {
  /** The first of as many consecutive sequences as messages were taken. */
  readonly firstSequence: MessageSequence;
  /** Messages that were not taken because another one has their deduplication id, by their place in the send, with the sequence of that. */
  readonly duplicates: ReadonlyMap<number, MessageSequence>;
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
  /** Undefined: as the retry policy of the queue has it. */
  readonly delayMs: number | undefined;
  /** False takes the receive back as well: the message was handed out but never reached its consumer. */
  readonly counts: boolean;
  /** What went wrong; kept with the message, cut to `lastErrorCharactersMax`. */
  readonly error?: string;
}

/** Hides a message for `visibilityTimeoutMs` from now. 0 gives it back at once, as a nack without delay does. */
export interface Extend {
  readonly receipt: Receipt;
  readonly visibilityTimeoutMs: number;
}

/** Takes a message that nobody has out of the queue for good: one that waits, is delayed or parked. */
export interface Cancel {
  readonly sequence: MessageSequence;
}

/** Lets a message that waits or is delayed become ready `delayMs` from now, whatever was said before. */
export interface Reschedule {
  readonly sequence: MessageSequence;
  readonly delayMs: number;
}

/** Moves dead letters: parked messages and those that came here from other queues. */
export interface StartRedrive {
  /** Catalog number of the queue that they go to. Undefined: each goes to the queue that gave it up. */
  readonly to: number | undefined;
  /** Infinite: as fast as it goes. */
  readonly perSecondMax: number;
}

/** Moves one of them, at once. */
export interface RedriveOne {
  readonly sequence: MessageSequence;
  readonly to: number | undefined;
}

/** Reads messages without changing anything, in the order of their sequences. */
export interface Browse {
  /** Only behind this one. 0: from the beginning. */
  readonly afterSequence: MessageSequence;
  readonly max: number;
  /** `dead-letters`: only parked messages and dead letters of other queues. */
  readonly what: "all" | "dead-letters";
}

/** What a command answers that has nothing to say but that it is done. */
export interface Done {
  readonly done: true;
}
