/** A record of a topic as a fetch or a live subscription hands it out. */
/*  kept-record => partition:u32 offset:u64 published-at:u64 flags:u8 [key:sized] [attributes] body:sized
    flags: 1 attributes follow, 2 a key follows.  docs/protocol.md, "Topics"                                   */
import { noWireAttributes, readAttributes, type WireAttributes } from "./attributes.ts";
import { answerCountMax } from "./limits.ts";
import { attributesFlag, keyFlag, readFlags, writeFlags } from "./message.ts";
import { load32, load64, type PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** What a server hands out. */
export interface KeptRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the Unix epoch. */
  readonly publishedAtMs: number;
  readonly key: Uint8Array | undefined;
  readonly attributes: WireAttributes;
  readonly body: Uint8Array;
}

const flagsAt = 20;
const keyAt = flagsAt + 1;
const recordBytesMin = keyAt + 4;

/**
 * A record as it lies in its payload, checked when the payload was read; each property is read when it is wanted. It keeps the
 * payload alive: copy a body that is to stay.
 */
export class WireRecord implements KeptRecord {
  readonly #payload: Uint8Array;
  readonly #at: number;
  readonly #bodyAt: number;
  readonly #bodyEnd: number;
  readonly attributes: WireAttributes;

  constructor(payload: Uint8Array, at: number, bodyAt: number, bodyEnd: number, attributes: WireAttributes) {
    this.#payload = payload;
    this.#at = at;
    this.#bodyAt = bodyAt;
    this.#bodyEnd = bodyEnd;
    this.attributes = attributes;
  }

  get partition(): number {
    return load32(this.#payload, this.#at);
  }

  get offset(): number {
    return load64(this.#payload, this.#at + 4);
  }

  get publishedAtMs(): number {
    return load64(this.#payload, this.#at + 12);
  }

  /** A view of the payload; undefined when the record was published without a key. */
  get key(): Uint8Array | undefined {
    if (((this.#payload[this.#at + flagsAt] as number) & keyFlag) === 0) return undefined;
    const start = this.#at + keyAt + 4;
    return this.#payload.subarray(start, start + load32(this.#payload, this.#at + keyAt));
  }

  /** A view of the payload. */
  get body(): Uint8Array {
    return this.#payload.subarray(this.#bodyAt, this.#bodyEnd);
  }

  get bodyBytes(): number {
    return this.#bodyEnd - this.#bodyAt;
  }
}

/** Fields of kept records without what surrounds them, so that one encoding can serve many subscribers. */
export function writeKeptRecords(to: FrameWriter, records: readonly KeptRecord[]): void {
  for (const record of records) {
    to.u32(record.partition).u64(record.offset).u64(record.publishedAtMs);
    writeFlags(to, record.key, record.attributes);
    to.sized(record.body);
  }
}

/** `announced`: how many follow. */
export function readKeptRecords(from: PayloadReader, announced: number): readonly WireRecord[] {
  const count = from.count("records", announced, answerCountMax, recordBytesMin);
  const records: WireRecord[] = [];
  for (let i = 0; i < count && !from.failed; i++) records.push(readKeptRecord(from));
  return records;
}

function readKeptRecord(from: PayloadReader): WireRecord {
  const at = from.at;
  from.skip(4);
  from.u64();
  from.u64();
  const flags = readFlags(from, attributesFlag | keyFlag);
  if ((flags & keyFlag) !== 0) from.skip(from.u32());
  const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
  const bodyBytes = from.u32();
  const bodyAt = from.skip(bodyBytes);
  return new WireRecord(from.payload, at, bodyAt, bodyAt + bodyBytes, attributes);
}
