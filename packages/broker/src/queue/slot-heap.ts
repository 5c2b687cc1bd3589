/**
 * Messages by a number, smallest first: deadlines by time, returned messages by sequence. A binary heap that knows where each message
 * stands, so that an ack takes its deadline out at once. Equal numbers go by sequence, so that the order never depends on history.
 */

/** Where the slots of a heap keep their places in it. */
export interface HeapColumns {
  readonly place: Int32Array;
  readonly sequence: Float64Array;
}

const capacityMin = 16;
const capacityKept = 1024;

export class SlotHeap {
  readonly #messages: HeapColumns;
  #slots = new Int32Array(capacityMin);
  #keys = new Float64Array(capacityMin);
  #size = 0;

  constructor(messages: HeapColumns) {
    this.#messages = messages;
  }

  get size(): number {
    return this.#size;
  }

  /** The slot with the smallest key, or -1. */
  get first(): number {
    return this.#size === 0 ? -1 : (this.#slots[0] as number);
  }

  /** The smallest key, or undefined when there is none. */
  get firstKey(): number | undefined {
    return this.#size === 0 ? undefined : this.#keys[0];
  }

  keyOf(slot: number): number {
    return this.#keys[this.#messages.place[slot] as number] as number;
  }

  push(slot: number, key: number): void {
    if (this.#size === this.#slots.length) this.#resize(this.#size * 2);
    this.#rise(this.#size++, slot, key);
  }

  remove(slot: number): void {
    const index = this.#messages.place[slot] as number;
    const last = --this.#size;
    if (index !== last) this.#settle(index, this.#slots[last] as number, this.#keys[last] as number);
    if (last === 0 && this.#slots.length > capacityKept) this.#resize(capacityMin);
  }

  rekey(slot: number, key: number): void {
    this.#settle(this.#messages.place[slot] as number, slot, key);
  }

  /** Visits from the smallest key on. The heap must not change meanwhile. */
  walk(): HeapWalk {
    return new HeapWalk(this.#slots, this.#keys, this.#size, this.#messages);
  }

  #settle(index: number, slot: number, key: number): void {
    if (index > 0 && this.#before(key, slot, (index - 1) >> 1)) this.#rise(index, slot, key);
    else this.#sink(index, slot, key);
  }

  /** Whether `slot` with `key` belongs before what stands at `index`. */
  #before(key: number, slot: number, index: number): boolean {
    const other = this.#keys[index] as number;
    if (key !== other) return key < other;
    const sequences = this.#messages.sequence;
    return (sequences[slot] as number) < (sequences[this.#slots[index] as number] as number);
  }

  #rise(from: number, slot: number, key: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(key, slot, parent)) break;
      this.#put(index, this.#slots[parent] as number, this.#keys[parent] as number);
      index = parent;
    }
    this.#put(index, slot, key);
  }

  #sink(from: number, slot: number, key: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#before(this.#keys[right] as number, this.#slots[right] as number, child)
      ) {
        child = right;
      }
      if (this.#before(key, slot, child)) break;
      this.#put(index, this.#slots[child] as number, this.#keys[child] as number);
      index = child;
    }
    this.#put(index, slot, key);
  }

  #put(index: number, slot: number, key: number): void {
    this.#slots[index] = slot;
    this.#keys[index] = key;
    this.#messages.place[slot] = index;
  }

  #resize(capacity: number): void {
    const slots = new Int32Array(capacity);
    const keys = new Float64Array(capacity);
    slots.set(this.#slots.subarray(0, this.#size));
    keys.set(this.#keys.subarray(0, this.#size));
    this.#slots = slots;
    this.#keys = keys;
  }
}

/**
 * Reads a heap in order without taking anything out: the next one is always among the children of those already visited, which are
 * kept in a small heap of their own. Visiting k of n costs k log k, whatever n is.
 */
class HeapWalk {
  readonly #slots: Int32Array;
  readonly #keys: Float64Array;
  readonly #size: number;
  readonly #messages: HeapColumns;
  /** Indices into the heap, as a heap. */
  readonly #frontier: number[] = [];

  constructor(slots: Int32Array, keys: Float64Array, size: number, messages: HeapColumns) {
    this.#slots = slots;
    this.#keys = keys;
    this.#size = size;
    this.#messages = messages;
    this.#add(0);
  }

  /** The key of what `next` returns; infinite at the end. */
  get key(): number {
    const index = this.#frontier[0];
    return index === undefined ? Number.POSITIVE_INFINITY : (this.#keys[index] as number);
  }

  /** What `next` returns. */
  get slot(): number {
    const index = this.#frontier[0];
    return index === undefined ? -1 : (this.#slots[index] as number);
  }

  /** The next slot, or -1 at the end. */
  next(): number {
    const frontier = this.#frontier;
    const index = frontier[0];
    if (index === undefined) return -1;
    const last = frontier.pop() as number;
    if (frontier.length > 0) this.#sink(last);
    this.#add(2 * index + 1);
    this.#add(2 * index + 2);
    return this.#slots[index] as number;
  }

  #before(a: number, b: number): boolean {
    const keys = this.#keys;
    if (keys[a] !== keys[b]) return (keys[a] as number) < (keys[b] as number);
    const sequences = this.#messages.sequence;
    return (sequences[this.#slots[a] as number] as number) < (sequences[this.#slots[b] as number] as number);
  }

  #add(index: number): void {
    if (index >= this.#size) return;
    const frontier = this.#frontier;
    let hole = frontier.length;
    frontier.push(index);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.#before(index, frontier[parent] as number)) break;
      frontier[hole] = frontier[parent] as number;
      hole = parent;
    }
    frontier[hole] = index;
  }

  #sink(index: number): void {
    const frontier = this.#frontier;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= frontier.length) break;
      if (
        child + 1 < frontier.length &&
        this.#before(frontier[child + 1] as number, frontier[child] as number)
      ) {
        child++;
      }
      if (this.#before(index, frontier[child] as number)) break;
      frontier[hole] = frontier[child] as number;
      hole = child;
    }
    frontier[hole] = index;
  }
}
