/** The primitive types of Kafka's protocol in its older form, without tagged fields: big-endian numbers, strings and arrays behind their length. */

export class KafkaWriter {
  readonly #parts: Uint8Array[] = [];

  int8(value: number): this {
    return this.#add(1, (bytes) => bytes.writeInt8(value));
  }

  int16(value: number): this {
    return this.#add(2, (bytes) => bytes.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#add(4, (bytes) => bytes.writeInt32BE(value));
  }

  int64(value: number): this {
    return this.#add(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)));
  }

  /** A string of at most 32,767 bytes, or null. */
  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const bytes = Buffer.from(text);
    return this.int16(bytes.length).raw(bytes);
  }

  bytes(bytes: Uint8Array): this {
    return this.int32(bytes.length).raw(bytes);
  }

  /** A zigzag varint, as records hold them. */
  varint(value: number): this {
    const bytes: number[] = [];
    let left = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80);
    bytes.push(left);
    return this.raw(Uint8Array.from(bytes));
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(byteCount: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(byteCount);
    write(bytes);
    return this.raw(bytes);
  }
}

export class KafkaReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    this.#at += 1;
    return this.#bytes.readInt8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigInt64BE(this.#at - 8));
  }

  string(): string | null {
    const byteCount = this.int16();
    if (byteCount < 0) return null;
    this.#at += byteCount;
    return this.#bytes.toString("utf8", this.#at - byteCount, this.#at);
  }

  /** A view; empty for null. */
  bytes(): Buffer {
    const byteCount = Math.max(0, this.int32());
    this.#at += byteCount;
    return this.#bytes.subarray(this.#at - byteCount, this.#at);
  }

  array<Item>(read: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }
}
