/** Appends that are gathered for one write: their bytes as the segment will have them, and who waits for them. */
import type { BodyPosition, JournalPart, Settled, StorageFault } from "./journal.ts";
import { bodyPosition, encodeRecord, type RecordFrame, recordHeaderBytes } from "./record-codec.ts";
import type { FileHeader, JournalFile } from "./segment.ts";

const firstBufferBytes = 4096;

/** A segment that is appended to, from the moment that its first record is encoded. */
export type OpenSegment = JournalFile & FileHeader;

export class AppendGroup {
  readonly segment: OpenSegment;
  /** Where in the segment its first byte belongs. */
  readonly offset: number;
  /** The last sequence in it; before the first append, that of the appends before. */
  lastSequence: number;
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #waiting: Settled[] = [];
  #settledCount = 0;
  /** How many of the first waiters need nothing written, and nothing synced. */
  #unwrittenCount = 0;
  #unsyncedCount = 0;

  /** `buffer` is used for the bytes and replaced by a larger one when they do not fit. */
  constructor(segment: OpenSegment, offset: number, lastSequence: number, buffer: Uint8Array) {
    this.segment = segment;
    this.offset = offset;
    this.lastSequence = lastSequence;
    this.#bytes = buffer;
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes to be written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** The whole buffer, for a later group. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  get needsSync(): boolean {
    return this.#unsyncedCount < this.#waiting.length;
  }

  /** Takes an append; pushes the positions of its bodies on `positions`. */
  add(frame: RecordFrame, parts: readonly JournalPart[], positions: BodyPosition[]): void {
    const start = this.#length;
    const end = start + recordHeaderBytes + frame.payloadBytes;
    if (end > this.#bytes.length) this.#grow(end);
    const origin = bodyPosition(this.segment.number, this.offset);
    encodeRecord(this.#bytes, this.#view, start, frame, parts, origin, positions);
    this.#length = end;
    this.lastSequence = frame.sequence;
  }

  /** Adds a waiter for everything up to here: for its sync, or for its write only. */
  wait(settled: Settled, forSync: boolean): void {
    const count = this.#waiting.push(settled);
    if (forSync) return;
    if (this.#unsyncedCount === count - 1) this.#unsyncedCount = count;
    if (this.#length === 0 && this.#unwrittenCount === count - 1) this.#unwrittenCount = count;
  }

  /** Tells the waiters that need nothing of this group. */
  settleUnwritten(): void {
    this.#settle(Math.min(this.#unwrittenCount, this.#unsyncedCount));
  }

  /** Tells those at the front that are content with the write. */
  settleWritten(): void {
    this.#settle(this.#unsyncedCount);
  }

  settleAll(fault?: StorageFault): void {
    this.#settle(this.#waiting.length, fault);
  }

  #settle(count: number, fault?: StorageFault): void {
    while (this.#settledCount < count) this.#waiting[this.#settledCount++]?.(fault);
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, 2 * this.#bytes.length, firstBufferBytes));
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
