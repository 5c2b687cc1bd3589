/**
 * Writes frames, many of them into one piece of memory and so into one write. Numbers are big-endian. What is large is not copied
 * but becomes a piece of its own.
 */
import { frameHeaderBytes } from "../frame-limits.ts";
import { fullFrameBytesMax, numberMax, textBytesMax } from "./limits.ts";

const utf8 = new TextEncoder();

/** From this size on, copying bytes costs more than one more piece in the write. */
const largeBytes = 16 * 1024;
const firstChunkBytes = 1024;
const chunkBytesMax = 64 * 1024;

/** `u32` fields that may be absent carry this. */
export const absentU32 = 0xffff_ffff;

const u8Max = 0xff;
const u16Max = 0xffff;
const u32Max = 0xffff_ffff;

/**
 * A frame is `begin`, its fields, `end`. What is behind the point of a number is cut off.
 * @throws RangeError for a number that its field cannot hold (below 0, too large, NaN), a text that is too long for
 * its field and, in `end`, a frame over 4 MiB; the frame is dropped.
 */
export class FrameWriter {
  #blocks: Uint8Array[] = [];
  #blockBytes = 0;
  #chunk: Uint8Array = new Uint8Array(firstChunkBytes);
  /** Where in the chunk the bytes begin that no block holds. */
  #from = 0;
  #at = 0;
  #begun: { blocks: number; blockBytes: number; chunk: Uint8Array; from: number; at: number } | undefined;

  /** Bytes written and not taken. */
  get bytes(): number {
    return this.#blockBytes + this.#at - this.#from;
  }

  begin(verb: number, id: number): this {
    this.#reserve(frameHeaderBytes + 5);
    this.#begun = {
      blocks: this.#blocks.length,
      blockBytes: this.#blockBytes,
      chunk: this.#chunk,
      from: this.#from,
      at: this.#at,
    };
    this.#at += frameHeaderBytes;
    this.#chunk[this.#at++] = verb;
    this.#put32(id);
    return this;
  }

  /** Completes the frame. */
  end(): void {
    const begun = this.#begun;
    if (begun === undefined) throw new RangeError("No frame was begun.");
    const frameBytes = this.bytes - begun.blockBytes - (begun.at - begun.from) - frameHeaderBytes;
    if (frameBytes > fullFrameBytesMax) {
      this.abandon();
      throw new RangeError(`The frame has ${frameBytes} bytes; ${fullFrameBytesMax} are the most.`);
    }
    this.#begun = undefined;
    store32(begun.chunk, begun.at, frameBytes);
  }

  /** Drops the frame that was begun. */
  abandon(): void {
    const begun = this.#begun;
    if (begun === undefined) return;
    this.#begun = undefined;
    this.#blocks.length = begun.blocks;
    this.#blockBytes = begun.blockBytes;
    this.#chunk = begun.chunk;
    this.#from = begun.from;
    this.#at = begun.at;
  }

  /** Hands out what was written, in order. The pieces stay as they are. */
  take(): readonly Uint8Array[] {
    this.#seal();
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#blockBytes = 0;
    return blocks;
  }

  u8(value: number): this {
    if (!(value >= 0 && value <= u8Max)) throw this.#outOfRange(value, u8Max);
    this.#reserve(1);
    this.#chunk[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    if (!(value >= 0 && value <= u16Max)) throw this.#outOfRange(value, u16Max);
    this.#reserve(2);
    this.#chunk[this.#at++] = value >>> 8;
    this.#chunk[this.#at++] = value;
    return this;
  }

  u32(value: number): this {
    if (!(value >= 0 && value <= u32Max)) throw this.#outOfRange(value, u32Max);
    this.#reserve(4);
    this.#put32(value);
    return this;
  }

  /** A whole number up to 2^53 - 1, in eight bytes. */
  u64(value: number): this {
    if (!(value >= 0 && value <= numberMax)) throw this.#outOfRange(value, numberMax);
    this.#reserve(8);
    this.#put32(Math.floor(value / 0x1_0000_0000));
    this.#put32(value);
    return this;
  }

  /** A number with a fraction, or Infinity, as IEEE 754 has it in eight bytes. */
  f64(value: number): this {
    if (Number.isNaN(value)) throw this.#outOfRange(value, Number.POSITIVE_INFINITY);
    const { chunk, at } = this.space(8);
    new DataView(chunk.buffer, chunk.byteOffset + at, 8).setFloat64(0, value);
    return this;
  }

  /** A `u32` that may be absent. */
  optional32(value: number | undefined): this {
    return this.u32(value ?? absentU32);
  }

  /** A `u64` that may be absent. */
  optional64(value: number | undefined): this {
    if (value !== undefined) return this.u64(value);
    return this.u32(absentU32).u32(absentU32);
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** A text: its length in bytes as `u16`, then its UTF-8. */
  text(value: string): this {
    const length = value.length;
    this.#reserve(2 + length);
    const start = this.#at + 2;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return this.#encoded(value);
      this.#chunk[start + i] = unit;
    }
    if (length > textBytesMax) throw this.#tooLong(length);
    this.u16(length);
    this.#at += length;
    return this;
  }

  /** Bytes: their length as `u32`, then the bytes. Large ones are kept by reference and must not change until they are written. */
  sized(value: Uint8Array): this {
    return this.u32(value.byteLength).raw(value);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): this {
    if (value.byteLength >= largeBytes) {
      this.#seal();
      this.#push(value);
      return this;
    }
    this.#reserve(value.byteLength);
    this.#chunk.set(value, this.#at);
    this.#at += value.byteLength;
    return this;
  }

  /** Sets aside `count` bytes for the caller to fill at once: cheaper than `raw` for what is computed. */
  space(count: number): { readonly chunk: Uint8Array; readonly at: number } {
    this.#reserve(count);
    const at = this.#at;
    this.#at += count;
    return { chunk: this.#chunk, at };
  }

  #encoded(value: string): this {
    const bytes = utf8.encode(value);
    if (bytes.byteLength > textBytesMax) throw this.#tooLong(bytes.byteLength);
    return this.u16(bytes.byteLength).raw(bytes);
  }

  #tooLong(length: number): RangeError {
    this.abandon();
    return new RangeError(`The text has ${length} bytes; ${textBytesMax} are the most.`);
  }

  #outOfRange(value: number, most: number): RangeError {
    this.abandon();
    return new RangeError(`A number is ${value}; it may be from 0 to ${most}.`);
  }

  #put32(value: number): void {
    store32(this.#chunk, this.#at, value);
    this.#at += 4;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#chunk.length) return;
    this.#seal();
    // What was taken before stays in the old chunk; a writer that is used much gets larger ones.
    this.#chunk = new Uint8Array(Math.max(Math.min(this.#chunk.length * 2, chunkBytesMax), count));
    this.#from = 0;
    this.#at = 0;
  }

  #seal(): void {
    if (this.#at === this.#from) return;
    this.#push(this.#chunk.subarray(this.#from, this.#at));
    this.#from = this.#at;
  }

  #push(block: Uint8Array): void {
    this.#blocks.push(block);
    this.#blockBytes += block.byteLength;
  }
}

function store32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
