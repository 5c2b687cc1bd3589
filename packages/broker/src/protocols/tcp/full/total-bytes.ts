/** The memory of all connections together: when it is more than it may be, the connection that holds most has to go. */

/** A connection, as far as its memory is concerned. */
export interface Holder {
  readonly heldBytes: number;
  /** Ends it, because it holds more than any other and all together hold too much. */
  evict(): void;
}

/** Looking at every connection is worth it after so many bytes more, not at each. */
const lookEveryBytes = 1024 * 1024;

export class TotalBytes {
  readonly #bytesMax: number;
  readonly #holders = new Set<Holder>();
  #unseenBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(holder: Holder): void {
    this.#holders.add(holder);
  }

  remove(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** `bytes` more are held somewhere than before. */
  grown(bytes: number): void {
    this.#unseenBytes += bytes;
    if (this.#unseenBytes < lookEveryBytes) return;
    this.#unseenBytes = 0;
    let total = 0;
    let largest: Holder | undefined;
    for (const holder of this.#holders) {
      total += holder.heldBytes;
      if (largest === undefined || holder.heldBytes > largest.heldBytes) largest = holder;
    }
    if (total > this.#bytesMax) largest?.evict();
  }
}
