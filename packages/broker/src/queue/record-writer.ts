/**
 * Writes the heads of records: little-endian numbers, varints (seven bits a byte, the low ones first, the top bit says "more"), and
 * what messages are made of. One buffer that grows serves all records; `finish` copies out what was written.
 */
import type { Attributes, MessageSequence } from "./message.ts";

const utf8 = new TextEncoder();

export class RecordWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** The bytes since the last `finish`. They are a copy and stay. */
  finish(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  f64(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** A whole number from 0 to 2^53 - 1, in 1 to 8 bytes. */
  varint(value: number): this {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** A whole number whose magnitude is at most 2^52: 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
  signed(value: number): this {
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): this {
    return this.varint(value.byteLength).raw(value);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): this {
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#length);
    this.#length += value.byteLength;
    return this;
  }

  /** A text as the length of its UTF-8 and the UTF-8. */
  text(value: string): this {
    const length = value.length;
    // Names are short and ASCII: copying them beats an encoder that allocates for each.
    if (length < 128) {
      this.#reserve(length + 1);
      const start = this.#length + 1;
      let at = 0;
      for (; at < length; at++) {
        const code = value.charCodeAt(at);
        if (code >= 0x80) break;
        this.#bytes[start + at] = code;
      }
      if (at === length) {
        this.#bytes[start - 1] = length;
        this.#length = start + length;
        return this;
      }
    }
    return this.bytes(utf8.encode(value));
  }

  /** attributes => count { name:text type:text (0 value:text | 1 value:bytes) } */
  attributes(attributes: Attributes): this {
    this.varint(attributes.size);
    for (const [name, { type, value }] of attributes) {
      this.text(name).text(type);
      if (typeof value === "string") this.u8(0).text(value);
      else this.u8(1).bytes(value);
    }
    return this;
  }

  /** sequences => runs { gap:signed length-1 }: what is consecutive costs two bytes; the gap counts from the end of the run before. */
  sequences(sequences: readonly MessageSequence[]): this {
    let runs = 0;
    let expected = -1;
    for (let i = 0; i < sequences.length; i++) {
      const sequence = sequences[i] as number;
      if (sequence !== expected) runs++;
      expected = sequence + 1;
    }
    this.varint(runs);
    let end = 0;
    for (let i = 0; i < sequences.length; ) {
      const start = i;
      const from = sequences[start] as number;
      while (i < sequences.length && sequences[i] === from + (i - start)) i++;
      this.signed(from - end).varint(i - start - 1);
      end = from + (i - start);
    }
    return this;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
