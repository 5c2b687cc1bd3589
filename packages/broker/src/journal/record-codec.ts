/**
 * One append as bytes (docs/journal.md, "Records"). Little endian; `varint` is unsigned LEB128.
 *
 *   record  => salt:u32 crc32:u32 payload-length:u32 unsynced:u32 sequence:u64 payload
 *   payload => part+                                                  empty in a mark
 *   part    => owner:varint type:u8 head-length:varint head body-count:varint body*
 *   body    => distance:u32 length:u32 bytes                          distance > 0: from the start of the record to this field
 *            | 0:u32 position:f64                                     a body that lies elsewhere
 *
 * The checksum covers everything after itself and is seeded with the salt. `unsynced` is how many sequences before this one were
 * not known to be synced when it was written: an intact record tells about all those before them that a gap there is damage.
 */
import { crc32 } from "node:zlib";
import type { BodyPosition, JournalBody, JournalPart, ReplayedPart } from "./journal.ts";

export const recordHeaderBytes = 24;
const crcOffset = 4;
const checkedOffset = 8;

/** Longest payload of a record. An append over it is a bug of the caller: the broker's limits are far below. */
export const payloadBytesMax = 256 * 1024 * 1024;

const positionUnit = 2 ** 32;

export function bodyPosition(segmentNumber: number, offset: number): BodyPosition {
  return segmentNumber * positionUnit + offset;
}

export function segmentNumberOf(position: BodyPosition): number {
  return Math.floor(position / positionUnit);
}

/** The segment and the offset in it that a position stands for. */
export function placeOf(position: BodyPosition): { segmentNumber: number; offset: number } {
  return { segmentNumber: segmentNumberOf(position), offset: position % positionUnit };
}

/** What stands in front of a payload. */
export interface RecordFrame {
  readonly salt: number;
  readonly sequence: number;
  readonly unsynced: number;
  readonly payloadBytes: number;
}

/** Bytes of the payload that these parts make; 0 when none is to be written. */
export function payloadBytesOf(parts: readonly JournalPart[]): number {
  let bytes = 0;
  for (const part of parts) {
    if (part.durability === "memory") continue;
    bytes += varintBytes(part.owner) + 1 + varintBytes(part.head.length) + part.head.length;
    bytes += varintBytes(part.bodies.length);
    for (const body of part.bodies) bytes += body instanceof Uint8Array ? 8 + body.length : 12;
  }
  return bytes;
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/**
 * Writes a record at `start` of `bytes` (`view` is on the same buffer) and pushes the position of each body of each part on
 * `positions`; `origin` is the position that offset 0 of `bytes` will have.
 */
export function encodeRecord(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  frame: RecordFrame,
  parts: readonly JournalPart[],
  origin: BodyPosition,
  positions: BodyPosition[],
): void {
  let at = start + recordHeaderBytes;
  for (const part of parts) {
    if (part.durability === "memory") {
      for (const body of part.bodies) positions.push(unwrittenPosition(body));
      continue;
    }
    at = writeVarint(bytes, at, part.owner);
    bytes[at++] = part.type;
    at = writeVarint(bytes, at, part.head.length);
    bytes.set(part.head, at);
    at = writeVarint(bytes, at + part.head.length, part.bodies.length);
    for (const body of part.bodies) {
      positions.push(body instanceof Uint8Array ? origin + at : body.position);
      at = writeBody(bytes, view, start, at, body);
    }
  }
  writeFrame(bytes, view, start, frame);
}

/** Where a body lies whose part is not written: nowhere, unless it was written before. */
export function unwrittenPosition(body: JournalBody): BodyPosition {
  return body instanceof Uint8Array ? 0 : body.position;
}

function writeBody(bytes: Uint8Array, view: DataView, start: number, at: number, body: JournalBody): number {
  if (!(body instanceof Uint8Array)) {
    view.setUint32(at, 0, true);
    view.setFloat64(at + 4, body.position, true);
    return at + 12;
  }
  view.setUint32(at, at - start, true);
  view.setUint32(at + 4, body.length, true);
  bytes.set(body, at + 8);
  return at + 8 + body.length;
}

function writeFrame(bytes: Uint8Array, view: DataView, start: number, frame: RecordFrame): void {
  view.setUint32(start, frame.salt, true);
  view.setUint32(start + 8, frame.payloadBytes, true);
  view.setUint32(start + 12, frame.unsynced, true);
  view.setUint32(start + 16, frame.sequence % positionUnit, true);
  view.setUint32(start + 20, Math.floor(frame.sequence / positionUnit), true);
  const end = start + recordHeaderBytes + frame.payloadBytes;
  view.setUint32(start + crcOffset, crc32(bytes.subarray(start + checkedOffset, end), frame.salt), true);
}

/** A record without parts: says what is synced. It takes no sequence; its own is that of the next append. */
export function encodeMark(salt: number, nextSequence: number, unsynced: number): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes);
  writeFrame(bytes, new DataView(bytes.buffer), 0, {
    salt,
    sequence: nextSequence,
    unsynced,
    payloadBytes: 0,
  });
  return bytes;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next] = rest;
  return next + 1;
}

/** The frame at `start`, unchecked; undefined when what stands there cannot begin a record of this file. */
export function readFrame(view: DataView, start: number, salt: number): RecordFrame | undefined {
  if (start + recordHeaderBytes > view.byteLength || view.getUint32(start, true) !== salt) return undefined;
  const payloadBytes = view.getUint32(start + 8, true);
  if (payloadBytes > payloadBytesMax) return undefined;
  const sequence = view.getUint32(start + 20, true) * positionUnit + view.getUint32(start + 16, true);
  return { salt, sequence, unsynced: view.getUint32(start + 12, true), payloadBytes };
}

/** Whether the record at `start`, which lies whole in `bytes`, is as it was written. */
export function recordHolds(bytes: Uint8Array, view: DataView, start: number, frame: RecordFrame): boolean {
  const end = start + recordHeaderBytes + frame.payloadBytes;
  const stored = view.getUint32(start + crcOffset, true);
  return crc32(bytes.subarray(start + checkedOffset, end), frame.salt) === stored;
}

/**
 * The parts of a checked record at `start`; heads and bodies are views on `bytes`. `origin` is the position of offset 0 of `bytes`.
 * Undefined when the payload is not as this format has it.
 */
export function decodeParts(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  frame: RecordFrame,
  origin: BodyPosition,
): ReplayedPart[] | undefined {
  const reader = new PayloadReader(bytes, view, start, frame.payloadBytes);
  const parts: ReplayedPart[] = [];
  while (reader.more) {
    const owner = reader.varint();
    const type = reader.byte();
    const head = reader.take(reader.varint());
    const bodies: { position: BodyPosition; bytes?: Uint8Array }[] = [];
    for (let count = reader.varint(); count > 0 && !reader.failed; count--) bodies.push(reader.body(origin));
    if (reader.failed) return undefined;
    parts.push({ owner, type, head, bodies });
  }
  return parts;
}

/** Reads within a payload; a read beyond its end sets `failed` and gives nothing. */
class PayloadReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  #at: number;
  failed = false;

  constructor(bytes: Uint8Array, view: DataView, start: number, payloadBytes: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#start = start;
    this.#at = start + recordHeaderBytes;
    this.#end = this.#at + payloadBytes;
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#end - at) this.failed = true;
    else this.#at += count;
    return at;
  }

  byte(): number {
    const at = this.#skip(1);
    return this.failed ? 0 : (this.#bytes[at] ?? 0);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 28; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    this.failed = true;
    return 0;
  }

  take(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.failed ? this.#bytes.subarray(0, 0) : this.#bytes.subarray(at, at + count);
  }

  body(origin: BodyPosition): { position: BodyPosition; bytes?: Uint8Array } {
    const at = this.#skip(8);
    if (this.failed) return { position: 0 };
    const distance = this.#view.getUint32(at, true);
    if (distance === 0) {
      this.#skip(4);
      return { position: this.failed ? 0 : this.#view.getFloat64(at + 4, true) };
    }
    if (distance !== at - this.#start) this.failed = true;
    return { position: origin + at, bytes: this.take(this.#view.getUint32(at + 4, true)) };
  }
}
