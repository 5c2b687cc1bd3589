/** Records of a topic as a fetch or a live subscription hands them out: in batches, of which each was encoded once. */
/*  kept-batch => partition:u32 first-offset:u64 published-at:u64 bytes:u32 batch      `bytes` is the length of the batch
    batch      => count:u32 { record }                                                 as in publish
    The records of a batch have consecutive offsets.  docs/protocol.md, "Topics"                                            */
import { attributesBytes, noWireAttributes, readAttributes, type WireAttributes } from "./attributes.ts";
import { entryCountMax } from "./limits.ts";
import { attributesFlag, keyFlag, readFlags, writeOutgoingRecords } from "./message.ts";
import { load32, type PayloadReader } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

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

/** Records with consecutive offsets of one partition, encoded. */
export interface KeptBatch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly publishedAtMs: number;
  /** `count:u32 { record }`. */
  readonly bytes: Uint8Array;
}

/** What the records of one batch have in common. */
interface BatchHead {
  readonly partition: number;
  readonly firstOffset: number;
  readonly publishedAtMs: number;
}

const recordBytesMin = 5;
const batchBytesMin = 24;

/**
 * A record as it lies in its payload, checked when the payload was read; each property is read when it is wanted. It keeps the
 * payload alive: copy a body that is to stay.
 */
export class WireRecord implements KeptRecord {
  readonly #head: BatchHead;
  readonly #index: number;
  readonly #payload: Uint8Array;
  readonly #at: number;
  readonly #bodyAt: number;
  readonly #bodyEnd: number;
  readonly attributes: WireAttributes;

  constructor(
    head: BatchHead,
    index: number,
    payload: Uint8Array,
    at: number,
    bodyAt: number,
    bodyEnd: number,
    attributes: WireAttributes,
  ) {
    this.#head = head;
    this.#index = index;
    this.#payload = payload;
    this.#at = at;
    this.#bodyAt = bodyAt;
    this.#bodyEnd = bodyEnd;
    this.attributes = attributes;
  }

  get partition(): number {
    return this.#head.partition;
  }

  get offset(): number {
    return this.#head.firstOffset + this.#index;
  }

  get publishedAtMs(): number {
    return this.#head.publishedAtMs;
  }

  /** A view of the payload; undefined when the record was published without a key. */
  get key(): Uint8Array | undefined {
    if (((this.#payload[this.#at] as number) & keyFlag) === 0) return undefined;
    const start = this.#at + 5;
    return this.#payload.subarray(start, start + load32(this.#payload, this.#at + 1));
  }

  /** A view of the payload. */
  get body(): Uint8Array {
    return this.#payload.subarray(this.#bodyAt, this.#bodyEnd);
  }

  get bodyBytes(): number {
    return this.#bodyEnd - this.#bodyAt;
  }
}

/** Bytes that a record takes in a frame, at most: as if it were a batch of its own. */
export const recordBytes = ({ key, body, attributes }: KeptRecord): number =>
  batchBytesMin + recordBytesMin + 4 + (key?.byteLength ?? 0) + body.byteLength + attributesBytes(attributes);

/** Bytes that a batch takes in a frame. */
export const batchBytes = ({ bytes }: KeptBatch): number => batchBytesMin + bytes.byteLength;

export function writeKeptBatches(to: FrameWriter, batches: readonly KeptBatch[]): void {
  for (const { partition, firstOffset, publishedAtMs, bytes } of batches) {
    to.u32(partition).u64(firstOffset).u64(publishedAtMs).sized(bytes);
  }
}

/** Records as few batches: consecutive ones of a partition that were published at the same time share one. */
export function batchesOf(records: readonly KeptRecord[]): readonly KeptBatch[] {
  const batches: KeptBatch[] = [];
  for (let from = 0; from < records.length; ) {
    const first = records[from] as KeptRecord;
    let until = from + 1;
    while (until < records.length && follows(records[until] as KeptRecord, first, until - from)) until++;
    const to = new FrameWriter();
    writeOutgoingRecords(to, records.slice(from, until));
    const { partition, offset, publishedAtMs } = first;
    batches.push({ partition, firstOffset: offset, publishedAtMs, bytes: joined(to.take()) });
    from = until;
  }
  return batches;
}

const follows = (record: KeptRecord, first: KeptRecord, distance: number): boolean =>
  record.partition === first.partition &&
  record.offset === first.offset + distance &&
  record.publishedAtMs === first.publishedAtMs;

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  const [only] = blocks;
  if (only !== undefined && blocks.length === 1) return only;
  let bytes = 0;
  for (const block of blocks) bytes += block.byteLength;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.byteLength;
  }
  return whole;
}

/** Batches of a fetch: the first may begin before the offset that was asked for, and the last end behind what was asked. */
export interface Wanted {
  readonly fromOffset: number;
  readonly recordsMax: number;
}

const everything: Wanted = { fromOffset: 0, recordsMax: entryCountMax };

export function readKeptBatches(from: PayloadReader, wanted: Wanted = everything): readonly WireRecord[] {
  const count = from.count("batches", from.u32(), entryCountMax, batchBytesMin);
  const records: WireRecord[] = [];
  for (let i = 0; i < count && !from.failed; i++) readKeptBatch(from, wanted, records);
  return records;
}

function readKeptBatch(from: PayloadReader, { fromOffset, recordsMax }: Wanted, records: WireRecord[]): void {
  const head = { partition: from.u32(), firstOffset: from.u64(), publishedAtMs: from.u64() };
  const bytes = from.u32();
  const end = from.at + bytes;
  if (bytes > from.remaining) from.malformed("a batch is longer than its payload");
  const count = from.count("records", from.u32(), entryCountMax, recordBytesMin);
  for (let i = 0; i < count && !from.failed; i++) {
    const at = from.at;
    const flags = readFlags(from, attributesFlag | keyFlag);
    if ((flags & keyFlag) !== 0) from.skip(from.u32());
    const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
    const bodyBytes = from.u32();
    const bodyAt = from.skip(bodyBytes);
    if (head.firstOffset + i < fromOffset || records.length >= recordsMax) continue;
    records.push(new WireRecord(head, i, from.payload, at, bodyAt, bodyAt + bodyBytes, attributes));
  }
  if (!from.failed && from.at !== end) from.malformed("a batch does not end where its length says");
}
