/** How messages come into a queue: sent, moved from another queue, or restored from a checkpoint. Only `apply` calls these. */
import { type Attributes, type Body, type BodyPosition, isPresent, type MessageSequence } from "./message.ts";
import type { MovedIn, RestoredMessages, SentRecord } from "./records.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";
import { hide, line } from "./transitions.ts";

export function addSent(
  state: QueueState,
  record: SentRecord,
  positions: readonly BodyPosition[],
  first: number,
): void {
  if (isOld(state, record.firstSequence)) return;
  for (let i = 0; i < record.messages.length; i++) {
    const message = record.messages[i];
    if (message === undefined) continue;
    const slot = enter(
      state,
      record.firstSequence + i,
      record.enqueuedAtMs,
      message.attributes,
      message.body,
      positions[first + i] ?? 0,
    );
    line(state, slot);
  }
}

export function addMoved(
  state: QueueState,
  record: MovedIn,
  positions: readonly BodyPosition[],
  first: number,
): void {
  if (isOld(state, record.firstSequence)) return;
  for (const [i, message] of record.messages.entries()) {
    const position = message.bodyPosition || (positions[first + i] ?? 0);
    const { attributes, body } = message;
    const slot = enter(state, record.firstSequence + i, record.movedAtMs, attributes, body, position);
    line(state, slot);
    state.messages.provenance.set(slot, {
      reason: record.reason,
      from: record.from,
      originQueue: message.originQueue,
      originSequence: message.originSequence,
      originEnqueuedAtMs: message.originEnqueuedAtMs,
      receiveCount: message.receiveCount,
      movedAtMs: record.movedAtMs,
    });
  }
}

export function addRestored(
  state: QueueState,
  record: RestoredMessages,
  anchored: (wallMs: number, spanMs: number) => number,
  positions: readonly BodyPosition[],
  first: number,
): void {
  for (const [i, message] of record.messages.entries()) {
    const position = message.bodyPosition || (positions[first + i] ?? 0);
    const { sequence, enqueuedAtMs, attributes, body } = message;
    if (state.index.find(sequence) >= 0) {
      state.orphanRecords++;
      continue;
    }
    const slot = enter(state, sequence, enqueuedAtMs, attributes, body, position);
    state.messages.receiveCount[slot] = message.receiveCount;
    state.messages.lease[slot] = message.lease;
    if (message.provenance !== undefined) state.messages.provenance.set(slot, message.provenance);
    if (message.phase === "ready") line(state, slot);
    else {
      const phase = message.phase === "in-flight" ? Phase.inFlight : Phase.delayed;
      hide(state, slot, phase, anchored(message.dueWallMs, message.remainingMs));
    }
  }
}

/**
 * Whether messages with these sequences have been here before. What was acked since then must not rise again, so such a record
 * changes nothing.
 */
function isOld(state: QueueState, firstSequence: MessageSequence): boolean {
  if (firstSequence >= state.nextSequence) return false;
  state.orphanRecords++;
  return true;
}

/** A slot for a message that is in no order yet. */
function enter(
  state: QueueState,
  sequence: MessageSequence,
  enqueuedAtMs: number,
  attributes: Attributes,
  body: Body,
  bodyPosition: BodyPosition,
): number {
  const messages = state.messages;
  const slot = messages.take();
  messages.sequence[slot] = sequence;
  messages.enqueuedAtMs[slot] = enqueuedAtMs;
  messages.bodyPosition[slot] = bodyPosition;
  messages.bodyBytes[slot] = body.byteLength;
  messages.receiveCount[slot] = 0;
  messages.lease[slot] = 0;
  messages.phase[slot] = Phase.entering;
  messages.attributes[slot] = attributes;
  messages.body[slot] = isPresent(body) ? body : undefined;
  state.index.add(slot);
  state.bodyBytes += body.byteLength;
  if (isPresent(body)) state.residentBytes += body.byteLength;
  if (sequence >= state.nextSequence) state.nextSequence = sequence + 1;
  return slot;
}
