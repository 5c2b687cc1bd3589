/**
 * The records of one partition, as they were published: batches in the order of their offsets. The only place that knows how records
 * are held, so that they can move to segments without the rules noticing.
 */
import type { BodyPosition } from "../queue/message.ts";
import type { KeptRecord } from "./commands.ts";
import type { PublishedRecord } from "./records.ts";

/** Records with consecutive offsets, published at one instant. */
export interface KeptBatch {
  readonly firstOffset: number;
  readonly publishedAtMs: number;
  readonly records: readonly PublishedRecord[];
  /** One for each record. */
  readonly positions: readonly BodyPosition[];
}

export class PartitionLog {
  #startOffset = 0;
  #endOffset = 0;
  readonly #batches: KeptBatch[] = [];

  /** Offset of the oldest record that is kept. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** Offset that the next record will get. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get batches(): Iterable<KeptBatch> {
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
    this.#batches.push(batch);
    this.#endOffset = batch.firstOffset + batch.records.length;
    return true;
  }

  /** Puts back a batch of a checkpoint, which lies between start and end and behind those put back before. */
  refill(batch: KeptBatch): boolean {
    const last = this.#batches.at(-1);
    if (batch.firstOffset < this.#startOffset) return false;
    if (last !== undefined && batch.firstOffset < last.firstOffset + last.records.length) return false;
    this.#batches.push(batch);
    this.#endOffset = Math.max(this.#endOffset, batch.firstOffset + batch.records.length);
    return true;
  }

  /** Counts `count` records more without keeping them. */
  pass(count: number): void {
    this.#endOffset += count;
    this.#startOffset = this.#endOffset;
  }

  /** Records from `offset` on: at most `recordsMax`, and as many as fit into `bytesMax`, but at least one when there is one. */
  read(partition: number, offset: number, recordsMax: number, bytesMax: number): readonly KeptRecord[] {
    const found: KeptRecord[] = [];
    let bytes = 0;
    for (let index = this.#batchAt(offset); index < this.#batches.length; index++) {
      const batch = this.#batches[index] as KeptBatch;
      for (let i = Math.max(0, offset - batch.firstOffset); i < batch.records.length; i++) {
        const { key, attributes, body } = batch.records[i] as PublishedRecord;
        bytes += body.byteLength + (key?.byteLength ?? 0);
        if (found.length >= recordsMax || (bytes > bytesMax && found.length > 0)) return found;
        found.push({
          partition,
          offset: batch.firstOffset + i,
          publishedAtMs: batch.publishedAtMs,
          key,
          attributes,
          body,
          bodyPosition: batch.positions[i] ?? 0,
        });
      }
    }
    return found;
  }

  /** Index of the first batch with a record at or behind `offset`, by halving. */
  #batchAt(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { firstOffset, records } = this.#batches[middle] as KeptBatch;
      if (firstOffset + records.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
