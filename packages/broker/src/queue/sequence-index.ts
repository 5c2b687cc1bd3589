/**
 * Finds the slot of a message by its sequence: a hash table with open addressing in one Int32Array, at most half full.
 * A window of sequences would be smaller, but one message delayed for a year would make it as long as everything sent in that year.
 */
import type { MessageSlots } from "./slots.ts";

const sizeMin = 32;
/** 2^32 divided by the golden ratio: consecutive sequences fall evenly over the table (Knuth, vol. 3, 6.4). */
const golden = 0x9e3779b1;

export class SequenceIndex {
  readonly #messages: MessageSlots;
  /** Slot + 1; 0 is an empty cell. */
  #cells = new Int32Array(sizeMin);
  #mask = sizeMin - 1;
  #shift = 32 - Math.log2(sizeMin);
  #count = 0;

  constructor(messages: MessageSlots) {
    this.#messages = messages;
  }

  #home(sequence: number): number {
    return Math.imul(sequence | 0, golden) >>> this.#shift;
  }

  /** The slot of the message, or -1. */
  find(sequence: number): number {
    const { sequence: sequences } = this.#messages;
    for (let cell = this.#home(sequence); ; cell = (cell + 1) & this.#mask) {
      const slot = (this.#cells[cell] as number) - 1;
      if (slot < 0 || sequences[slot] === sequence) return slot;
    }
  }

  /** Enters a message that is not there yet and whose slot knows its sequence. */
  add(slot: number): void {
    if (++this.#count * 2 > this.#cells.length) this.#resize(this.#cells.length * 2);
    this.#put(slot);
  }

  /** Takes out a message that is there. Those behind it in its run move up, so that no cell says "look further" for nothing. */
  remove(slot: number): void {
    const { sequence: sequences } = this.#messages;
    const cells = this.#cells;
    const mask = this.#mask;
    let hole = this.#home(sequences[slot] as number);
    while (cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let cell = (hole + 1) & mask; cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = this.#home(sequences[(cells[cell] as number) - 1] as number);
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      cells[hole] = cells[cell] as number;
      hole = cell;
    }
    cells[hole] = 0;
    if (--this.#count === 0 && cells.length > 64 * sizeMin) this.#resize(sizeMin);
  }

  #put(slot: number): void {
    let cell = this.#home(this.#messages.sequence[slot] as number);
    while (this.#cells[cell] !== 0) cell = (cell + 1) & this.#mask;
    this.#cells[cell] = slot + 1;
  }

  #resize(size: number): void {
    const before = this.#cells;
    this.#cells = new Int32Array(size);
    this.#mask = size - 1;
    this.#shift = 32 - Math.log2(size);
    for (let cell = 0; cell < before.length; cell++) {
      if (before[cell] !== 0) this.#put((before[cell] as number) - 1);
    }
  }
}
