/** Messages that wait and whose time to live passes, by the monotonic instant at which it does. A message in flight is not among them. */
import { SlotHeap } from "./slot-heap.ts";
import type { MessageSlots } from "./slots.ts";

/** A message is in this heap beside whatever keeps its order, so the heap has a column of places of its own; no longer than it must be. */
class ExpiryColumns {
  readonly #messages: MessageSlots;
  place = new Int32Array(0);

  constructor(messages: MessageSlots) {
    this.#messages = messages;
  }

  get sequence(): Float64Array {
    return this.#messages.sequence;
  }

  reach(slot: number): void {
    if (slot < this.place.length) return;
    const place = new Int32Array(Math.max(16, this.#messages.sequence.length)).fill(-1);
    place.set(this.place);
    this.place = place;
  }
}

export class Expiries {
  readonly #messages: MessageSlots;
  readonly #columns: ExpiryColumns;
  readonly #heap: SlotHeap;

  constructor(messages: MessageSlots) {
    this.#messages = messages;
    this.#columns = new ExpiryColumns(messages);
    this.#heap = new SlotHeap(this.#columns);
  }

  /** When the first one is due; undefined when none is. */
  get firstMs(): number | undefined {
    return this.#heap.firstKey;
  }

  /** Says whether the message waits. One that has no end is never among those here. */
  set(slot: number, waits: boolean): void {
    if (this.#messages.rare.size === 0) return;
    const expiresAtMs = this.#messages.rare.get(slot)?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    const wanted = waits && expiresAtMs < Number.POSITIVE_INFINITY;
    const isThere = (this.#columns.place[slot] ?? -1) >= 0;
    if (wanted === isThere) return;
    if (wanted) {
      this.#columns.reach(slot);
      this.#heap.push(slot, expiresAtMs);
    } else {
      this.#heap.remove(slot);
      this.#columns.place[slot] = -1;
    }
  }

  walk(): ReturnType<SlotHeap["walk"]> {
    return this.#heap.walk();
  }
}
