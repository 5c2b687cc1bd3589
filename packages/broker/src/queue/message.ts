/** What is sent and received: the words of a message, shared by queues and topics. */

/** A named value beside the body. `type` is `string`, `number` or `binary`, or one of those with a label after a dot (`number.int`). */
export interface Attribute {
  readonly type: string;
  /** Text for string and number, bytes for binary. */
  readonly value: string | Uint8Array;
}

/** A map, so that a name like `__proto__` is a name like any other. */
export type Attributes = ReadonlyMap<string, Attribute>;

export const noAttributes: Attributes = new Map();

/** How long a body is, while its bytes stay in the journal. */
export interface AbsentBody {
  readonly byteLength: number;
}

/** A body: its bytes, or its length alone. Tell them apart with `isPresent`. */
export type Body = Uint8Array | AbsentBody;

export const isPresent = (body: Body): body is Uint8Array => body instanceof Uint8Array;

/** Where the journal holds a body, as the journal says it; 0 when it does not hold it. */
export type BodyPosition = number;

/** The number of a message in its queue, from 1, never given twice. */
export type MessageSequence = number;

/**
 * Holds for one delivery. `lease` numbers the deliveries of the queue, from 1, never twice: a later delivery of the message makes an
 * earlier receipt stale, also when a delivery was taken back without counting.
 */
export interface Receipt {
  readonly sequence: MessageSequence;
  readonly lease: number;
}

/** Why a message was moved from another queue: as a dead letter for one of the first two reasons, or by a redrive. */
export const moveReasons = ["max-receives", "expired", "redrive"] as const;
export type MoveReason = (typeof moveReasons)[number];

/** Why a message is delivered no longer: to the dead-letter queue with it, or parked. */
export type DeadLetterReason = Exclude<MoveReason, "redrive">;

/** Why messages went that nobody acked. */
export const dropReasons = ["expired", "overflow", "cancelled"] as const;
export type DropReason = (typeof dropReasons)[number];

/** What a message may be sent with; `plainOptions` is what every field is without. */
export interface MessageOptions {
  /** Until it can be received first. */
  readonly delayMs: number;
  /** How long it may wait from then on; infinite: for ever. */
  readonly timeToLiveMs: number;
  /** 0 to 9; what is more urgent has the larger number. */
  readonly priority: number;
  /** Messages of one group are received one after the other, in the order in which they were sent. */
  readonly groupId: string | undefined;
  /** A second message with the same one is not taken, for as long as the window of the queue lasts. */
  readonly deduplicationId: string | undefined;
}

export const plainOptions: MessageOptions = {
  delayMs: 0,
  timeToLiveMs: Number.POSITIVE_INFINITY,
  priority: 0,
  groupId: undefined,
  deduplicationId: undefined,
};

/** How a message came here that was not sent here. */
export interface Provenance {
  readonly reason: MoveReason;
  /** Catalog number of the queue that it was moved from. */
  readonly from: number;
  /** Where it was first sent, however often it has moved since: what its message id is made of. */
  readonly originQueue: number;
  readonly originSequence: MessageSequence;
  /** When it was first sent, in wall-clock milliseconds. */
  readonly originEnqueuedAtMs: number;
  /** Its receive count in the queue that it was moved from. */
  readonly receiveCount: number;
  readonly movedAtMs: number;
  /** What its last consumer said went wrong; empty when nobody said anything. */
  readonly lastError: string;
}

export interface Delivery {
  readonly sequence: MessageSequence;
  readonly lease: number;
  /** How often the message has been received, this time included; what was taken back uncounted is not. */
  readonly receiveCount: number;
  /** Absent: to be read from the journal at `bodyPosition`. */
  readonly body: Body;
  readonly bodyPosition: BodyPosition;
  readonly attributes: Attributes;
  /** When it came into this queue, in wall-clock milliseconds. */
  readonly enqueuedAtMs: number;
  readonly provenance: Provenance | undefined;
  readonly groupId: string | undefined;
  readonly priority: number;
}
