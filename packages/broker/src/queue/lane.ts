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
  readonly #fresh: SlotList;
  readonly #sequence: Float64Array;
  readonly #returned: ReturnType<SlotHeap["walk"]> | undefined;
  #freshSlot: number;

  constructor({ fresh, returned }: Lane, { sequence }: MessageSlots) {
    this.#fresh = fresh;
    this.#sequence = sequence;
    this.#freshSlot = fresh.head;
    this.#returned = returned.size === 0 ? undefined : returned.walk();
  }

  /** What `next` returns. */
  get slot(): number {
    return this.#comesBefore(this.#returned) ? this.#returned.slot : this.#freshSlot;
  }

  /** The next slot, or -1 at the end. */
  next(): number {
    if (this.#comesBefore(this.#returned)) return this.#returned.next();
    const slot = this.#freshSlot;
    if (slot >= 0) this.#freshSlot = this.#fresh.after(slot);
    return slot;
  }

  /** Whether the next one has been away. */
  #comesBefore<Returned extends { readonly key: number }>(
    returned: Returned | undefined,
  ): returned is Returned {
    if (returned === undefined) return false;
    const slot = this.#freshSlot;
    return returned.key < (slot < 0 ? Number.POSITIVE_INFINITY : (this.#sequence[slot] as number));
  }
}
