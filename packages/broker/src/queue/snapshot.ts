/** A queue as records that rebuild it with the same `apply`: what a checkpoint of the journal holds. */
import { noAttributes } from "./message.ts";
import type { Now } from "./now.ts";
import type { QueueRecord, RestoredMessage } from "./records.ts";
import { Phase } from "./slots.ts";
import type { QueueState } from "./state.ts";

/** Messages in one record: few enough for a small append, many enough that its frame costs nothing. */
const messagesPerRecord = 500;

/** The state as it is at `now`. The line comes first and in order, so that it is rebuilt without sorting. */
export function* snapshotQueue(state: QueueState, now: Now): Generator<QueueRecord> {
  const { settings, nextSequence, nextLease } = state;
  yield { kind: "restored-queue", settings, nextSequence, nextLease };
  let messages: RestoredMessage[] = [];
  for (const slot of slotsInOrder(state)) {
    messages.push(restored(state, slot, now));
    if (messages.length < messagesPerRecord) continue;
    yield { kind: "restored-messages", messages };
    messages = [];
  }
  if (messages.length > 0) yield { kind: "restored-messages", messages };
}

function* slotsInOrder(state: QueueState): Generator<number> {
  for (let slot = state.fresh.head; slot >= 0; slot = state.fresh.after(slot)) yield slot;
  for (const slot of state.messages) if (state.messages.phase[slot] !== Phase.fresh) yield slot;
}

function restored(state: QueueState, slot: number, now: Now): RestoredMessage {
  const messages = state.messages;
  const phase = messages.phase[slot];
  const waits = phase === Phase.delayed || phase === Phase.inFlight;
  const remainingMs = waits ? Math.max(0, state.deadlines.keyOf(slot) - now.monotonicMs) : 0;
  return {
    sequence: messages.sequence[slot] as number,
    phase: phase === Phase.inFlight ? "in-flight" : phase === Phase.delayed ? "delayed" : "ready",
    dueWallMs: waits ? now.wallMs + remainingMs : 0,
    remainingMs,
    receiveCount: messages.receiveCount[slot] as number,
    lease: messages.lease[slot] as number,
    enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    body: messages.body[slot] ?? { byteLength: messages.bodyBytes[slot] as number },
    bodyPosition: messages.bodyPosition[slot] as number,
    provenance: messages.provenance.get(slot),
  };
}
