/** How a queue comes back from a checkpoint. Only `apply` calls these. */
import { enter } from "./apply-arrivals.ts";
import type { BodyPosition } from "./message.ts";
import type { Now } from "./now.ts";
import type { RestoredDeduplication, RestoredMessage, RestoredMessages, RestoredQueue } from "./records.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";
import { anchored, sinceMs } from "./time.ts";
import { hide, park, putBack, settle } from "./transitions.ts";

export function restoreQueue(state: QueueState, record: RestoredQueue, now: Now): void {
  state.settings = record.settings;
  state.nextSequence = Math.max(state.nextSequence, record.nextSequence);
  state.nextLease = Math.max(state.nextLease, record.nextLease);
  state.paused = record.paused;
  for (const task of record.redrives) state.redrives.add(task, now.monotonicMs);
}

export function restoreDeduplication(state: QueueState, { entries }: RestoredDeduplication, now: Now): void {
  for (const { id, sequence, atWallMs } of entries)
    state.deduplication.add(id, sequence, sinceMs(now, atWallMs));
}

export function restoreMessages(
  state: QueueState,
  record: RestoredMessages,
  now: Now,
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
    if (message.lease > 0) {
      state.messages.keepLeases();
      state.messages.lease[slot] = message.lease;
    }
    if (message.provenance !== undefined) state.messages.provenance.set(slot, message.provenance);
    restoreRarities(state, slot, message, now);
    putInPlace(state, slot, message, now);
  }
}

function restoreRarities(state: QueueState, slot: number, { rare }: RestoredMessage, now: Now): void {
  if (rare === undefined) return;
  const { messages } = state;
  messages.priority[slot] = rare.priority;
  if (rare.groupId !== undefined) state.groups.join(slot, rare.groupId);
  const own = messages.raritiesOf(slot);
  own.availableAtWallMs = rare.availableAtWallMs;
  own.timeToLiveMs = rare.timeToLiveMs;
  own.lastError = rare.lastError;
  if (rare.expiresInMs < Number.POSITIVE_INFINITY) {
    own.expiresAtMs = anchored(now, rare.expiresAtWallMs, rare.expiresInMs);
  }
}

function putInPlace(state: QueueState, slot: number, message: RestoredMessage, now: Now): void {
  const { phase, rare } = message;
  const dueMs = anchored(now, message.dueWallMs, message.remainingMs);
  const group = state.groups.of(slot);
  // Those that wait behind come last, so that the first one of a group that comes is the current one.
  if (phase !== "behind" && phase !== "set-aside" && group !== undefined && group.current < 0) {
    group.current = slot;
  }
  switch (phase) {
    case "ready":
      if (rare !== undefined && rare.place > 0) putBack(state, slot, rare.place);
      else settle(state, slot, undefined);
      return;
    case "behind":
      settle(state, slot, message.dueWallMs > 0 ? dueMs : undefined);
      return;
    case "delayed":
      hide(state, slot, Phase.delayed, dueMs);
      return;
    case "in-flight":
      hide(state, slot, Phase.inFlight, dueMs);
      state.inFlightOrder.add(slot, message.lease, now.wallMs);
      return;
    case "parked":
    case "set-aside":
      park(state, slot, rare?.parkedReason ?? "max-receives", rare?.parkedAtWallMs ?? now.wallMs);
      return;
    default:
      phase satisfies never;
  }
}
