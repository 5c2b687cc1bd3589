/**
 * What topics hold in memory, over all of them: batches in the order in which they came, so that the bytes of the oldest can be let go when
 * these are too many. What is let go is read back from where the journal has it.
 */
import type { BodyPosition } from "../queue/message.ts";

/** Records with consecutive offsets, published at one instant. */
export interface KeptBatch {
  readonly firstOffset: number;
  readonly count: number;
  readonly publishedAtMs: number;
  readonly byteLength: number;
  /** Where the journal holds the bytes; 0 when it does not. */
  readonly position: BodyPosition;
  /** Absent: to be read from the journal. */
  bytes: Uint8Array | undefined;
}

export class Holdings {
  /** Bytes of batches that are in memory. */
  residentBytes = 0;
  batchCount = 0;
  /** Those that can be let go, oldest first, from index `#next` on. */
  readonly #evictable: KeptBatch[] = [];
  #next = 0;

  add(batch: KeptBatch): void {
    this.batchCount++;
    if (batch.bytes === undefined) return;
    this.residentBytes += batch.byteLength;
    if (batch.position !== 0) this.#evictable.push(batch);
  }

  /** The batch is kept no longer. */
  drop(batch: KeptBatch): void {
    this.batchCount--;
    this.#letGo(batch);
  }

  /** Lets bytes go, oldest first, until no more than `residentBytesMax` are in memory or none is left that the journal has. */
  letGo(residentBytesMax: number): void {
    while (this.residentBytes > residentBytesMax && this.#next < this.#evictable.length) {
      this.#letGo(this.#evictable[this.#next++] as KeptBatch);
    }
    if (this.#next * 2 < this.#evictable.length || this.#next < 64) return;
    this.#evictable.splice(0, this.#next);
    this.#next = 0;
  }

  #letGo(batch: KeptBatch): void {
    if (batch.bytes === undefined) return;
    this.residentBytes -= batch.byteLength;
    batch.bytes = undefined;
  }
}
