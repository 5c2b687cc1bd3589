/**
 * Reads the records of one file through a window of it, so that a segment is never in memory as a whole. Knows what is a record
 * and what is not; what it means that something is not one, recovery decides.
 */
import { Fault } from "@sluice/runtime";
import type { DiskFile } from "./disk.ts";
import type { BodyPosition, ReplayedPart } from "./journal.ts";
import {
  bodyPosition,
  decodeParts,
  type RecordFrame,
  readFrame,
  recordHeaderBytes,
  recordHolds,
} from "./record-codec.ts";
import type { FileIdentity } from "./segment.ts";
import { readWhole } from "./whole-transfer.ts";

const windowBytes = 1024 * 1024;

/** A whole record whose checksum holds. Its parts are to be decoded before the next call. */
export interface FoundRecord extends RecordFrame {
  readonly offset: number;
  /** Offset of the first byte after it. */
  readonly end: number;
}

/** Where the bytes that decide must be in the window first. */
interface Unread {
  readonly unreadBytes: number;
}

export class RecordReader {
  readonly #file: DiskFile;
  readonly #identity: FileIdentity;
  readonly size: number;
  #bytes: Uint8Array;
  #view: DataView;
  #windowOffset = 0;
  #windowLength = 0;

  /** Reads the first `size` bytes of `file`. */
  constructor(file: DiskFile, identity: FileIdentity, size: number) {
    this.#file = file;
    this.#identity = identity;
    this.size = size;
    this.#bytes = new Uint8Array(Math.min(windowBytes, size));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** The record at `offset` if it can be told from what was read already; "unread" when `recordAt` must be asked. */
  bufferedRecordAt(offset: number): FoundRecord | undefined | "unread" {
    const found = this.#look(offset);
    return found !== undefined && "unreadBytes" in found ? "unread" : found;
  }

  /** The record at `offset`; undefined when there is none. */
  async recordAt(offset: number): Promise<FoundRecord | undefined> {
    for (;;) {
      const found = this.#look(offset);
      if (found === undefined || !("unreadBytes" in found)) return found;
      await this.#read(offset, found.unreadBytes);
    }
  }

  /**
   * The first record at or after `offset` that can belong there when `sequence` is the next one missing: an older one is a stale
   * copy. A body cannot pass for a record, because nobody outside knows the salt.
   */
  async nextRecord(offset: number, sequence: number): Promise<FoundRecord | undefined> {
    const marker = new Uint8Array(4);
    new DataView(marker.buffer).setUint32(0, this.#identity.salt, true);
    let at = offset;
    while (at + recordHeaderBytes <= this.size) {
      if (at < this.#windowOffset || at + marker.length > this.#windowOffset + this.#windowLength) {
        await this.#read(at, recordHeaderBytes);
      }
      const window = Buffer.from(this.#bytes.buffer, 0, this.#windowLength);
      const index = window.indexOf(marker, at - this.#windowOffset);
      if (index < 0) {
        at = this.#windowOffset + this.#windowLength - (marker.length - 1);
        if (this.#windowOffset + this.#windowLength === this.size) return undefined;
        continue;
      }
      at = this.#windowOffset + index;
      const found = await this.recordAt(at);
      if (found !== undefined && found.sequence >= sequence) return found;
      at += 1;
    }
    return undefined;
  }

  /** The parts of a record just found, as views that hold until the next call. Undefined when the payload makes no sense. */
  parts(record: FoundRecord): ReplayedPart[] | undefined {
    return decodeParts(this.#bytes, this.#view, record.offset - this.#windowOffset, record, this.#origin);
  }

  get #origin(): BodyPosition {
    return bodyPosition(this.#identity.number, this.#windowOffset);
  }

  #look(offset: number): FoundRecord | Unread | undefined {
    if (offset + recordHeaderBytes > this.size) return undefined;
    const at = offset - this.#windowOffset;
    if (at < 0 || at + recordHeaderBytes > this.#windowLength) return { unreadBytes: recordHeaderBytes };
    const frame = readFrame(this.#view, at, this.#identity.salt);
    if (frame === undefined) return undefined;
    const end = offset + recordHeaderBytes + frame.payloadBytes;
    if (end > this.size) return undefined;
    if (end > this.#windowOffset + this.#windowLength) return { unreadBytes: end - offset };
    if (!recordHolds(this.#bytes, this.#view, at, frame)) return undefined;
    const { salt, sequence, unsynced, payloadBytes } = frame;
    return { salt, sequence, unsynced, payloadBytes, offset, end };
  }

  /** Moves the window to `offset`; it has at least `count` bytes then, which the file must have. */
  async #read(offset: number, count: number): Promise<void> {
    if (count > this.#bytes.length) {
      this.#bytes = new Uint8Array(count);
      this.#view = new DataView(this.#bytes.buffer);
    }
    const length = Math.min(this.#bytes.length, this.size - offset);
    this.#windowOffset = offset;
    this.#windowLength = await readWhole(this.#file, this.#bytes.subarray(0, length), offset);
    if (this.#windowLength < length) {
      throw new Fault(
        "storage-failed",
        `A file of the journal ended at ${offset + this.#windowLength} of ${this.size} bytes.`,
      );
    }
  }
}
