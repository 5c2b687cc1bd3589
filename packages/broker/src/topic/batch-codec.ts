/**
 * A batch of records with consecutive offsets as one piece of bytes. It says nothing of where it lies, so that it can be kept, moved and
 * sent as it is; records are those of `publish` in docs/protocol.md. Numbers are big-endian.
 *
 *     batch      => count:u32 { record }
 *     record     => flags:u8 [key:sized] [attributes] body:sized          flags: 1 attributes follow, 2 a key follows
 *     attributes => count:u8 { name:text type:text value:sized }          a value is bytes when its type is binary, else UTF-8
 *     text       => bytes:u16 utf-8          sized => bytes:u32 bytes
 */
import { type Attribute, type Attributes, noAttributes } from "../queue/message.ts";
import type { OutgoingRecord } from "./commands.ts";

const attributesFlag = 1;
const keyFlag = 2;
const countBytes = 4;
/** Bytes of a record beside what it carries; also of the smallest one. */
export const recordBytesMin = 5;

const toUtf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of a batch of so many records, at least. */
export const batchBytesMin = (count: number): number => countBytes + count * recordBytesMin;

/** The bytes are a copy and stay. A record has at most 255 attributes, whose names and types have at most 65,535 bytes each. */
export function encodeBatch(records: readonly OutgoingRecord[]): Uint8Array {
  let bytesMax = countBytes;
  for (const record of records) bytesMax += recordBytesMax(record);
  const bytes = new Uint8Array(bytesMax);
  let at = put32(bytes, 0, records.length);
  for (const { key, attributes, body } of records) {
    bytes[at++] = (attributes.size > 0 ? attributesFlag : 0) | (key === undefined ? 0 : keyFlag);
    if (key !== undefined) at = putSized(bytes, at, key);
    if (attributes.size > 0) at = putAttributes(bytes, at, attributes);
    at = putSized(bytes, at, body);
  }
  return at === bytesMax ? bytes : bytes.slice(0, at);
}

/**
 * Up to `max` records from the one with index `skip` on; undefined when the bytes are no batch as far as they were read. Keys, bodies
 * and binary values are views of `bytes`.
 */
export function decodeBatch(
  bytes: Uint8Array,
  skip = 0,
  max = Number.POSITIVE_INFINITY,
): readonly OutgoingRecord[] | undefined {
  const from = new BatchReader(bytes);
  const count = from.u32();
  if (batchBytesMin(count) > bytes.length) return undefined;
  const records: OutgoingRecord[] = [];
  const end = Math.min(count, skip + max);
  for (let i = 0; i < end && !from.broken; i++) {
    const flags = from.u8();
    if (flags > (attributesFlag | keyFlag)) return undefined;
    const key = (flags & keyFlag) === 0 ? undefined : from.sized();
    const attributes = (flags & attributesFlag) === 0 ? noAttributes : from.attributes();
    const body = from.sized();
    if (i >= skip) records.push({ key, body, attributes });
  }
  if (from.broken || (end === count && from.left !== 0)) return undefined;
  return records;
}

/** What the record takes at most: three bytes of UTF-8 are the most for a unit of a string. */
function recordBytesMax({ key, attributes, body }: OutgoingRecord): number {
  let bytes = recordBytesMin + body.byteLength + (key === undefined ? 0 : 4 + key.byteLength);
  if (attributes.size === 0) return bytes;
  bytes += 1;
  for (const [name, { type, value }] of attributes) {
    bytes += 8 + (name.length + type.length) * 3;
    bytes += typeof value === "string" ? value.length * 3 : value.byteLength;
  }
  return bytes;
}

function putAttributes(bytes: Uint8Array, start: number, attributes: Attributes): number {
  let at = start;
  bytes[at++] = attributes.size;
  for (const [name, { type, value }] of attributes) {
    at = putText(bytes, at, name);
    at = putText(bytes, at, type);
    if (typeof value !== "string") {
      at = putSized(bytes, at, value);
      continue;
    }
    const { written } = toUtf8.encodeInto(value, bytes.subarray(at + 4));
    at = put32(bytes, at, written) + written;
  }
  return at;
}

function putText(bytes: Uint8Array, at: number, text: string): number {
  const { written } = toUtf8.encodeInto(text, bytes.subarray(at + 2));
  bytes[at] = written >>> 8;
  bytes[at + 1] = written;
  return at + 2 + written;
}

function putSized(bytes: Uint8Array, at: number, value: Uint8Array): number {
  const start = put32(bytes, at, value.byteLength);
  bytes.set(value, start);
  return start + value.byteLength;
}

function put32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

const nothing = new Uint8Array(0);

/** Never throws: bytes that are not there make it `broken`, after which everything reads as zero or empty. */
class BatchReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#take(1) ? (this.#bytes[this.#at - 1] as number) : 0;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    if (!this.#take(4)) return 0;
    const [bytes, at] = [this.#bytes, this.#at];
    const low = ((bytes[at - 3] as number) << 16) | ((bytes[at - 2] as number) << 8);
    return (bytes[at - 4] as number) * 0x100_0000 + (low | (bytes[at - 1] as number));
  }

  sized(): Uint8Array {
    return this.#view(this.u32());
  }

  attributes(): Attributes {
    const count = this.u8();
    const attributes = new Map<string, Attribute>();
    for (let i = 0; i < count && !this.broken; i++) {
      const name = fromUtf8.decode(this.#view(this.u16()));
      const type = fromUtf8.decode(this.#view(this.u16()));
      const value = this.sized();
      const isBinary = type === "binary" || type.startsWith("binary.");
      attributes.set(name, { type, value: isBinary ? value : fromUtf8.decode(value) });
    }
    return attributes;
  }

  #view(length: number): Uint8Array {
    if (!this.#take(length)) return nothing;
    // Not `subarray`: that of a Buffer is a Buffer.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#at - length, length);
  }

  #take(count: number): boolean {
    if (this.#at + count > this.#bytes.length) {
      this.broken = true;
      this.#at = this.#bytes.length;
      return false;
    }
    this.#at += count;
    return true;
  }
}
