/** How messages come into a queue: sent, or moved from another queue. Only `apply` calls these. */
import {
  type Attributes,
  type Body,
  type BodyPosition,
  isPresent,
  type MessageOptions,
  type MessageSequence,
} from "./message.ts";
import type { Now } from "./now.ts";
import type { MovedIn, SentRecord } from "./records.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";
import { anchored, sinceMs } from "./time.ts";
import { settle } from "./transitions.ts";

export function addSent(
  state: QueueState,
  record: SentRecord,
  now: Now,
  positions: readonly BodyPosition[],
  first: number,
): void {
  if (isOld(state, record.firstSequence)) return;
  for (let i = 0; i < record.messages.length; i++) {
    const message = record.messages[i];
    if (message === undefined) continue;
    const sequence = record.firstSequence + i;
    const { attributes, body, options } = message;
    const slot = enter(state, sequence, record.enqueuedAtMs, attributes, body, positions[first + i] ?? 0);
    if (options === undefined) settle(state, slot, undefined);
    else settleWith(state, slot, options, record.enqueuedAtMs, now);
  }
}

function settleWith(
  state: QueueState,
  slot: number,
  options: MessageOptions,
  enqueuedAtMs: number,
  now: Now,
): void {
  const { messages } = state;
  const { delayMs, timeToLiveMs, priority, groupId, deduplicationId } = options;
  messages.priority[slot] = priority;
  if (delayMs > 0) messages.raritiesOf(slot).availableAtWallMs = enqueuedAtMs + delayMs;
  if (timeToLiveMs < Number.POSITIVE_INFINITY) {
    const spanMs = delayMs + timeToLiveMs;
    const rare = messages.raritiesOf(slot);
    rare.timeToLiveMs = timeToLiveMs;
    rare.expiresAtMs = anchored(now, enqueuedAtMs + spanMs, spanMs);
  }
  if (groupId !== undefined) state.groups.join(slot, groupId);
  if (deduplicationId !== undefined) {
    state.deduplication.add(deduplicationId, messages.sequence[slot] as number, sinceMs(now, enqueuedAtMs));
  }
  settle(state, slot, delayMs > 0 ? anchored(now, enqueuedAtMs + delayMs, delayMs) : undefined);
}

/** What is moved here waits at most as long as the queue lets messages wait, whatever it was sent with. */
export function addMoved(
  state: QueueState,
  record: MovedIn,
  now: Now,
  positions: readonly BodyPosition[],
  first: number,
): void {
  if (isOld(state, record.firstSequence)) return;
  const { timeToLiveMs } = state.settings;
  for (const [i, message] of record.messages.entries()) {
    const position = message.bodyPosition || (positions[first + i] ?? 0);
    const { attributes, body } = message;
    const slot = enter(state, record.firstSequence + i, record.movedAtMs, attributes, body, position);
    state.messages.provenance.set(slot, {
      reason: record.reason,
      from: record.from,
      originQueue: message.originQueue,
      originSequence: message.originSequence,
      originEnqueuedAtMs: message.originEnqueuedAtMs,
      receiveCount: message.receiveCount,
      movedAtMs: record.movedAtMs,
      lastError: message.lastError,
    });
    state.messages.priority[slot] = message.priority;
    if (timeToLiveMs < Number.POSITIVE_INFINITY) {
      const rare = state.messages.raritiesOf(slot);
      rare.timeToLiveMs = timeToLiveMs;
      rare.expiresAtMs = anchored(now, record.movedAtMs + timeToLiveMs, timeToLiveMs);
    }
    if (message.groupId !== undefined) state.groups.join(slot, message.groupId);
    settle(state, slot, undefined);
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
export function enter(
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
  messages.priority[slot] = 0;
  messages.phase[slot] = Phase.entering;
  if (isPresent(body)) messages.bodies.put(slot, body);
  messages.setAttributes(slot, attributes);
  state.index.add(slot);
  state.bodyBytes += body.byteLength;
  if (sequence >= state.nextSequence) state.nextSequence = sequence + 1;
  return slot;
}
