/**
 * Reads the fields of one payload. Total: what does not follow the grammar is noted, and from then on every read gives nothing, so
 * that a decoder reads to its end and asks `fault` once. Nothing is allocated by a length or count that the payload does not hold.
 */

import { TextReader } from "./utf8.ts";
import type { WireFault } from "./wire-fault.ts";
import { absentU32 } from "./writer.ts";

const nothing = new Uint8Array(0);

export class PayloadReader {
  readonly #texts = new TextReader();
  #bytes: Uint8Array = nothing;
  #at = 0;
  #end = 0;
  #code: "malformed" | "invalid-field" | "limit-exceeded" | undefined;
  #sentence = "";

  /** Starts on a new payload, behind its header. */
  reset(payload: Uint8Array, at: number): void {
    this.#bytes = payload;
    this.#at = at;
    this.#end = payload.length;
    this.#code = undefined;
  }

  get failed(): boolean {
    return this.#code !== undefined;
  }

  /** The payload and where in it the next field lies: for views that are read when they are wanted. */
  get payload(): Uint8Array {
    return this.#bytes;
  }

  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Why this payload is not a `verb`; undefined when it was read to its last byte without a fault. */
  fault(verb: string, id: number): WireFault | undefined {
    if (this.#code === undefined && this.#at < this.#end) {
      this.malformed(`${this.#end - this.#at} bytes follow its last field`);
    }
    if (this.#code === undefined) return undefined;
    return { verb: "unreadable", id, code: this.#code, sentence: `In ${verb}: ${this.#sentence}.` };
  }

  malformed(what: string): void {
    if (this.#code !== undefined) return;
    this.#code = "malformed";
    this.#sentence = what;
    this.#at = this.#end;
  }

  /** Well-formed, and yet a value that cannot be. */
  invalid(what: string): void {
    if (this.#code !== undefined) return;
    this.#code = "invalid-field";
    this.#sentence = what;
    this.#at = this.#end;
  }

  exceeded(what: string, count: number, countMax: number): void {
    if (this.#code !== undefined) return;
    this.#code = "limit-exceeded";
    this.#sentence = `${count} ${what}; ${countMax} are the most`;
    this.#at = this.#end;
  }

  u8(): number {
    if (this.#at >= this.#end) return this.#short();
    return this.#bytes[this.#at++] as number;
  }

  u16(): number {
    if (this.#at + 2 > this.#end) return this.#short();
    const at = this.#at;
    this.#at += 2;
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  u32(): number {
    if (this.#at + 4 > this.#end) return this.#short();
    const value = load32(this.#bytes, this.#at);
    this.#at += 4;
    return value;
  }

  /** A whole number of eight bytes; above 2^53 - 1 it is malformed. */
  u64(): number {
    if (this.#at + 8 > this.#end) return this.#short();
    const value = load64(this.#bytes, this.#at);
    if (value > Number.MAX_SAFE_INTEGER) {
      this.malformed("a number is above 2^53 - 1");
      return 0;
    }
    this.#at += 8;
    return value;
  }

  /** A number with a fraction, or Infinity; one that is none is malformed. */
  f64(): number {
    const at = this.skip(8);
    if (at < 0) return 0;
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0);
    if (!Number.isNaN(value)) return value;
    this.malformed("a number is none");
    return 0;
  }

  optional32(): number | undefined {
    const value = this.u32();
    return value === absentU32 ? undefined : value;
  }

  optional64(): number | undefined {
    if (
      this.#at + 8 <= this.#end &&
      load32(this.#bytes, this.#at) === absentU32 &&
      load32(this.#bytes, this.#at + 4) === absentU32
    ) {
      this.#at += 8;
      return undefined;
    }
    return this.u64();
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) this.malformed(`a flag is ${value}, neither 0 nor 1`);
    return value === 1;
  }

  /** One of `values`, by its place in them. */
  choice<Value>(what: string, values: readonly Value[]): Value {
    const place = this.u8();
    if (place < values.length) return values[place] as Value;
    this.malformed(`${what} is ${place}, which means nothing`);
    return values[0] as Value;
  }

  /** How many things follow, each of at least `bytesMin`. */
  count(what: string, value: number, countMax: number, bytesMin: number): number {
    if (this.#code !== undefined) return 0;
    if (value * bytesMin > this.remaining) {
      this.malformed(`${value} ${what} are announced, more than the payload holds`);
      return 0;
    }
    if (value > countMax) {
      this.exceeded(what, value, countMax);
      return 0;
    }
    return value;
  }

  text(what: string, bytesMax: number): string {
    const length = this.u16();
    const at = this.#at;
    if (at + length > this.#end) {
      this.#short();
      return "";
    }
    if (length > bytesMax) {
      this.exceeded(`bytes in ${what}`, length, bytesMax);
      return "";
    }
    const value = this.#texts.read(this.#bytes, at, at + length);
    if (value === undefined) {
      this.malformed(`${what} is not valid UTF-8`);
      return "";
    }
    this.#at = at + length;
    return value;
  }

  /** Bytes with their length: a view of the payload. */
  sized(): Uint8Array {
    return this.raw(this.u32());
  }

  /** The next `count` bytes: a view of the payload. */
  raw(count: number): Uint8Array {
    const at = this.#at;
    if (this.skip(count) < 0) return nothing;
    return this.#bytes.subarray(at, at + count);
  }

  /** Passes over `count` bytes and tells where they begin; -1 when they are not there. */
  skip(count: number): number {
    const at = this.#at;
    if (at + count > this.#end) {
      this.#short();
      return -1;
    }
    this.#at = at + count;
    return at;
  }

  #short(): 0 {
    this.malformed("the payload ends in the middle of a field");
    return 0;
  }
}

export function load32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x100_0000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  );
}

export function load64(bytes: Uint8Array, at: number): number {
  return load32(bytes, at) * 0x1_0000_0000 + load32(bytes, at + 4);
}
