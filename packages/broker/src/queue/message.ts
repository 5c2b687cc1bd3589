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

export interface Delivery {
  readonly sequence: MessageSequence;
  readonly lease: number;
  /** How often the message has been received, this time included; what was taken back uncounted is not. */
  readonly receiveCount: number;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly enqueuedAtMs: number;
}
