/**
 * What happened to a queue, as facts: the only thing that `apply` changes a state by and the only thing that the journal keeps.
 * A fact is batch-shaped where batches occur. Wall-clock times stand beside the span that they are the end of, so that recovery can
 * anchor them to a monotonic clock anew without ever waiting longer than was meant. docs/queue.md lists them.
 */
import type { Attributes, Body, BodyPosition, MessageSequence, MoveReason, Provenance } from "./message.ts";
import type { QueueSettings } from "./settings.ts";

/** The queue was created, or its settings were changed. */
export interface Configured {
  readonly kind: "configured";
  readonly settings: QueueSettings;
}

export interface SentMessage {
  readonly attributes: Attributes;
  readonly body: Body;
}

/** Messages came in at the end, with consecutive sequences. Carries a body for each. */
export interface SentRecord {
  readonly kind: "sent";
  readonly firstSequence: MessageSequence;
  readonly enqueuedAtMs: number;
  readonly messages: readonly SentMessage[];
}

/** Messages were received: each gets the next lease, counts one receive more and is hidden until the deadline. */
export interface Delivered {
  readonly kind: "delivered";
  readonly firstLease: number;
  readonly sequences: readonly MessageSequence[];
  readonly deadlineWallMs: number;
  readonly timeoutMs: number;
}

/** Messages are gone for good. */
export interface Acked {
  readonly kind: "acked";
  readonly sequences: readonly MessageSequence[];
}

/** Messages in flight were given back, by a nack or because their visibility timeout passed. Ready at once when `delayMs` is 0. */
export interface Returned {
  readonly kind: "returned";
  readonly sequences: readonly MessageSequence[];
  /** False: the receive is taken back. */
  readonly counts: boolean;
  readonly readyAtWallMs: number;
  readonly delayMs: number;
}

/** Messages in flight are hidden until another deadline. */
export interface Extended {
  readonly kind: "extended";
  readonly sequences: readonly MessageSequence[];
  readonly deadlineWallMs: number;
  readonly timeoutMs: number;
}

/** The delay of messages is over: they are ready. */
export interface Readied {
  readonly kind: "readied";
  readonly sequences: readonly MessageSequence[];
}

/** Messages left for another queue. Its `moved-in` is in the same append. */
export interface MovedOut {
  readonly kind: "moved-out";
  readonly sequences: readonly MessageSequence[];
  readonly to: number;
  readonly reason: MoveReason;
}

export interface MovedMessage {
  readonly originQueue: number;
  readonly originSequence: MessageSequence;
  readonly originEnqueuedAtMs: number;
  readonly receiveCount: number;
  readonly attributes: Attributes;
  readonly body: Body;
  /** Unless it is 0, the journal holds the body already and it is not written again. */
  readonly bodyPosition: BodyPosition;
}

/** Messages of another queue came in at the end, with consecutive sequences. Carries a body for each. */
export interface MovedIn {
  readonly kind: "moved-in";
  readonly from: number;
  readonly reason: MoveReason;
  readonly movedAtMs: number;
  readonly firstSequence: MessageSequence;
  readonly messages: readonly MovedMessage[];
}

export interface RelocatedMessage {
  readonly sequence: MessageSequence;
  readonly body: Body;
}

/** The bodies of messages were written once more, so that the place where they lay can go. Carries a body for each. */
export interface Relocated {
  readonly kind: "relocated";
  readonly messages: readonly RelocatedMessage[];
}

/** The first record of a queue in a checkpoint. */
export interface RestoredQueue {
  readonly kind: "restored-queue";
  readonly settings: QueueSettings;
  readonly nextSequence: MessageSequence;
  readonly nextLease: number;
}

/** A message as a checkpoint holds it. */
export interface RestoredMessage {
  readonly sequence: MessageSequence;
  readonly phase: "ready" | "delayed" | "in-flight";
  /** When it is due, for a message delayed or in flight, and how long that was from the checkpoint; 0 for a ready one. */
  readonly dueWallMs: number;
  readonly remainingMs: number;
  readonly receiveCount: number;
  /** Of its last delivery; 0 when there was none. */
  readonly lease: number;
  readonly enqueuedAtMs: number;
  readonly attributes: Attributes;
  readonly body: Body;
  readonly bodyPosition: BodyPosition;
  readonly provenance: Provenance | undefined;
}

/** Messages of a checkpoint. Carries a body for each. */
export interface RestoredMessages {
  readonly kind: "restored-messages";
  readonly messages: readonly RestoredMessage[];
}

export type QueueRecord =
  | Configured
  | SentRecord
  | Delivered
  | Acked
  | Returned
  | Extended
  | Readied
  | MovedOut
  | MovedIn
  | Relocated
  | RestoredQueue
  | RestoredMessages;
