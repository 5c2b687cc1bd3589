/** The steps between the phases of a message's life. Only `apply` takes them. */
import type { BodyPosition, MessageSequence } from "./message.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";

/** Takes the message out of whatever keeps its order. */
function detach(state: QueueState, slot: number): void {
  const phase = state.messages.phase[slot];
  if (phase === Phase.fresh) state.fresh.remove(slot);
  else if (phase === Phase.returned) state.returned.remove(slot);
  else if (phase !== Phase.entering) state.deadlines.remove(slot);
  if (phase === Phase.inFlight) state.inFlightCount--;
}

/** In flight or delayed until `dueMs`, wherever the message was before. */
export function hide(
  state: QueueState,
  slot: number,
  phase: typeof Phase.inFlight | typeof Phase.delayed,
  dueMs: number,
): void {
  detach(state, slot);
  state.messages.phase[slot] = phase;
  if (phase === Phase.inFlight) state.inFlightCount++;
  state.deadlines.push(slot, dueMs);
}

/** A new message that is ready: at the end of the line if that is its place, else among those that have been away. */
export function line(state: QueueState, slot: number): void {
  const sequence = state.messages.sequence[slot] as number;
  const tail = state.fresh.tail;
  if (tail < 0 || (state.messages.sequence[tail] as number) < sequence) {
    state.messages.phase[slot] = Phase.fresh;
    state.fresh.push(slot);
  } else {
    state.messages.phase[slot] = Phase.returned;
    state.returned.push(slot, sequence);
  }
}

/** Ready again, at its old place in the order. */
export function becomeReady(state: QueueState, slot: number): void {
  detach(state, slot);
  state.messages.phase[slot] = Phase.returned;
  state.returned.push(slot, state.messages.sequence[slot] as number);
}

/** Gone from this queue. Whether the body lives on in another is for the journal to know, which counts who wants it. */
export function remove(state: QueueState, slot: number): void {
  const position = state.messages.bodyPosition[slot] as number;
  if (position !== 0) state.deadBodies.push(position);
  detach(state, slot);
  const bodyBytes = state.messages.bodyBytes[slot] as number;
  state.bodyBytes -= bodyBytes;
  if (state.messages.body[slot] !== undefined) state.residentBytes -= bodyBytes;
  state.index.remove(slot);
  state.messages.free(slot);
}

/**
 * The body lies at `position` from now on, and where it lay before is dead. Of a message that is gone the new place is: nothing is lost by
 * that, so it is not counted.
 */
export function relocate(state: QueueState, sequence: MessageSequence, position: BodyPosition): void {
  if (position === 0) return;
  const slot = state.index.find(sequence);
  const dead = slot < 0 ? position : (state.messages.bodyPosition[slot] as number);
  if (dead !== 0) state.deadBodies.push(dead);
  if (slot >= 0) state.messages.bodyPosition[slot] = position;
}
