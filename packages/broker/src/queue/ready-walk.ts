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
  /** One for each lane that has messages, the most urgent first. */
  readonly #walks: LaneWalk[] = [];
  readonly #agedSinceMs: number;

  constructor(state: QueueState, now: Now) {
    this.#state = state;
    this.#agedSinceMs = now.wallMs - state.settings.priorityAgingMs;
    for (let priority = state.lanes.length - 1; priority >= 0; priority--) {
      const lane = state.lanes[priority];
      if (lane !== undefined && lane.size > 0) this.#walks.push(new LaneWalk(lane, state.messages));
    }
  }

  /** The next slot, or -1 at the end. */
  next(): number {
    const walk = this.#walks.length < 2 ? this.#walks[0] : this.#choose();
    if (walk === undefined) return -1;
    const { slot } = walk;
    walk.next();
    return slot;
  }

  /** Of those that have waited too long the one that has waited longest; else the most urgent. */
  #choose(): LaneWalk | undefined {
    let chosen: LaneWalk | undefined;
    let chosenSinceMs = Number.POSITIVE_INFINITY;
    for (const walk of this.#walks) {
      if (walk.slot < 0) continue;
      const sinceMs = waitingSinceMs(this.#state, walk.slot);
      const isAged = sinceMs <= this.#agedSinceMs;
      if (chosen === undefined || (isAged && sinceMs < chosenSinceMs)) chosen = walk;
      if (isAged && sinceMs < chosenSinceMs) chosenSinceMs = sinceMs;
    }
    return chosen;
  }
}
