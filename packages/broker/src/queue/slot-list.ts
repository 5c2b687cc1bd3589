/** Messages in the order in which they came, chained through their slots: a list costs two numbers, so there can be one a group. */
import type { MessageSlots } from "./slots.ts";

export class SlotList {
  readonly #messages: MessageSlots;
  #head = -1;
  #tail = -1;
  #size = 0;

  constructor(messages: MessageSlots) {
    this.#messages = messages;
  }

  get size(): number {
    return this.#size;
  }

  /** The first slot, or -1. */
  get head(): number {
    return this.#head;
  }

  /** The last slot, or -1. */
  get tail(): number {
    return this.#tail;
  }

  /** The slot behind `slot`, or -1. */
  after(slot: number): number {
    return this.#messages.next[slot] as number;
  }

  push(slot: number): void {
    const { next, place } = this.#messages;
    next[slot] = -1;
    place[slot] = this.#tail;
    if (this.#tail < 0) this.#head = slot;
    else next[this.#tail] = slot;
    this.#tail = slot;
    this.#size++;
  }

  remove(slot: number): void {
    const { next, place } = this.#messages;
    const before = place[slot] as number;
    const behind = next[slot] as number;
    if (before < 0) this.#head = behind;
    else next[before] = behind;
    if (behind < 0) this.#tail = before;
    else place[behind] = before;
    this.#size--;
  }
}
