/**
 * What happened to a queue, as facts: the only thing that `apply` changes a state by and the only thing that the journal keeps.
 * A fact is batch-shaped where batches occur. Wall-clock times stand beside the span that they are the end of, so that recovery can
 * anchor them to a monotonic clock anew without ever waiting longer than was meant. docs/queue.md lists them.
 */
import type {
  Attributes,
  Body,
  BodyPosition,
  DeadLetterReason,
  DropReason,
  MessageOptions,
  MessageSequence,
  MoveReason,
  Provenance,
} from "./message.ts";
import type { RedriveFacts, RedriveStatus } from "./redrive-task.ts";
import type { QueueSettings } from "./settings.ts";

/** The queue was created, or its settings were changed. */
export interface Configured {
  readonly kind: "configured";
  readonly settings: QueueSettings;
}

export interface SentMessage {
  readonly attributes: Attributes;
  readonly body: Body;
  /** Absent: none of them. */
  readonly options?: MessageOptions;
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

/** Messages in flight were given back as the retry policy wants it, each with a delay of its own. Counts as a receive. */
export interface Retried {
  readonly kind: "retried";
  readonly atWallMs: number;
  readonly entries: readonly { readonly sequence: MessageSequence; readonly delayMs: number }[];
  /** What the consumer said went wrong; empty when it said nothing, and then what was said before stays. */
  readonly lastError: string;
}

/** Messages that nobody holds become ready at another instant; at once when `delayMs` is 0. */
export interface Rescheduled {
  readonly kind: "rescheduled";
  readonly sequences: readonly MessageSequence[];
  readonly readyAtWallMs: number;
  readonly delayMs: number;
}

/** Messages are delivered no longer, and kept until somebody decides about them. */
export interface Parked {
  readonly kind: "parked";
  readonly sequences: readonly MessageSequence[];
  readonly reason: DeadLetterReason;
  readonly atWallMs: number;
  readonly lastError: string;
}

/** Parked messages are ready again, as if they had never been received. */
export interface Unparked {
  readonly kind: "unparked";
  readonly sequences: readonly MessageSequence[];
}

/** Messages went that nobody acked. */
export interface Dropped {
  readonly kind: "dropped";
  readonly sequences: readonly MessageSequence[];
  readonly reason: DropReason;
}

/** Every message of the queue went, also those in flight. */
export interface Purged {
  readonly kind: "purged";
}

/** Delivery was paused or goes on. */
export interface DeliveryPaused {
  readonly kind: "paused";
  readonly paused: boolean;
}

/** Deduplication ids of messages up to this one are remembered no longer. */
export interface Forgotten {
  readonly kind: "forgotten";
  readonly throughSequence: MessageSequence;
}

/** Dead letters of this queue begin to move, step by step. */
export interface RedriveStarted {
  readonly kind: "redrive-started";
  readonly task: RedriveFacts;
}

/** A step of a redrive; what it moved stands in the same append. The next step is due after `delayMs`. */
export interface RedriveAdvanced {
  readonly kind: "redrive-advanced";
  readonly moved: number;
  readonly atWallMs: number;
  readonly delayMs: number;
}

export interface RedriveEnded {
  readonly kind: "redrive-ended";
  readonly status: Exclude<RedriveStatus, "running">;
  readonly atWallMs: number;
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
  readonly lastError: string;
  readonly priority: number;
  readonly groupId: string | undefined;
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
  readonly paused: boolean;
  /** Redrives that are under way or were of late, oldest first. */
  readonly redrives: readonly RedriveFacts[];
}

/** Deduplication ids of a checkpoint, oldest first. */
export interface RestoredDeduplication {
  readonly kind: "restored-deduplication";
  readonly entries: readonly {
    readonly id: string;
    readonly sequence: MessageSequence;
    readonly atWallMs: number;
  }[];
}

/** A message as a checkpoint holds it. */
export interface RestoredMessage {
  readonly sequence: MessageSequence;
  readonly phase: RestoredPhase;
  /** When it is due, for a message delayed or in flight, and how long that was from the checkpoint; 0 for another one. */
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
  /** Absent: a message that has nothing of this. */
  readonly rare?: RestoredRarities;
}

/** What only some messages have. */
export interface RestoredRarities {
  readonly priority: number;
  readonly groupId: string | undefined;
  /** When it could be received first, if not when it came; for aging. */
  readonly availableAtWallMs: number;
  readonly timeToLiveMs: number;
  /** When its time to live passes, and how long that was from the checkpoint; infinite when it never does. */
  readonly expiresAtWallMs: number;
  readonly expiresInMs: number;
  readonly lastError: string;
  readonly parkedReason: DeadLetterReason | undefined;
  readonly parkedAtWallMs: number;
  /** Of a ready message: its place in the line, if that is not its sequence; else 0. */
  readonly place: number;
}

/** `behind`: it waits behind another of its group. `set-aside`: parked, and its group does not wait for it. */
export const restoredPhases = ["ready", "delayed", "in-flight", "behind", "parked", "set-aside"] as const;
export type RestoredPhase = (typeof restoredPhases)[number];

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
  | Retried
  | Extended
  | Readied
  | Rescheduled
  | MovedOut
  | MovedIn
  | Parked
  | Unparked
  | Dropped
  | Purged
  | DeliveryPaused
  | Forgotten
  | RedriveStarted
  | RedriveAdvanced
  | RedriveEnded
  | Relocated
  | RestoredQueue
  | RestoredDeduplication
  | RestoredMessages;
