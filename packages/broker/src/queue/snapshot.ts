/** A queue as records that rebuild it with the same `apply`: what a checkpoint of the journal holds. */
import { type MessageSequence, noAttributes } from "./message.ts";
import type { Now } from "./now.ts";
import type { QueueRecord, RestoredMessage, RestoredPhase, RestoredRarities } from "./records.ts";
import { Phase } from "./slots.ts";
import { bodyOf, type QueueState } from "./state.ts";

/** Messages in one record: few enough for a small append, many enough that its frame costs nothing. */
const messagesPerRecord = 500;

/** The state as it is at `now`. What stands in an order comes in that order, so that it is rebuilt without sorting. */
export function* snapshotQueue(state: QueueState, now: Now): Generator<QueueRecord> {
  const { settings, nextSequence, nextLease, paused } = state;
  const redrives = [...state.redrives.tasks];
  yield { kind: "restored-queue", settings, nextSequence, nextLease, paused, redrives };
  yield* snapshotDeduplication(state, now);
  let messages: RestoredMessage[] = [];
  for (const slot of slotsInOrder(state)) {
    messages.push(restored(state, slot, now));
    if (messages.length < messagesPerRecord) continue;
    yield { kind: "restored-messages", messages };
    messages = [];
  }
  if (messages.length > 0) yield { kind: "restored-messages", messages };
}

function* snapshotDeduplication(state: QueueState, now: Now): Generator<QueueRecord> {
  const oldestMs = now.monotonicMs - state.settings.deduplicationWindowMs;
  let entries: { id: string; sequence: MessageSequence; atWallMs: number }[] = [];
  for (const [id, { sequence, atMs }] of state.deduplication.entries()) {
    if (atMs <= oldestMs) continue;
    entries.push({ id, sequence, atWallMs: now.wallMs - (now.monotonicMs - atMs) });
    if (entries.length < messagesPerRecord) continue;
    yield { kind: "restored-deduplication", entries };
    entries = [];
  }
  if (entries.length > 0) yield { kind: "restored-deduplication", entries };
}

/** Those that wait behind others of their groups come last. */
function* slotsInOrder({ messages, lanes, parked, groups }: QueueState): Generator<number> {
  for (const lane of lanes) {
    if (lane === undefined) continue;
    for (let slot = lane.fresh.head; slot >= 0; slot = lane.fresh.after(slot)) yield slot;
  }
  for (const slot of messages) {
    const phase = messages.phase[slot];
    if (phase !== Phase.fresh && phase !== Phase.parked && phase !== Phase.behind) yield slot;
  }
  for (let slot = parked.head; slot >= 0; slot = parked.after(slot)) yield slot;
  for (const { behind } of groups) {
    for (let slot = behind.head; slot >= 0; slot = behind.after(slot)) yield slot;
  }
}

function restored(state: QueueState, slot: number, now: Now): RestoredMessage {
  const messages = state.messages;
  const phase = messages.phase[slot];
  const waits = phase === Phase.delayed || phase === Phase.inFlight;
  const behindUntilMs = phase === Phase.behind ? (messages.rare.get(slot)?.readyAtMs ?? 0) : 0;
  const dueMs = waits ? state.deadlines.keyOf(slot) : behindUntilMs;
  const remainingMs = dueMs === 0 ? 0 : Math.max(0, dueMs - now.monotonicMs);
  const rare = rarities(state, slot, now);
  const bodyPosition = messages.bodyPosition[slot] as number;
  return {
    sequence: messages.sequence[slot] as number,
    phase: phaseOf(state, slot),
    dueWallMs: dueMs === 0 ? 0 : now.wallMs + remainingMs,
    remainingMs,
    receiveCount: messages.receiveCount[slot] as number,
    lease: messages.lease[slot] ?? 0,
    enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    // By its place if it has one; then its bytes are not needed.
    body: bodyPosition === 0 ? bodyOf(messages, slot) : { byteLength: messages.bodyBytes[slot] as number },
    bodyPosition,
    provenance: messages.provenance.get(slot),
    ...(rare !== undefined && { rare }),
  };
}

function phaseOf({ messages, groups }: QueueState, slot: number): RestoredPhase {
  const phase = messages.phase[slot];
  if (phase === Phase.inFlight) return "in-flight";
  if (phase === Phase.delayed) return "delayed";
  if (phase === Phase.behind) return "behind";
  if (phase !== Phase.parked) return "ready";
  const group = groups.of(slot);
  return group === undefined || group.current === slot ? "parked" : "set-aside";
}

function rarities(state: QueueState, slot: number, now: Now): RestoredRarities | undefined {
  const { messages, lanes } = state;
  const rare = messages.rare.get(slot);
  const groupId = state.groups.of(slot)?.id;
  const priority = messages.priority[slot] as number;
  const place = messages.phase[slot] === Phase.returned ? (lanes[priority]?.returned.keyOf(slot) ?? 0) : 0;
  const ownPlace = place === messages.sequence[slot] ? 0 : place;
  if (rare === undefined && groupId === undefined && priority === 0 && ownPlace === 0) return undefined;
  const expiresAtMs = rare?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  const expiresInMs = Math.max(0, expiresAtMs - now.monotonicMs);
  return {
    priority,
    groupId,
    availableAtWallMs: rare?.availableAtWallMs ?? 0,
    timeToLiveMs: rare?.timeToLiveMs ?? Number.POSITIVE_INFINITY,
    expiresAtWallMs: now.wallMs + expiresInMs,
    expiresInMs,
    lastError: rare?.lastError ?? "",
    parkedReason: rare?.parkedReason,
    parkedAtWallMs: rare?.parkedAtWallMs ?? 0,
    place: ownPlace,
  };
}
