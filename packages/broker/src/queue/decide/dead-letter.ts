/** Dead letters (Q6, Q10, Q11): what becomes of a message that is to be delivered no longer. */
import type { DeadLetterReason } from "../message.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import type { QueueState } from "../state.ts";
import type { OwnedRecord, QueueDirectory } from "./decision.ts";
import { moveRecords } from "./move.ts";

/**
 * The dead-letter queue of `state`, when it has one that is there. A queue whose dead-letter queue is missing goes on as one that has
 * none.
 */
export function deadLetterQueue(state: QueueState, directory: QueueDirectory): QueueState | undefined {
  const { deadLetter } = state.settings;
  return deadLetter === undefined ? undefined : directory.queue(deadLetter.queue);
}

/** How often a message of the queue is received before it is a dead letter; `target` is its dead-letter queue. */
export function receiveCountMax({ settings }: QueueState, target: QueueState | undefined): number {
  const { deadLetter, parkAfterReceives } = settings;
  return target === undefined || deadLetter === undefined ? parkAfterReceives : deadLetter.receiveCountMax;
}

/** Messages in `slots` are dead letters: they go to the dead-letter queue with their history, or are parked where there is none. */
export function deadLetterRecords(
  state: QueueState,
  slots: readonly number[],
  target: QueueState | undefined,
  reason: DeadLetterReason,
  now: Now,
  lastError = "",
): readonly OwnedRecord<QueueRecord>[] {
  if (slots.length === 0) return [];
  if (target !== undefined) return moveRecords(state, slots, target, reason, now, lastError);
  const sequences = slots.map((slot) => state.messages.sequence[slot] as number);
  const record = { kind: "parked", sequences, reason, atWallMs: now.wallMs, lastError } as const;
  return [{ owner: state.number, record }];
}

/** Slots of messages that are delivered no longer, and where dead letters go. */
export interface Gone {
  readonly expired: readonly number[];
  readonly spent: readonly number[];
  readonly target: QueueState | undefined;
}

/**
 * What becomes of messages that are expired or spent. Spent ones stay for the next command when some are expired: two moves to one queue in one
 * append would give the same sequences twice.
 */
export function goneRecords(
  state: QueueState,
  { expired, spent, target }: Gone,
  now: Now,
): readonly OwnedRecord<QueueRecord>[] {
  if (expired.length === 0) return deadLetterRecords(state, spent, target, "max-receives", now);
  if (state.settings.onExpiry === "dead-letter") {
    return deadLetterRecords(state, expired, target, "expired", now);
  }
  const sequences = expired.map((slot) => state.messages.sequence[slot] as number);
  return [{ owner: state.number, record: { kind: "dropped", sequences, reason: "expired" } }];
}
