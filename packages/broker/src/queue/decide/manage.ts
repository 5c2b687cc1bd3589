/** What an operator does to a queue and to single messages of it: cancel and reschedule (Q5), purge (Q14), pause and resume (Q15). */
import type { Cancel, Done, Reschedule } from "../commands.ts";
import type { Now } from "../now.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";
import { Phase } from "../slots.ts";
import { isExpired, type QueueState } from "../state.ts";
import type { QueueDecision } from "./decision.ts";
import { refuseDelay } from "./options.ts";

const done = { done: true } as const;

/** Refused as `unknown-message`, or `message-in-flight`: its consumer may be done with it any moment. */
export function decideCancel(state: QueueState, { sequence }: Cancel): QueueDecision<Done> {
  const refused = refuseHeld(state, sequence);
  if (refused !== undefined) return refused;
  const record = { kind: "dropped", sequences: [sequence], reason: "cancelled" } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: done };
}

/**
 * Refused as `unknown-message`, also for a parked message, which a redrive brings back, and for one whose time to live is over;
 * `message-in-flight`; `invalid-message`.
 */
export function decideReschedule(
  state: QueueState,
  { sequence, delayMs }: Reschedule,
  now: Now,
): QueueDecision<Done> {
  const refused = refuseDelay(delayMs) ?? refuseHeld(state, sequence);
  if (refused !== undefined) return refused;
  const slot = state.index.find(sequence);
  if (state.messages.phase[slot] === Phase.parked) {
    return refuse("unknown-message", "The message is parked: a redrive brings it back.");
  }
  if (isExpired(state, slot, now.monotonicMs)) {
    return refuse("unknown-message", `The time to live of message ${sequence} is over.`);
  }
  const readyAtWallMs = now.wallMs + delayMs;
  const record = { kind: "rescheduled", sequences: [sequence], readyAtWallMs, delayMs } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: done };
}

/** Everything goes, also what is in flight: its receipts are stale from now on. Answers with how many messages that were. */
export function decidePurge(state: QueueState): QueueDecision<{ readonly purged: number }> {
  const purged = state.messages.used;
  const records = purged === 0 ? [] : [{ owner: state.number, record: { kind: "purged" } as const }];
  return { ok: true, records, reply: { purged } };
}

/** While delivery is paused, messages come in, are acked and given back, and none is handed out. */
export function decidePause(state: QueueState, paused: boolean): QueueDecision<Done> {
  const records =
    state.paused === paused ? [] : [{ owner: state.number, record: { kind: "paused", paused } as const }];
  return { ok: true, records, reply: done };
}

function refuseHeld(state: QueueState, sequence: number): Refused<QueueRefusal> | undefined {
  const slot = state.index.find(sequence);
  if (slot < 0) return refuse("unknown-message", `Message ${sequence} is not in the queue.`);
  if (state.messages.phase[slot] !== Phase.inFlight) return undefined;
  return refuse("message-in-flight", `A consumer has message ${sequence}.`);
}
