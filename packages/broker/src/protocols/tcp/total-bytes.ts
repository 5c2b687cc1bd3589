/** The memory of all connections together: when it is more than it may be, those that hold most have to go. */

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
    let totalBytes = 0;
    for (const { heldBytes } of this.#holders) totalBytes += heldBytes;
    if (totalBytes > this.#bytesMax) this.#evict(totalBytes - this.#bytesMax);
  }

  /** Ends as many as it takes, those that hold most first. */
  #evict(excessBytes: number): void {
    const held = Array.from(this.#holders, (holder) => ({ holder, heldBytes: holder.heldBytes }));
    held.sort((a, b) => b.heldBytes - a.heldBytes);
    let left = excessBytes;
    for (const { holder, heldBytes } of held) {
      if (left <= 0) return;
      left -= heldBytes;
      // What it holds is on its way out: it must not be found again meanwhile.
      this.#holders.delete(holder);
      holder.evict();
    }
  }
}
