/**
 * The order in which ready messages are received: the most urgent first, and within a priority in the order of their places. A message that
 * has waited for the aging time of the queue is overtaken no longer (Q7).
 */
import { waitingSinceMs } from "./counts.ts";
import { LaneWalk } from "./lane.ts";
import type { Now } from "./now.ts";
import type { QueueState } from "./state.ts";

/** Reads the ready messages in the order in which they will be received. The state must not change meanwhile. */
export class ReadyWalk {
  readonly #state: QueueState;
  /** Of the most urgent lane that has messages. Most queues have one lane, and pay for no more. */
  readonly #first: LaneWalk | undefined;
  /** When more than one lane has messages: all of those, the most urgent first. */
  readonly #walks: LaneWalk[] | undefined;
  readonly #agedSinceMs: number;

  constructor(state: QueueState, now: Now) {
    this.#state = state;
    this.#agedSinceMs = now.wallMs - state.settings.priorityAgingMs;
    let first: LaneWalk | undefined;
    let walks: LaneWalk[] | undefined;
    for (let priority = state.lanes.length - 1; priority >= 0; priority--) {
      const lane = state.lanes[priority];
      if (lane === undefined || lane.size === 0) continue;
      const walk = new LaneWalk(lane, state.messages);
      if (first === undefined) first = walk;
      else if (walks === undefined) walks = [first, walk];
      else walks.push(walk);
    }
    this.#first = first;
    this.#walks = walks;
  }

  /** The next slot, or -1 at the end. */
  next(): number {
    const walk = this.#walks === undefined ? this.#first : this.#choose(this.#walks);
    return walk === undefined ? -1 : walk.next();
  }

  /** Of those that have waited too long the one that has waited longest; else the most urgent. */
  #choose(walks: readonly LaneWalk[]): LaneWalk | undefined {
    let chosen: LaneWalk | undefined;
    let chosenSinceMs = Number.POSITIVE_INFINITY;
    for (const walk of walks) {
      if (walk.slot < 0) continue;
      const sinceMs = waitingSinceMs(this.#state, walk.slot);
      const isAged = sinceMs <= this.#agedSinceMs;
      if (chosen === undefined || (isAged && sinceMs < chosenSinceMs)) chosen = walk;
      if (isAged && sinceMs < chosenSinceMs) chosenSinceMs = sinceMs;
    }
    return chosen;
  }
}
