/** Browse (Q13): reads messages as they are, and changes nothing. */
import type { Browse } from "./commands.ts";
import { isDeadLetter } from "./decide/redrive-step.ts";
import {
  type Attributes,
  type Body,
  type BodyPosition,
  type DeadLetterReason,
  type MessageSequence,
  noAttributes,
  type Provenance,
} from "./message.ts";
import { Phase } from "./slots.ts";
import { bodyOf, type QueueState } from "./state.ts";

/** `blocked`: it waits for another one of its group. */
export type BrowsedPhase = "ready" | "blocked" | "delayed" | "in-flight" | "parked";

export interface BrowsedMessage {
  readonly sequence: MessageSequence;
  readonly phase: BrowsedPhase;
  /** When a delay or a lease ends, by the monotonic clock; undefined for other phases. */
  readonly dueMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly attributes: Attributes;
  readonly body: Body;
  readonly bodyPosition: BodyPosition;
  readonly groupId: string | undefined;
  readonly priority: number;
  readonly lastError: string;
  readonly parked: { readonly reason: DeadLetterReason; readonly atWallMs: number } | undefined;
  readonly provenance: Provenance | undefined;
}

/**
 * Up to `max` messages behind `afterSequence`, in the order of their sequences. It looks at each message of the queue once: nothing keeps them in
 * that order, because nothing else would need it.
 */
export function browse(state: QueueState, { afterSequence, max, what }: Browse): readonly BrowsedMessage[] {
  const { sequence: sequences, phase } = state.messages;
  if (what === "dead-letters" && state.parked.size === 0 && state.messages.provenance.size === 0) return [];
  /** The first ones so far, in order. */
  const slots: number[] = [];
  let lastSequence = Number.POSITIVE_INFINITY;
  for (const slot of state.messages) {
    const sequence = sequences[slot] as number;
    if (sequence <= afterSequence || sequence > lastSequence) continue;
    if (what === "dead-letters" && phase[slot] !== Phase.parked && !isDeadLetter(state, slot)) continue;
    insert(slots, slot, sequences);
    if (slots.length > max) slots.pop();
    if (slots.length === max) lastSequence = sequences[slots.at(-1) ?? -1] as number;
  }
  return slots.map((slot) => browsed(state, slot));
}

/** One message; undefined when it is not there. */
export function browseOne(state: QueueState, sequence: MessageSequence): BrowsedMessage | undefined {
  const slot = state.index.find(sequence);
  return slot < 0 ? undefined : browsed(state, slot);
}

function insert(slots: number[], slot: number, sequences: Float64Array): void {
  const sequence = sequences[slot] as number;
  let at = slots.length;
  while (at > 0 && (sequences[slots[at - 1] as number] as number) > sequence) at--;
  slots.splice(at, 0, slot);
}

function browsed(state: QueueState, slot: number): BrowsedMessage {
  const { messages } = state;
  const rare = messages.rare.get(slot);
  const phase = phaseNames[messages.phase[slot] as number] ?? "ready";
  const waits = phase === "delayed" || phase === "in-flight";
  const behindUntilMs =
    phase === "blocked" && rare !== undefined && rare.readyAtMs > 0 ? rare.readyAtMs : undefined;
  const { expiresAtMs = Number.POSITIVE_INFINITY } = rare ?? {};
  return {
    sequence: messages.sequence[slot] as number,
    phase,
    dueMs: waits ? state.deadlines.keyOf(slot) : behindUntilMs,
    expiresAtMs: expiresAtMs === Number.POSITIVE_INFINITY ? undefined : expiresAtMs,
    receiveCount: messages.receiveCount[slot] as number,
    enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    body: bodyOf(messages, slot),
    bodyPosition: messages.bodyPosition[slot] as number,
    groupId: state.groups.of(slot)?.id,
    priority: messages.priority[slot] as number,
    lastError: rare?.lastError ?? "",
    parked:
      rare?.parkedReason === undefined
        ? undefined
        : { reason: rare.parkedReason, atWallMs: rare.parkedAtWallMs },
    provenance: messages.provenance.get(slot),
  };
}

const phaseNames: Readonly<Record<number, BrowsedPhase>> = {
  [Phase.fresh]: "ready",
  [Phase.returned]: "ready",
  [Phase.behind]: "blocked",
  [Phase.delayed]: "delayed",
  [Phase.inFlight]: "in-flight",
  [Phase.parked]: "parked",
};
