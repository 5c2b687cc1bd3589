/**
 * Reads the heads of records, the mirror of the writer. It never throws and never loops on what it is told: bytes that are no record
 * make it `broken`, after which everything reads as zero or empty.
 */
import { type Attribute, type Attributes, type MessageSequence, noAttributes } from "./message.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether the bytes were what was asked for, and nothing is left of them. */
  get complete(): boolean {
    return !this.#broken && this.#at === this.#bytes.length;
  }

  /** Says that what was read cannot be, whoever noticed it. */
  reject(): void {
    this.#broken = true;
    this.#at = this.#bytes.length;
  }

  u8(): number {
    return this.#take(1) ? (this.#bytes[this.#at - 1] as number) : 0;
  }

  f64(): number {
    return this.#take(8) ? this.#view.getFloat64(this.#at - 8, true) : 0;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      if (!this.#take(1)) return 0;
      const byte = this.#bytes[this.#at - 1] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      if (scale === 2 ** 49) this.reject();
    }
    if (value > Number.MAX_SAFE_INTEGER) this.reject();
    return this.#broken ? 0 : value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** How many things follow. There cannot be more than there are bytes left for them, at `bytesEach` or more. */
  count(bytesEach = 1): number {
    const count = this.varint();
    if (count * bytesEach <= this.#bytes.length - this.#at) return count;
    this.reject();
    return 0;
  }

  /** A copy. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** A copy of as many bytes. */
  raw(length: number): Uint8Array {
    // Not `slice`: that of a Buffer is a view.
    return this.#take(length)
      ? new Uint8Array(this.#bytes.subarray(this.#at - length, this.#at))
      : new Uint8Array(0);
  }

  text(): string {
    const length = this.varint();
    return this.#take(length) ? utf8.decode(this.#bytes.subarray(this.#at - length, this.#at)) : "";
  }

  attributes(): Attributes {
    const count = this.count(4);
    if (count === 0) return noAttributes;
    const attributes = new Map<string, Attribute>();
    for (let i = 0; i < count; i++) {
      const name = this.text();
      const type = this.text();
      attributes.set(name, { type, value: this.u8() === 0 ? this.text() : this.bytes() });
    }
    return attributes;
  }

  /** At most `sequencesMax`, so that a few bytes cannot ask for a list that fills the memory. */
  sequences(): readonly MessageSequence[] {
    const sequences: MessageSequence[] = [];
    const runs = this.count(2);
    let end = 0;
    for (let run = 0; run < runs; run++) {
      const from = end + this.signed();
      const length = this.varint() + 1;
      if (sequences.length + length > sequencesMax) {
        this.reject();
        return [];
      }
      end = from + length;
      for (let sequence = from; sequence < end; sequence++) sequences.push(sequence);
    }
    return sequences;
  }

  #take(count: number): boolean {
    if (this.#at + count > this.#bytes.length) {
      this.reject();
      return false;
    }
    this.#at += count;
    return true;
  }
}

/** Sequences in one record: far more than any command writes. */
const sequencesMax = 1_000_000;
