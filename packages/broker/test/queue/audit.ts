/** Looks into a queue with other eyes than the rules do: recounts everything, checks that its parts agree, and dumps it. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Now } from "../../src/queue/now.ts";
import { Phase } from "../../src/queue/slots.ts";
import { type QueueState, queueCounts, ReadyWalk } from "../../src/queue/state.ts";

const phaseNames = new Map<number | undefined, string>([
  [Phase.delayed, "delayed"],
  [Phase.fresh, "ready"],
  [Phase.returned, "ready"],
  [Phase.inFlight, "in-flight"],
]);

/** The queue as plain data in the order of the sequences. Times that are due show as 0: how long they have been does not matter. */
export function auditQueue(
  state: QueueState,
  now: Now,
  readBody: (position: number) => Uint8Array | undefined,
  timesToo: boolean,
) {
  const { messages } = state;
  const slots = [...messages].sort(
    (a, b) => (messages.sequence[a] as number) - (messages.sequence[b] as number),
  );
  const dumped = slots.map((slot) => {
    const phase = phaseNames.get(messages.phase[slot]);
    ok(phase, "every message is in a phase of its life");
    equal(state.index.find(messages.sequence[slot] as number), slot, "the index finds the message");
    const waits = timesToo && phase !== "ready";
    return {
      sequence: messages.sequence[slot] as number,
      phase,
      dueInMs: waits ? Math.max(0, state.deadlines.keyOf(slot) - now.monotonicMs) : undefined,
      receiveCount: messages.receiveCount[slot] as number,
      lease: messages.lease[slot] as number,
      enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
      attributes: [...(messages.attributes[slot] ?? [])],
      body: messages.body[slot] ?? readBody(messages.bodyPosition[slot] as number),
      provenance: messages.provenance.get(slot),
    };
  });
  const inPhase = (phase: string) => dumped.filter((message) => message.phase === phase);
  deepEqual(
    readyInOrder(state),
    inPhase("ready").map(({ sequence }) => sequence),
    "the order of the line",
  );
  const counts = queueCounts(state);
  deepEqual(counts, {
    ready: inPhase("ready").length,
    delayed: inPhase("delayed").length,
    inFlight: inPhase("in-flight").length,
    bodyBytes: slots.reduce((sum, slot) => sum + (messages.bodyBytes[slot] as number), 0),
  });
  const resident = slots.filter((slot) => messages.body[slot] !== undefined);
  equal(
    state.residentBytes,
    resident.reduce((sum, slot) => sum + (messages.bodyBytes[slot] as number), 0),
  );
  equal(messages.used, dumped.length);
  const { settings, nextSequence, nextLease } = state;
  return { number: state.number, settings, nextSequence, nextLease, counts, messages: dumped };
}

/** Sequences of the ready messages in the order in which they will be received. */
export function readyInOrder(state: QueueState): number[] {
  const ready = new ReadyWalk(state);
  const sequences: number[] = [];
  for (let slot = ready.next(); slot >= 0; slot = ready.next()) {
    sequences.push(state.messages.sequence[slot] as number);
  }
  return sequences;
}
