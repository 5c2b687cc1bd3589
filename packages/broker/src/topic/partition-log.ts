/**
 * The records of one partition, as they were published: ranges in files of the archive, and behind them batches in the order of their offsets. The
 * only place that knows how they are found, so that they can move without the rules noticing.
 */
import type { ArchivedRange } from "./archived-range.ts";
import type { Holdings, KeptBatch } from "./holdings.ts";

export class PartitionLog {
  readonly #holdings: Holdings;
  #startOffset = 0;
  #endOffset = 0;
  #archivedBytes = 0;
  #tailBytes = 0;
  readonly #archived: ArchivedRange[] = [];
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
    return this.#archivedBytes + this.#tailBytes;
  }

  /** Bytes of `batches`. */
  get tailBytes(): number {
    return this.#tailBytes;
  }

  /** In the order of their offsets, all before `batches`. The first may begin before the start. */
  get archived(): readonly ArchivedRange[] {
    return this.#archived;
  }

  /** Those that are not in the archive, in the order of their offsets. */
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

  /** Puts back a batch of a checkpoint, which reaches beyond the start and lies behind what was put back before. */
  refill(batch: KeptBatch): boolean {
    const last = this.#batches.at(-1);
    if (batch.firstOffset + batch.count <= this.#startOffset) return false;
    if (batch.firstOffset < (this.#archived.at(-1)?.endOffset ?? 0)) return false;
    if (last !== undefined && batch.firstOffset < last.firstOffset + last.count) return false;
    this.#add(batch);
    return true;
  }

  /**
   * What lies before the end of the range is in the archive from now on. Returns the batches that it stands for; undefined, and nothing changed,
   * when the range is of no use: it lies before the start, or has offsets of another range.
   */
  archive(range: ArchivedRange): readonly KeptBatch[] | undefined {
    const index = firstBehind(this.#archived, range.firstOffset);
    const next = this.#archived[index]?.firstOffset ?? Number.POSITIVE_INFINITY;
    if (range.endOffset <= this.#startOffset || range.endOffset > next) return undefined;
    this.#archived.splice(index, 0, range);
    this.#archivedBytes += range.byteLength;
    this.#endOffset = Math.max(this.#endOffset, range.endOffset);
    return this.#dropBefore(range.endOffset);
  }

  /** Keeps nothing before `startOffset`. Returns what is gone; what reaches beyond it stays. Never goes back. */
  trim(startOffset: number): Trimmed {
    if (startOffset <= this.#startOffset) return nothing;
    this.#startOffset = startOffset;
    this.#endOffset = Math.max(this.#endOffset, startOffset);
    const ranges = this.#archived.splice(0, firstBehind(this.#archived, startOffset));
    for (const { byteLength } of ranges) this.#archivedBytes -= byteLength;
    return { ranges, batches: this.#dropBefore(startOffset) };
  }

  /**
   * Where the first record at or behind `fromOffset` is that was published at `timeMs` or later: its offset, or the range that has it unless it
   * is damaged. The end when there is none.
   */
  findTime(timeMs: number, fromOffset: number): number | ArchivedRange {
    const range = this.#archived.find(
      ({ newestMs, endOffset }) => endOffset > fromOffset && newestMs >= timeMs,
    );
    if (range !== undefined) return range;
    const batch = this.#batches.find(
      ({ firstOffset, count, publishedAtMs }) => firstOffset + count > fromOffset && publishedAtMs >= timeMs,
    );
    return batch === undefined ? this.#endOffset : Math.max(batch.firstOffset, this.#startOffset);
  }

  /** Counts `count` records more without keeping them. */
  pass(count: number): void {
    this.#endOffset += count;
    this.#startOffset = this.#endOffset;
  }

  /** The range in which to look first for the record with `offset` or the next one behind it; undefined when that is in no range. */
  rangeAt(offset: number): ArchivedRange | undefined {
    return this.#archived[firstBehind(this.#archived, offset)];
  }

  /**
   * Batches from the one with `offset` or the next behind it: enough for `recordsMax` records, and as many as fit into `bytesMax`, but
   * at least one when there is one. The first may begin before `offset`. Those in the archive are not among them.
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
    this.#tailBytes += batch.byteLength;
    this.#holdings.add(batch);
    this.#endOffset = Math.max(this.#endOffset, batch.firstOffset + batch.count);
  }

  #dropBefore(offset: number): readonly KeptBatch[] {
    const dropped = this.#batches.splice(0, this.#batchAt(offset));
    for (const batch of dropped) {
      this.#tailBytes -= batch.byteLength;
      this.#holdings.drop(batch);
    }
    return dropped;
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

/** What is gone from a log: ranges whose files are of no use any more, and batches. */
export interface Trimmed {
  readonly ranges: readonly ArchivedRange[];
  readonly batches: readonly KeptBatch[];
}

const nothing: Trimmed = { ranges: [], batches: [] };

/** Index of the first range that reaches beyond `offset`: there are few. */
function firstBehind(ranges: readonly ArchivedRange[], offset: number): number {
  const index = ranges.findIndex(({ endOffset }) => endOffset > offset);
  return index < 0 ? ranges.length : index;
}
