/**
 * What stands in an archive file (docs/journal.md, "Archive files"), as bytes. Little endian.
 *
 *   file    => header group+ index trailer
 *   group   => a record of one part of type 1: head partition:u32 { batch }, and a body for each batch
 *   batch   => first-offset:f64 count:u32 published-at:f64
 *   index   => a record of one part of type 2: head { file-offset:f64 first-offset:f64 newest:f64 }, one for each group
 *   trailer => salt:u32 crc32:u32 index-offset:f64
 */
import { crc32 } from "node:zlib";
import type { ArchivedBatch, ArchiveSource } from "./archive.ts";
import type { JournalPart, ReplayedPart } from "./journal.ts";
import { encodeRecord, payloadBytesOf, recordHeaderBytes } from "./record-codec.ts";

export const trailerBytes = 16;
const batchHeadBytes = 20;
const entryBytes = 24;
const types = { group: 1, index: 2 } as const;

/** Where a group stands in the file, and what is in it. */
export interface GroupEntry {
  readonly fileOffset: number;
  readonly firstOffset: number;
  /** When the newest of its batches was published. */
  readonly newestMs: number;
}

export function groupPart(
  { owner, partition }: ArchiveSource,
  batches: readonly ArchivedBatch[],
): JournalPart {
  const head = new DataView(new ArrayBuffer(4 + batches.length * batchHeadBytes));
  head.setUint32(0, partition, true);
  let at = 4;
  for (const { firstOffset, count, publishedAtMs } of batches) {
    head.setFloat64(at, firstOffset, true);
    head.setUint32(at + 8, count, true);
    head.setFloat64(at + 12, publishedAtMs, true);
    at += batchHeadBytes;
  }
  const bodies = batches.map(({ bytes }) => bytes);
  return { owner, type: types.group, durability: "synced", head: bytesOf(head), bodies };
}

export function indexPart(owner: number, entries: readonly GroupEntry[]): JournalPart {
  const head = new DataView(new ArrayBuffer(entries.length * entryBytes));
  for (const [i, { fileOffset, firstOffset, newestMs }] of entries.entries()) {
    head.setFloat64(i * entryBytes, fileOffset, true);
    head.setFloat64(i * entryBytes + 8, firstOffset, true);
    head.setFloat64(i * entryBytes + 16, newestMs, true);
  }
  return { owner, type: types.index, durability: "synced", head: bytesOf(head), bodies: [] };
}

/** Bytes of the record that a part makes. */
export const recordBytesOf = (part: JournalPart): number => recordHeaderBytes + payloadBytesOf([part]);

/** Writes the record of a part, the `sequence`th of the file, at `start` of `bytes`. */
export function putRecord(
  bytes: Uint8Array,
  start: number,
  salt: number,
  sequence: number,
  part: JournalPart,
): void {
  const frame = { salt, sequence, unsynced: 0, payloadBytes: payloadBytesOf([part]) };
  encodeRecord(bytes, viewOf(bytes), start, frame, [part], 0, []);
}

export interface Group extends ArchiveSource {
  readonly batches: readonly ArchivedBatch[];
}

/** The group, its bytes as views; undefined when the part is none. */
export function readGroup(parts: readonly ReplayedPart[] | undefined): Group | undefined {
  const [part] = parts ?? [];
  if (part?.type !== types.group || part.head.length !== 4 + part.bodies.length * batchHeadBytes) {
    return undefined;
  }
  const head = viewOf(part.head);
  const batches = part.bodies.map(({ bytes = part.head.subarray(0, 0) }, i): ArchivedBatch => {
    const at = 4 + i * batchHeadBytes;
    return {
      firstOffset: head.getFloat64(at, true),
      count: head.getUint32(at + 8, true),
      publishedAtMs: head.getFloat64(at + 12, true),
      bytes,
    };
  });
  return { owner: part.owner, partition: head.getUint32(0, true), batches };
}

/** The entries of an index; undefined when the part is none. */
export function readIndex(parts: readonly ReplayedPart[] | undefined): readonly GroupEntry[] | undefined {
  const [part] = parts ?? [];
  if (part?.type !== types.index || part.head.length % entryBytes !== 0) return undefined;
  const head = viewOf(part.head);
  return Array.from({ length: part.head.length / entryBytes }, (_, i) => ({
    fileOffset: head.getFloat64(i * entryBytes, true),
    firstOffset: head.getFloat64(i * entryBytes + 8, true),
    newestMs: head.getFloat64(i * entryBytes + 16, true),
  }));
}

/** What the index says of a group. */
export function entryOf(fileOffset: number, batches: readonly ArchivedBatch[]): GroupEntry {
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { publishedAtMs } of batches) newestMs = Math.max(newestMs, publishedAtMs);
  return { fileOffset, firstOffset: batches[0]?.firstOffset ?? 0, newestMs };
}

export function encodeTrailer(salt: number, indexOffset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(trailerBytes));
  view.setUint32(0, salt, true);
  view.setFloat64(8, indexOffset, true);
  view.setUint32(4, trailerChecksum(view, salt), true);
  return bytesOf(view);
}

/** The offset of the index; undefined when the trailer does not hold. */
export function decodeTrailer(bytes: Uint8Array, salt: number): number | undefined {
  if (bytes.length < trailerBytes) return undefined;
  const view = viewOf(bytes);
  const holds = view.getUint32(0, true) === salt && view.getUint32(4, true) === trailerChecksum(view, salt);
  return holds ? view.getFloat64(8, true) : undefined;
}

const trailerChecksum = (trailer: DataView, salt: number): number =>
  crc32(bytesOf(trailer).subarray(8, trailerBytes), salt);

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
