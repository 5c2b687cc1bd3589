/**
 * The records of one partition, as they were published: batches in the order of their offsets. The only place that knows how they are
 * found, so that they can move without the rules noticing.
 */
import type { Holdings, KeptBatch } from "./holdings.ts";

export class PartitionLog {
  readonly #holdings: Holdings;
  #startOffset = 0;
  #endOffset = 0;
  #retainedBytes = 0;
  readonly #batches: KeptBatch[] = [];

  constructor(holdings: Holdings) {
    this.#holdings = holdings;
  }

  /** Offset of the oldest record that is kept. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** Offset that the next record will get. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Bytes of the batches that are kept, wherever they are. */
  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  /** In the order of their offsets. */
  get batches(): readonly KeptBatch[] {
    return this.#batches;
  }

  /** Sets where the log starts and ends, before the first batch. */
  restore(startOffset: number, endOffset: number): void {
    this.#startOffset = startOffset;
    this.#endOffset = endOffset;
  }

  /** Appends at the end, or beyond it when what lay between was lost. False, and nothing appended, when the offsets are taken. */
  append(batch: KeptBatch): boolean {
    if (batch.firstOffset < this.#endOffset) return false;
    this.#add(batch);
    return true;
  }

  /** Puts back a batch of a checkpoint, which reaches beyond the start and lies behind those put back before. */
  refill(batch: KeptBatch): boolean {
    const last = this.#batches.at(-1);
    if (batch.firstOffset + batch.count <= this.#startOffset) return false;
    if (last !== undefined && batch.firstOffset < last.firstOffset + last.count) return false;
    this.#add(batch);
    return true;
  }

  /** Keeps nothing before `startOffset`. Returns the batches that are gone; one that reaches beyond it stays. Never goes back. */
  trim(startOffset: number): readonly KeptBatch[] {
    if (startOffset <= this.#startOffset) return [];
    this.#startOffset = startOffset;
    this.#endOffset = Math.max(this.#endOffset, startOffset);
    const dropped = this.#batches.splice(0, this.#batchAt(startOffset));
    for (const batch of dropped) {
      this.#retainedBytes -= batch.byteLength;
      this.#holdings.drop(batch);
    }
    return dropped;
  }

  /** Offset of the first record that was published at `timeMs` or later; the end when there is none. */
  offsetAtTime(timeMs: number): number {
    const batch = this.#batches.find(({ publishedAtMs }) => publishedAtMs >= timeMs);
    return batch === undefined ? this.#endOffset : Math.max(batch.firstOffset, this.#startOffset);
  }

  /** Counts `count` records more without keeping them. */
  pass(count: number): void {
    this.#endOffset += count;
    this.#startOffset = this.#endOffset;
  }

  /**
   * Batches from the one with `offset` or the next behind it: enough for `recordsMax` records, and as many as fit into `bytesMax`, but
   * at least one when there is one. The first may begin before `offset`.
   */
  read(offset: number, recordsMax: number, bytesMax: number): readonly KeptBatch[] {
    const found: KeptBatch[] = [];
    let records = 0;
    let bytes = 0;
    for (let index = this.#batchAt(offset); index < this.#batches.length; index++) {
      const batch = this.#batches[index] as KeptBatch;
      bytes += batch.byteLength;
      if (found.length > 0 && (records >= recordsMax || bytes > bytesMax)) break;
      found.push(batch);
      records += batch.firstOffset + batch.count - Math.max(offset, batch.firstOffset);
    }
    return found;
  }

  /** The batch that begins with this record, if it is kept. */
  find(firstOffset: number): KeptBatch | undefined {
    const batch = this.#batches[this.#batchAt(firstOffset)];
    return batch?.firstOffset === firstOffset ? batch : undefined;
  }

  #add(batch: KeptBatch): void {
    this.#batches.push(batch);
    this.#retainedBytes += batch.byteLength;
    this.#holdings.add(batch);
    this.#endOffset = Math.max(this.#endOffset, batch.firstOffset + batch.count);
  }

  /** Index of the first batch with a record at or behind `offset`, by halving. */
  #batchAt(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { firstOffset, count } = this.#batches[middle] as KeptBatch;
      if (firstOffset + count <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
