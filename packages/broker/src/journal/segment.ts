/**
 * The files of the journal: their names, and the header that each begins with (docs/journal.md, "Files").
 *
 *   header => magic:8 format:u16 kind:u16 salt:u32 number:u64 next-sequence:u64 reserved:u32 crc32:u32        little endian
 *
 * The salt stands in the name as well, so that a damaged header costs nothing but a report.
 */
import { crc32 } from "node:zlib";
import type { Random } from "@sluice/runtime";
import { Fault } from "@sluice/runtime";

/** What this code writes, and the newest that it reads. */
export const formatVersion = 1;

/** Bytes of a file's header; the first record follows. The same in every format version. */
export const headerBytes = 40;

/** "SLUICE" and a line end that a transfer as text would change. */
const magic = Uint8Array.of(0x53, 0x4c, 0x55, 0x49, 0x43, 0x45, 0x0d, 0x0a);

const crcOffset = 36;
const kinds = { segment: 1, checkpoint: 2, archive: 3 } as const;

export type FileKind = keyof typeof kinds;

/** What a file of the journal is. */
export interface FileIdentity {
  readonly kind: FileKind;
  /** Of a segment: its number, from 1 without gaps. Of a checkpoint: the last sequence that it holds the effect of. Of an archive file: its number. */
  readonly number: number;
  /** Random, not 0, for this file alone: marks its records and seeds their checksums, so that no body can pass for a record. */
  readonly salt: number;
}

export interface FileHeader extends FileIdentity {
  /** The sequence of the first record of a segment; the sequence with which replay goes on after a checkpoint; 1 in an archive file. */
  readonly nextSequence: number;
}

/** A header as it was read. */
export interface ReadHeader extends FileHeader {
  readonly format: number;
}

/** A file of the journal under its name in the directory. */
export interface JournalFile extends FileIdentity {
  readonly name: string;
}

/** A file of the journal as it was found. */
export interface FoundFile extends JournalFile {
  readonly size: number;
  /** Undefined when it is damaged. */
  readonly header: ReadHeader | undefined;
}

export function newSalt(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  const salt = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return salt === 0 ? 1 : salt;
}

const namePattern = /^(\d{16})-([0-9a-f]{8})\.(segment|checkpoint|archive)$/;

export function fileName({ kind, number, salt }: FileIdentity): string {
  return `${String(number).padStart(16, "0")}-${salt.toString(16).padStart(8, "0")}.${kind}`;
}

const unfinishedPattern = /\.(checkpoint|archive)\.unfinished$/;

/** The name of a file of that name until it is whole and synced. */
export const unfinishedName = (name: string): string => `${name}.unfinished`;

/** Whether a name is that of a file which was being written when its process ended. */
export const isUnfinished = (name: string): boolean => unfinishedPattern.test(name);

/** Undefined when the name is not that of a segment, a checkpoint or an archive file. */
export function parseFileName(name: string): JournalFile | undefined {
  const [, number, salt, kind] = namePattern.exec(name) ?? [];
  if (number === undefined || salt === undefined || !isKind(kind)) return undefined;
  return { name, kind, number: Number.parseInt(number, 10), salt: Number.parseInt(salt, 16) };
}

const isKind = (kind: string | undefined): kind is FileKind => kind !== undefined && kind in kinds;

export function encodeHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint16(8, formatVersion, true);
  view.setUint16(10, kinds[header.kind], true);
  view.setUint32(12, header.salt, true);
  view.setBigUint64(16, BigInt(header.number), true);
  view.setBigUint64(24, BigInt(header.nextSequence), true);
  view.setUint32(crcOffset, crc32(bytes.subarray(0, crcOffset)), true);
  return bytes;
}

/**
 * Reads the header of the file called `name`. Undefined when it is damaged or belongs to another file.
 * Throws a `Fault` (`format-too-new`) when a newer version of Sluice wrote it: where the checksum stands is the same in all.
 */
export function decodeHeader(bytes: Uint8Array, file: JournalFile): ReadHeader | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  if (!magic.every((byte, i) => bytes[i] === byte)) return undefined;
  if (crc32(bytes.subarray(0, crcOffset)) !== view.getUint32(crcOffset, true)) return undefined;
  const format = view.getUint16(8, true);
  if (format > formatVersion) {
    throw new Fault(
      "format-too-new",
      `${file.name} has journal format ${format}; this version of Sluice reads up to ${formatVersion}. Start the newer version, nothing was changed.`,
    );
  }
  const header: ReadHeader = {
    format,
    kind: file.kind,
    salt: view.getUint32(12, true),
    number: Number(view.getBigUint64(16, true)),
    nextSequence: Number(view.getBigUint64(24, true)),
  };
  const ofThisFile =
    view.getUint16(10, true) === kinds[file.kind] &&
    header.salt === file.salt &&
    header.number === file.number;
  return ofThisFile ? header : undefined;
}
