/**
 * The only place where a queue changes, live and in recovery: recovery is the fold of this function over the journal. It is total and
 * forgiving. A record about messages that are not there changes nothing and is counted in `orphanRecords`, because a damaged record
 * of the journal must cost what it said and no more.
 */

import { addMoved, addRestored, addSent } from "./apply-arrivals.ts";
import type { BodyPosition, MessageSequence } from "./message.ts";
import type { Now } from "./now.ts";
import type { QueueRecord, RelocatedMessage } from "./records.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";
import { becomeReady, hide, relocate, remove } from "./transitions.ts";

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
      addSent(state, record, positions, first);
      return;
    case "delivered": {
      const dueMs = anchored(now, record.deadlineWallMs, record.timeoutMs);
      for (let i = 0; i < record.sequences.length; i++) {
        const slot = find(state, record.sequences[i] as number, undefined);
        if (slot < 0) continue;
        hide(state, slot, Phase.inFlight, dueMs);
        state.messages.lease[slot] = record.firstLease + i;
        state.messages.receiveCount[slot] = (state.messages.receiveCount[slot] as number) + 1;
      }
      state.nextLease = Math.max(state.nextLease, record.firstLease + record.sequences.length);
      return;
    }
    case "acked":
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
      addMoved(state, record, positions, first);
      return;
    case "relocated":
      for (let i = 0; i < record.messages.length; i++)
        relocate(state, (record.messages[i] as RelocatedMessage).sequence, positions[first + i] ?? 0);
      return;
    case "restored-queue":
      state.settings = record.settings;
      state.nextSequence = Math.max(state.nextSequence, record.nextSequence);
      state.nextLease = Math.max(state.nextLease, record.nextLease);
      return;
    case "restored-messages":
      addRestored(state, record, (wallMs, spanMs) => anchored(now, wallMs, spanMs), positions, first);
      return;
    default:
      record satisfies never;
  }
}

/** What is left until `wallMs`, between nothing and the whole span, from now on by the monotonic clock. */
function anchored(now: Now, wallMs: number, spanMs: number): number {
  return now.monotonicMs + Math.min(Math.max(wallMs - now.wallMs, 0), spanMs);
}

/** The slot of the message, if it is there and in the phase that the record speaks of; else -1, counted. */
function find(state: QueueState, sequence: MessageSequence, phase: number | undefined): number {
  const slot = state.index.find(sequence);
  if (slot >= 0 && (phase === undefined || state.messages.phase[slot] === phase)) return slot;
  state.orphanRecords++;
  return -1;
}
