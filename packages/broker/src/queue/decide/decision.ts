/** What deciding gives: facts and an answer, or a refusal. Nothing has changed yet. */
import type { QueueRecord } from "../records.ts";
import type { QueueRefusal, Refused } from "../refusals.ts";
import type { QueueState } from "../state.ts";

/** A fact about one queue, topic or group, by its number in the catalog. */
export interface OwnedRecord<Fact> {
  readonly owner: number;
  readonly record: Fact;
}

/** All records belong into one append, whichever queues they are about: together they are true or not at all. */
export interface Decided<Fact, Reply> {
  readonly ok: true;
  readonly records: readonly OwnedRecord<Fact>[];
  readonly reply: Reply;
}

/**
 * A decision holds for the state that it was made on: append and apply its records before anything else is decided about the same
 * queue.
 */
export type QueueDecision<Reply> = Decided<QueueRecord, Reply> | Refused<QueueRefusal>;

/** How a rule finds the other queues. */
export interface QueueDirectory {
  /** The queue of that number, or undefined when there is none (any more). */
  queue(number: number): QueueState | undefined;
}
