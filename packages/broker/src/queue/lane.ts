/** The ready messages of one priority. */
import { SlotHeap } from "./slot-heap.ts";
import { SlotList } from "./slot-list.ts";
import type { MessageSlots } from "./slots.ts";

export class Lane {
  /** Messages that never left the line: they came in the order of their sequences. */
  readonly fresh: SlotList;
  /**
   * Messages that have been away, by their place: their sequence when they take their old place again, or the end of the line at the moment
   * at which they became ready.
   */
  readonly returned: SlotHeap;

  constructor(messages: MessageSlots) {
    this.fresh = new SlotList(messages);
    this.returned = new SlotHeap(messages);
  }

  get size(): number {
    return this.fresh.size + this.returned.size;
  }

  /** The slot that is received next, or -1. */
  head({ sequence }: MessageSlots): number {
    const { fresh, returned } = this;
    if (fresh.head < 0) return returned.first;
    const { firstKey } = returned;
    return firstKey !== undefined && firstKey < (sequence[fresh.head] as number)
      ? returned.first
      : fresh.head;
  }
}

/** Reads a lane in the order in which its messages will be received. The lane must not change meanwhile. */
export class LaneWalk {
  readonly #lane: Lane;
  readonly #sequence: Float64Array;
  readonly #returned: ReturnType<SlotHeap["walk"]> | undefined;
  #fresh: number;
  /** The slot that `next` moves on from, or -1 at the end. */
  slot = -1;

  constructor(lane: Lane, { sequence }: MessageSlots) {
    this.#lane = lane;
    this.#sequence = sequence;
    this.#fresh = lane.fresh.head;
    this.#returned = lane.returned.size === 0 ? undefined : lane.returned.walk();
    this.next();
  }

  next(): void {
    const fresh = this.#fresh;
    const returned = this.#returned;
    if (returned !== undefined) {
      const freshSequence = fresh < 0 ? Number.POSITIVE_INFINITY : (this.#sequence[fresh] as number);
      if (returned.key < freshSequence) {
        this.slot = returned.next();
        return;
      }
    }
    if (fresh >= 0) this.#fresh = this.#lane.fresh.after(fresh);
    this.slot = fresh;
  }
}
