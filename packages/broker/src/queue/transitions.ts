/** The steps between the phases of a message's life. Only `apply` takes them. */
import { Lane } from "./lane.ts";
import type { BodyPosition, DeadLetterReason, MessageSequence } from "./message.ts";
import type { MessageGroup } from "./message-groups.ts";
import { Phase } from "./slots.ts";
import { type QueueState, wasReceived } from "./state.ts";

/** Takes the message out of whatever keeps its order. It stays the current one of its group. */
function detach(state: QueueState, slot: number): void {
  const phase = state.messages.phase[slot];
  if (phase === Phase.fresh) laneOf(state, slot).fresh.remove(slot);
  else if (phase === Phase.returned) laneOf(state, slot).returned.remove(slot);
  else if (phase === Phase.parked) detachParked(state, slot);
  else if (phase === Phase.behind) state.groups.takeBehind(state.groups.of(slot) as MessageGroup, slot);
  else if (phase !== Phase.entering) state.deadlines.remove(slot);
  if (phase === Phase.inFlight) state.inFlightCount--;
}

function detachParked({ parked, groups }: QueueState, slot: number): void {
  parked.remove(slot);
  const group = groups.of(slot);
  if (group?.current === slot) groups.blocked.delete(group);
}

function laneOf({ lanes, messages }: QueueState, slot: number): Lane {
  const priority = messages.priority[slot] as number;
  let lane = lanes[priority];
  if (lane === undefined) {
    lane = new Lane(messages);
    lanes[priority] = lane;
  }
  return lane;
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
  state.expiries.set(slot, phase === Phase.delayed);
}

/** Gives a new message its first place: behind another of its group, delayed until `dueMs` if that is given, or in the line. */
export function settle(state: QueueState, slot: number, dueMs: number | undefined): void {
  const group = state.groups.of(slot);
  if (group !== undefined && group.current >= 0 && group.current !== slot) {
    if (dueMs !== undefined) state.messages.raritiesOf(slot).readyAtMs = dueMs;
    state.messages.phase[slot] = Phase.behind;
    state.groups.pushBehind(group, slot);
    state.expiries.set(slot, true);
    return;
  }
  if (group !== undefined) group.current = slot;
  if (dueMs !== undefined) hide(state, slot, Phase.delayed, dueMs);
  else line(state, slot);
}

/** A new message that is ready: at the end of the line if that is its place, else among those that have been away. */
function line(state: QueueState, slot: number): void {
  const sequence = state.messages.sequence[slot] as number;
  const lane = laneOf(state, slot);
  const { tail } = lane.fresh;
  if (tail < 0 || (state.messages.sequence[tail] as number) < sequence) {
    state.messages.phase[slot] = Phase.fresh;
    lane.fresh.push(slot);
  } else {
    state.messages.phase[slot] = Phase.returned;
    lane.returned.push(slot, sequence);
  }
  state.expiries.set(slot, true);
}

/** Between two places at the end of the line: exact for 2^37 messages, and more of them than fit before the next message only crowd a little. */
const placeStep = 2 ** -16;

/** Behind everything that is in the line, and before what is sent from now on. */
function nextEndPlace(state: QueueState): number {
  return Math.max(state.nextSequence - 1, state.endPlace) + placeStep;
}

/** Ready, at this place of the line. */
export function putBack(state: QueueState, slot: number, place: number): void {
  if (place !== state.messages.sequence[slot]) state.endPlace = Math.max(state.endPlace, place);
  state.messages.phase[slot] = Phase.returned;
  laneOf(state, slot).returned.push(slot, place);
  state.expiries.set(slot, true);
}

/**
 * Ready after having been away. A message that somebody had takes its old place again. The others go to the end of the line as it is now: one
 * whose first delay is over, because it comes in only now; one of a group, because groups take turns.
 */
export function becomeReady(state: QueueState, slot: number): void {
  detach(state, slot);
  const keepsPlace = wasReceived(state, slot) && state.groups.of(slot) === undefined;
  putBack(state, slot, keepsPlace ? (state.messages.sequence[slot] as number) : nextEndPlace(state));
}

/** Delivered no longer, and kept. In its group it stays the current one, so that the others wait, unless it was not yet. */
export function park(state: QueueState, slot: number, reason: DeadLetterReason, atWallMs: number): void {
  detach(state, slot);
  state.messages.phase[slot] = Phase.parked;
  state.parked.push(slot);
  const group = state.groups.of(slot);
  if (group?.current === slot) state.groups.blocked.add(group);
  state.expiries.set(slot, false);
  const rare = state.messages.raritiesOf(slot);
  rare.parkedReason = reason;
  rare.parkedAtWallMs = atWallMs;
  // What has expired once would expire again at once.
  rare.expiresAtMs = Number.POSITIVE_INFINITY;
  rare.timeToLiveMs = Number.POSITIVE_INFINITY;
  rare.readyAtMs = 0;
}

/** Ready again as if it had never been received; behind its group if another one is current there. */
export function unpark(state: QueueState, slot: number): void {
  const { messages } = state;
  messages.raritiesOf(slot).parkedReason = undefined;
  messages.receiveCount[slot] = 0;
  const before = state.groups.of(slot);
  const group = before?.current === slot ? before : before && state.groups.join(slot, before.id);
  if (group === undefined || group.current === slot || group.current < 0) {
    if (group !== undefined) group.current = slot;
    becomeReady(state, slot);
    return;
  }
  detach(state, slot);
  messages.phase[slot] = Phase.entering;
  settle(state, slot, undefined);
}

/** Gone from this queue. Whether the body lives on in another is for the journal to know, which counts who wants it. */
export function remove(state: QueueState, slot: number): void {
  const position = state.messages.bodyPosition[slot] as number;
  if (position !== 0) state.deadBodies.push(position);
  detach(state, slot);
  state.expiries.set(slot, false);
  state.bodyBytes -= state.messages.bodyBytes[slot] as number;
  const group = state.groups.of(slot);
  state.index.remove(slot);
  if (group !== undefined) {
    if (group.current === slot) advance(state, group);
    state.groups.part(slot, group);
  }
  state.messages.free(slot);
}

/** The current message of the group has left: the next one takes its turn. */
function advance(state: QueueState, group: MessageGroup): void {
  const next = group.behind.head;
  group.current = next;
  if (next < 0) return;
  const readyAtMs = state.messages.rare.get(next)?.readyAtMs ?? 0;
  if (readyAtMs === 0) becomeReady(state, next);
  else hide(state, next, Phase.delayed, readyAtMs);
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
