/**
 * Finds what of the journal is kept for few bodies: a stretch whose wanted bodies, written once more, would take less than a quarter of it. The
 * states are walked for it, because they know their bodies with their lengths, and the journal would have to remember each length to know the same.
 */
import type { BodyPosition, Stretch } from "../journal/journal.ts";
import { Phase } from "../queue/slots.ts";
import type { KeptBatch } from "../topic/holdings.ts";
import type { BrokerState } from "./state.ts";

/** Writing bodies once more frees at least three times of what it takes. */
const worthwhileShare = 1 / 4;

/** Beside its bytes, rounded up: what a body takes in a record, and the record around them. */
const bodyOverheadBytes = 16;
const stretchOverheadBytes = 128;

export interface SparseStretch extends Stretch {
  /** What its bodies would take elsewhere, rounded up. */
  readonly relocationBytes: number;
}

/** A body that the state wants, and where it is. `resident`: its bytes, as far as they are in memory. */
export type WantedBody = { readonly position: BodyPosition; readonly resident: Uint8Array | undefined } & (
  | { readonly what: "queue"; readonly owner: number; readonly sequence: number }
  | {
      readonly what: "topic";
      readonly owner: number;
      readonly partition: number;
      readonly firstOffset: number;
    }
);

/**
 * Those of `covered`, which must be in order, that are worth it, the cheapest first. One with a body that is among `unreadable` is not: it could not
 * go.
 */
export function sparseStretches(
  state: BrokerState,
  covered: readonly Stretch[],
  unreadable: ReadonlySet<BodyPosition>,
): readonly SparseStretch[] {
  const sums = new Float64Array(covered.length);
  const within = new StretchFinder(covered);
  walk(state, (position, byteLength) => {
    const index = within.indexOf(position);
    if (index < 0) return;
    const cannotGo = unreadable.size > 0 && unreadable.has(position);
    const bytes = cannotGo ? Number.POSITIVE_INFINITY : byteLength + bodyOverheadBytes;
    sums[index] = (sums[index] as number) + bytes;
  });
  return covered
    .map((stretch, i) => ({ ...stretch, relocationBytes: (sums[i] as number) + stretchOverheadBytes }))
    .filter(({ bytes, relocationBytes }) => relocationBytes < bytes * worthwhileShare)
    .filter(({ relocationBytes }) => relocationBytes > stretchOverheadBytes)
    .sort((a, b) => a.relocationBytes - b.relocationBytes);
}

/** At most `countMax` of the bodies that lie in `stretches`, in the order of their positions. */
export function bodiesWithin(
  state: BrokerState,
  stretches: readonly Stretch[],
  countMax: number,
): readonly WantedBody[] {
  const within = new StretchFinder(stretches.toSorted((a, b) => a.from - b.from));
  const found: WantedBody[] = [];
  walk(state, (position, _, place, bodyAt) => {
    if (found.length < countMax && within.indexOf(position) >= 0) found.push(bodyAt(place));
  });
  return found.sort((a, b) => a.position - b.position);
}

/** Told of a body by its place in a list, so that it costs nothing to pass it over. `bodyAt` says more of it. */
type Visit = (
  position: BodyPosition,
  byteLength: number,
  place: number,
  bodyAt: (place: number) => WantedBody,
) => void;

/** Every body that the journal holds for a state. */
function walk(state: BrokerState, visit: Visit): void {
  for (const { number: owner, messages } of state.queues()) {
    const { phase, bodyPosition, bodyBytes, sequence, bodies } = messages;
    const bodyAt = (slot: number): WantedBody => {
      const position = bodyPosition[slot] as number;
      const resident = bodies.view(slot);
      return { what: "queue", owner, sequence: sequence[slot] as number, position, resident };
    };
    for (let slot = 0; slot < phase.length; slot++) {
      const position = bodyPosition[slot] as number;
      if (phase[slot] !== Phase.free && position !== 0)
        visit(position, bodyBytes[slot] as number, slot, bodyAt);
    }
  }
  for (const { number: owner, partitions } of state.topics()) {
    for (const [partition, { batches }] of partitions.entries()) {
      const bodyAt = (place: number): WantedBody => {
        const { position, firstOffset, bytes } = batches[place] as KeptBatch;
        return { what: "topic", owner, partition, firstOffset, position, resident: bytes };
      };
      for (const [place, { position, byteLength }] of batches.entries()) {
        if (position !== 0) visit(position, byteLength, place, bodyAt);
      }
    }
  }
}

/** Neighbours lie together mostly, so that the last answer is the next one. */
class StretchFinder {
  readonly #stretches: readonly Stretch[];
  #last = 0;

  /** `stretches` in the order of their positions. */
  constructor(stretches: readonly Stretch[]) {
    this.#stretches = stretches;
  }

  /** -1 when it lies in none. */
  indexOf(position: BodyPosition): number {
    const last = this.#stretches[this.#last];
    if (last !== undefined && position >= last.from && position < last.to) return this.#last;
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#stretches[middle] as Stretch).to <= position) low = middle + 1;
      else high = middle;
    }
    const found = this.#stretches[low];
    if (found === undefined || position < found.from) return -1;
    this.#last = low;
    return low;
  }
}
