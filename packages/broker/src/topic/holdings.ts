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
  /**
   * Where the journal holds the bytes; 0 when it does not. It changes when they are written once more, and the place before may be gone from
   * then on: who fails to read at one position reads again if the batch has another by then.
   */
  position: BodyPosition;
  /** Absent: to be read from the journal. */
  bytes: Uint8Array | undefined;
}

export class Holdings {
  /** Bytes of batches that are in memory. */
  residentBytes = 0;
  batchCount = 0;
  /** Those that can be let go, oldest first, from index `#next` on; among them some that are kept no longer. */
  #evictable: KeptBatch[] = [];
  #next = 0;
  #droppedCount = 0;

  /** Entries of the line, with those that are of no use any more: the line is short whenever what is held is little. */
  get lineLength(): number {
    return this.#evictable.length;
  }

  add(batch: KeptBatch): void {
    this.batchCount++;
    if (batch.bytes === undefined) return;
    this.residentBytes += batch.byteLength;
    if (batch.position !== 0) this.#evictable.push(batch);
  }

  /** The batch is kept no longer. */
  drop(batch: KeptBatch): void {
    this.batchCount--;
    if (batch.bytes !== undefined && batch.position !== 0) this.#droppedCount++;
    this.#letGo(batch);
    this.#tidy();
  }

  /** Lets bytes go, oldest first, until no more than `residentBytesMax` are in memory or none is left that the journal has. */
  letGo(residentBytesMax: number): void {
    if (this.residentBytes <= residentBytesMax) return;
    while (this.residentBytes > residentBytesMax && this.#next < this.#evictable.length) {
      this.#letGo(this.#evictable[this.#next++] as KeptBatch);
    }
    this.#tidy();
  }

  #letGo(batch: KeptBatch): void {
    if (batch.bytes === undefined) return;
    this.residentBytes -= batch.byteLength;
    batch.bytes = undefined;
  }

  /** Takes what is of no use out of the line when it is more than half: then its cost is spread over those that left. */
  #tidy(): void {
    const useless = this.#next + this.#droppedCount;
    if (useless < 64 || useless * 2 < this.#evictable.length) return;
    this.#evictable = this.#evictable.filter(({ bytes }) => bytes !== undefined);
    this.#next = 0;
    this.#droppedCount = 0;
  }
}
