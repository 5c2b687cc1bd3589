/** Moving messages from one queue to the end of another, without writing their bodies again. */
import { type MoveReason, noAttributes } from "../message.ts";
import type { Now } from "../now.ts";
import type { MovedMessage, QueueRecord } from "../records.ts";
import type { QueueState } from "../state.ts";
import type { OwnedRecord, QueueDirectory } from "./decision.ts";

/**
 * The dead-letter queue of `state`, when it has one that is there. A queue whose dead-letter queue is missing goes on as if it had
 * none: its messages are delivered again rather than lost.
 */
export function deadLetterQueue(state: QueueState, directory: QueueDirectory): QueueState | undefined {
  const { deadLetter } = state.settings;
  return deadLetter === undefined ? undefined : directory.queue(deadLetter.queue);
}

/** Whether the message has been received as often as it may be. Only asked of a queue with a dead-letter queue. */
export function isSpent(state: QueueState, slot: number): boolean {
  const { deadLetter } = state.settings;
  return (
    deadLetter !== undefined && (state.messages.receiveCount[slot] as number) >= deadLetter.receiveCountMax
  );
}

/**
 * The two records that move messages, for one append. The target's bounds do not hold them back: a message that may not be delivered
 * any more must go somewhere, and moving makes nothing more than there was.
 */
export function moveRecords(
  from: QueueState,
  slots: readonly number[],
  to: QueueState,
  reason: MoveReason,
  now: Now,
): readonly OwnedRecord<QueueRecord>[] {
  const sequences = slots.map((slot) => from.messages.sequence[slot] as number);
  const messages = slots.map((slot) => movedMessage(from, slot));
  return [
    { owner: from.number, record: { kind: "moved-out", sequences, to: to.number, reason } },
    {
      owner: to.number,
      record: {
        kind: "moved-in",
        from: from.number,
        reason,
        movedAtMs: now.wallMs,
        firstSequence: to.nextSequence,
        messages,
      },
    },
  ];
}

function movedMessage(from: QueueState, slot: number): MovedMessage {
  const messages = from.messages;
  const provenance = messages.provenance.get(slot);
  return {
    originQueue: provenance?.originQueue ?? from.number,
    originSequence: provenance?.originSequence ?? (messages.sequence[slot] as number),
    originEnqueuedAtMs: provenance?.originEnqueuedAtMs ?? (messages.enqueuedAtMs[slot] as number),
    receiveCount: messages.receiveCount[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    body: messages.body[slot] ?? { byteLength: messages.bodyBytes[slot] as number },
    bodyPosition: messages.bodyPosition[slot] as number,
  };
}
