/** Moving messages from one queue to the end of another, without writing their bodies again. */
import { type MoveReason, noAttributes } from "../message.ts";
import type { Now } from "../now.ts";
import type { MovedMessage, QueueRecord } from "../records.ts";
import { bodyOf, type QueueState } from "../state.ts";
import type { OwnedRecord } from "./decision.ts";

/**
 * The two records that move messages, for one append. The target's bounds do not hold them back: a message that may not be delivered
 * any more must go somewhere, and moving makes nothing more than there was. `lastError` is that of all of them, unless it is empty.
 */
export function moveRecords(
  from: QueueState,
  slots: readonly number[],
  to: QueueState,
  reason: MoveReason,
  now: Now,
  lastError = "",
): readonly OwnedRecord<QueueRecord>[] {
  const sequences = slots.map((slot) => from.messages.sequence[slot] as number);
  const messages = slots.map((slot) => movedMessage(from, slot, lastError));
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

function movedMessage(from: QueueState, slot: number, lastError: string): MovedMessage {
  const messages = from.messages;
  const provenance = messages.provenance.get(slot);
  return {
    originQueue: provenance?.originQueue ?? from.number,
    originSequence: provenance?.originSequence ?? (messages.sequence[slot] as number),
    originEnqueuedAtMs: provenance?.originEnqueuedAtMs ?? (messages.enqueuedAtMs[slot] as number),
    receiveCount: messages.receiveCount[slot] as number,
    lastError: lastError || (messages.rare.get(slot)?.lastError ?? ""),
    priority: messages.priority[slot] as number,
    groupId: from.groups.of(slot)?.id,
    attributes: messages.attributes[slot] ?? noAttributes,
    body: bodyOf(messages, slot),
    bodyPosition: messages.bodyPosition[slot] as number,
  };
}
