/** What can go wrong on the bus, by code: one list, so that a service can answer for each. */
import { Fault } from "@sluice/runtime";

/**
 * - `invalid-event`: the data does not fit the schema of its event, or is too large for one event. Nothing was published.
 * - `transaction-too-large`: more than 4 MiB in one transaction. Nothing of it was published.
 * - `stale-generation`: the writer no longer owns what it writes for. Nothing of it was published.
 * - `unexpected-offset`: somebody else wrote to the partition in between. Nothing of it was published.
 * - `state-unavailable`: the partition's state is not here, or is being folded, or its transaction failed. If the command had been
 *   accepted, its outcome is unknown: it may or may not have happened. A service answers 503.
 * - `records-gone`: the records from there on were deleted; see {@link RecordsGone}.
 * - `topic-differs`: the topic exists with another number of partitions.
 * - `unknown-topic`: nobody created the topic.
 * - `engine-unavailable`: the engine cannot do it now, or did not answer: the outcome is unknown.
 */
export const busFaultCodes = [
  "invalid-event",
  "transaction-too-large",
  "stale-generation",
  "unexpected-offset",
  "state-unavailable",
  "records-gone",
  "topic-differs",
  "unknown-topic",
  "engine-unavailable",
] as const;

export type BusFaultCode = (typeof busFaultCodes)[number];

export class BusFault extends Fault {
  override readonly code: BusFaultCode;

  constructor(code: BusFaultCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
  }
}

/** Data that does not fit its event. `field` is the path of what is wrong, e.g. `tickets/0/price`; empty for the whole. */
export class InvalidEvent extends BusFault {
  readonly field: string;

  constructor(message: string, field: string, options?: { cause?: unknown }) {
    super("invalid-event", message, options);
    this.field = field;
  }
}

/** The records from `offset` on were deleted, by retention or by somebody. `startOffset`: the first that is kept, or the end when none is. */
export class RecordsGone extends BusFault {
  readonly startOffset: number;

  constructor(
    place: { readonly topic: string; readonly partition: number; readonly offset: number },
    startOffset: number,
  ) {
    const { topic, partition, offset } = place;
    super("records-gone", `${topic}/${partition} is kept from offset ${startOffset} on; ${offset} is gone`);
    this.startOffset = startOffset;
  }
}

/** Whether `error` is a fault with this code, whichever engine made it. */
export function hasCode(error: unknown, code: BusFaultCode): boolean {
  return error instanceof Fault && error.code === code;
}
