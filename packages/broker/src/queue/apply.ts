/**
 * The only place where a queue changes, live and in recovery: recovery is the fold of this function over the journal. It is total and
 * forgiving. A record about messages that are not there changes nothing and is counted in `orphanRecords`, because a damaged record
 * of the journal must cost what it said and no more.
 */

import { addMoved, addSent } from "./apply-arrivals.ts";
import { restoreDeduplication, restoreMessages, restoreQueue } from "./apply-restored.ts";
import type { BodyPosition, MessageSequence } from "./message.ts";
import type { Now } from "./now.ts";
import { countStarts } from "./rate.ts";
import type { Delivered, QueueRecord, RelocatedMessage, Rescheduled, Retried } from "./records.ts";
import { Phase } from "./slots.ts";
import { type QueueState, wasReceived } from "./state.ts";
import { anchored, sinceMs } from "./time.ts";
import { becomeReady, hide, park, relocate, remove, unpark } from "./transitions.ts";

/**
 * Changes `state` by what `record` says.
 *
 * `now` only anchors deadlines to monotonic time: what is left of a span by the wall clock, never more than the span. Nothing else
 * depends on it. `positions` says where the journal put the bodies of the record, the first one at index `first`; a missing one counts
 * as 0, "not in the journal".
 */
export function applyToQueue(
  state: QueueState,
  record: QueueRecord,
  now: Now,
  positions: readonly BodyPosition[],
  first = 0,
): void {
  switch (record.kind) {
    case "configured":
      state.settings = record.settings;
      return;
    case "sent":
      addSent(state, record, now, positions, first);
      return;
    case "delivered":
      deliver(state, record, now);
      return;
    case "acked":
    case "dropped":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, undefined);
        if (slot >= 0) remove(state, slot);
      }
      return;
    case "returned": {
      const dueMs = anchored(now, record.readyAtWallMs, record.delayMs);
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, Phase.inFlight);
        if (slot < 0) continue;
        if (!record.counts) {
          state.messages.receiveCount[slot] = Math.max(0, (state.messages.receiveCount[slot] as number) - 1);
        }
        if (record.delayMs > 0) hide(state, slot, Phase.delayed, dueMs);
        else becomeReady(state, slot);
      }
      return;
    }
    case "retried":
      retry(state, record, now);
      return;
    case "rescheduled":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, undefined);
        if (slot >= 0) reschedule(state, slot, record, now);
      }
      return;
    case "extended": {
      const dueMs = anchored(now, record.deadlineWallMs, record.timeoutMs);
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, Phase.inFlight);
        if (slot >= 0) state.deadlines.rekey(slot, dueMs);
      }
      return;
    }
    case "readied":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, Phase.delayed);
        if (slot >= 0) becomeReady(state, slot);
      }
      return;
    case "moved-out":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, undefined);
        // Its moved-in mentions the body once more, so that this mention ends.
        if (slot >= 0) remove(state, slot);
      }
      return;
    case "moved-in":
      addMoved(state, record, now, positions, first);
      return;
    case "relocated":
      for (let i = 0; i < record.messages.length; i++)
        relocate(state, (record.messages[i] as RelocatedMessage).sequence, positions[first + i] ?? 0);
      return;
    case "parked":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, undefined);
        if (slot < 0) continue;
        park(state, slot, record.reason, record.atWallMs);
        if (record.lastError !== "") state.messages.raritiesOf(slot).lastError = record.lastError;
      }
      return;
    case "unparked":
      for (const sequence of record.sequences) {
        const slot = find(state, sequence, Phase.parked);
        if (slot >= 0) unpark(state, slot);
      }
      return;
    case "purged":
      purge(state);
      return;
    case "paused":
      state.paused = record.paused;
      return;
    case "forgotten":
      state.deduplication.forget(record.throughSequence);
      return;
    case "redrive-started":
      count(state, state.redrives.add(record.task, now.monotonicMs));
      return;
    case "redrive-advanced":
      count(
        state,
        state.redrives.advance(record.moved, anchored(now, record.atWallMs + record.delayMs, record.delayMs)),
      );
      return;
    case "redrive-ended":
      count(state, state.redrives.end(record.status, record.atWallMs));
      return;
    case "restored-queue":
      restoreQueue(state, record, now);
      return;
    case "restored-deduplication":
      restoreDeduplication(state, record, now);
      return;
    case "restored-messages":
      restoreMessages(state, record, now, positions, first);
      return;
    default:
      record satisfies never;
  }
}

function deliver(state: QueueState, record: Delivered, now: Now): void {
  const { messages } = state;
  const dueMs = anchored(now, record.deadlineWallMs, record.timeoutMs);
  const startedAtWallMs = record.deadlineWallMs - record.timeoutMs;
  messages.keepLeases();
  for (let i = 0; i < record.sequences.length; i++) {
    const slot = find(state, record.sequences[i] as number, undefined);
    if (slot < 0) continue;
    hide(state, slot, Phase.inFlight, dueMs);
    messages.lease[slot] = record.firstLease + i;
    messages.receiveCount[slot] = (messages.receiveCount[slot] as number) + 1;
    state.inFlightOrder.add(slot, record.firstLease + i, startedAtWallMs);
  }
  state.nextLease = Math.max(state.nextLease, record.firstLease + record.sequences.length);
  countStarts(state, record.sequences.length, sinceMs(now, startedAtWallMs));
}

function retry(state: QueueState, { atWallMs, entries, lastError }: Retried, now: Now): void {
  for (const { sequence, delayMs } of entries) {
    const slot = find(state, sequence, Phase.inFlight);
    if (slot < 0) continue;
    if (lastError !== "") state.messages.raritiesOf(slot).lastError = lastError;
    if (delayMs > 0) hide(state, slot, Phase.delayed, anchored(now, atWallMs + delayMs, delayMs));
    else becomeReady(state, slot);
  }
}

/**
 * Nobody has the message: it waits, is delayed, or stands behind another of its group and keeps its place there. One that nobody ever had could
 * not be received before, so its time to live and its age begin then.
 */
function reschedule(
  state: QueueState,
  slot: number,
  { delayMs, readyAtWallMs }: Rescheduled,
  now: Now,
): void {
  const { phase } = state.messages;
  const rare = state.messages.raritiesOf(slot);
  const dueMs = delayMs > 0 ? anchored(now, readyAtWallMs, delayMs) : undefined;
  if (!wasReceived(state, slot)) {
    rare.availableAtWallMs = readyAtWallMs;
    if (rare.timeToLiveMs < Number.POSITIVE_INFINITY) {
      const spanMs = delayMs + rare.timeToLiveMs;
      state.expiries.set(slot, false);
      rare.expiresAtMs = anchored(now, readyAtWallMs + rare.timeToLiveMs, spanMs);
      state.expiries.set(slot, phase[slot] !== Phase.inFlight && phase[slot] !== Phase.parked);
    }
  }
  if (phase[slot] === Phase.behind) rare.readyAtMs = dueMs ?? 0;
  else if (dueMs !== undefined) hide(state, slot, Phase.delayed, dueMs);
  else if (phase[slot] === Phase.delayed) becomeReady(state, slot);
}

function purge(state: QueueState): void {
  // Those behind first: taking away what they wait for would bring each of them into the line once.
  for (const slot of state.messages) if (state.messages.phase[slot] === Phase.behind) remove(state, slot);
  for (const slot of state.messages) remove(state, slot);
}

function count(state: QueueState, isThere: boolean): void {
  if (!isThere) state.orphanRecords++;
}

/** The slot of the message, if it is there and in the phase that the record speaks of; else -1, counted. */
function find(state: QueueState, sequence: MessageSequence, phase: number | undefined): number {
  const slot = state.index.find(sequence);
  if (slot >= 0 && (phase === undefined || state.messages.phase[slot] === phase)) return slot;
  state.orphanRecords++;
  return -1;
}
