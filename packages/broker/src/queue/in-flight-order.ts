/**
 * Which message has been in flight longest, without a column of its own: deliveries in the order in which they began. Those that have ended
 * are passed over when they come to the front, and thrown out when they are the most.
 */
import { type MessageSlots, Phase } from "./slots.ts";

const capacityMin = 64;

export class InFlightOrder {
  readonly #messages: MessageSlots;
  #slots = new Int32Array(capacityMin);
  #leases = new Float64Array(capacityMin);
  #atWallMs = new Float64Array(capacityMin);
  #first = 0;
  #end = 0;

  constructor(messages: MessageSlots) {
    this.#messages = messages;
  }

  /** Call it when the slot already has the lease. */
  add(slot: number, lease: number, atWallMs: number): void {
    if (this.#end === this.#slots.length) this.#tidy();
    this.#slots[this.#end] = slot;
    this.#leases[this.#end] = lease;
    this.#atWallMs[this.#end++] = atWallMs;
  }

  /** When the oldest delivery that is still under way began, by the wall clock; undefined when there is none. */
  oldestWallMs(): number | undefined {
    while (this.#first < this.#end && !this.#holds(this.#first)) this.#first++;
    if (this.#first < this.#end) return this.#atWallMs[this.#first];
    this.#first = 0;
    this.#end = 0;
    return undefined;
  }

  #holds(index: number): boolean {
    const slot = this.#slots[index] as number;
    const { phase, lease } = this.#messages;
    return phase[slot] === Phase.inFlight && lease[slot] === this.#leases[index];
  }

  /** Keeps what is under way, and makes room for as much again: so its cost is spread over what comes. */
  #tidy(): void {
    const [slots, leases, atWallMs] = [this.#slots, this.#leases, this.#atWallMs];
    let kept = 0;
    for (let index = this.#first; index < this.#end; index++) {
      if (!this.#holds(index)) continue;
      slots[kept] = slots[index] as number;
      leases[kept] = leases[index] as number;
      atWallMs[kept++] = atWallMs[index] as number;
    }
    this.#first = 0;
    this.#end = kept;
    const capacity = Math.max(capacityMin, 2 ** Math.ceil(Math.log2(2 * kept + 1)));
    if (capacity === slots.length) return;
    const length = Math.max(capacity, kept + 1);
    this.#slots = new Int32Array(length);
    this.#slots.set(slots.subarray(0, kept));
    this.#leases = new Float64Array(length);
    this.#leases.set(leases.subarray(0, kept));
    this.#atWallMs = new Float64Array(length);
    this.#atWallMs.set(atWallMs.subarray(0, kept));
  }
}
