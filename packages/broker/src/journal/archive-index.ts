/** Finds the groups of an archive file: by its index, or, when that is damaged, by walking the file. */
import {
  decodeTrailer,
  entryOf,
  type Group,
  type GroupEntry,
  readGroup,
  readIndex,
  trailerBytes,
} from "./archive-codec.ts";
import { readRecord } from "./archive-record.ts";
import type { DiskFile } from "./disk.ts";
import { RecordReader } from "./record-reader.ts";
import { headerBytes, type JournalFile } from "./segment.ts";
import { readWhole } from "./whole-transfer.ts";

/** Bytes of a file that hold nothing that can be read. */
export interface UnreadableBytes {
  readonly offset: number;
  readonly bytes: number;
}

export interface FoundGroups {
  readonly entries: readonly GroupEntry[];
  /** Offset in the file of what follows the last group. */
  readonly end: number;
  /** Undefined: the index holds. Otherwise what a walk found to be neither a group nor the index. */
  readonly unreadable: readonly UnreadableBytes[] | undefined;
}

/** Rejects with the error of the disk. */
export async function findGroups(open: DiskFile, file: JournalFile): Promise<FoundGroups> {
  const size = await open.size();
  return (await findByIndex(open, file, size)) ?? (await findByWalk(open, file, size));
}

async function findByIndex(
  open: DiskFile,
  file: JournalFile,
  size: number,
): Promise<FoundGroups | undefined> {
  const trailerOffset = size - trailerBytes;
  if (trailerOffset < headerBytes) return undefined;
  const trailer = new Uint8Array(trailerBytes);
  await readWhole(open, trailer, trailerOffset);
  const end = decodeTrailer(trailer, file.salt);
  if (end === undefined || !(end >= headerBytes && end < trailerOffset)) return undefined;
  const bytes = new Uint8Array(trailerOffset - end);
  await readWhole(open, bytes, end);
  const entries = readIndex(readRecord(bytes, file.salt));
  return entries === undefined ? undefined : { entries, end, unreadable: undefined };
}

/**
 * Reads the whole file: every group that is whole is found, wherever the damage is, and `visit` sees it; its bytes hold until that returns.
 * Rejects with the error of the disk.
 */
export async function findByWalk(
  open: DiskFile,
  file: JournalFile,
  size: number,
  visit: (group: Group) => void = () => undefined,
): Promise<FoundGroups> {
  const reader = new RecordReader(open, file, size);
  const entries: GroupEntry[] = [];
  const unreadable: UnreadableBytes[] = [];
  let end = headerBytes;
  let sequence = 1;
  for (let at = headerBytes; at < size; ) {
    const record = await reader.nextRecord(at, sequence);
    const parts = record && reader.parts(record);
    const group = readGroup(parts);
    const from = record?.offset ?? size - (entries.length > 0 ? trailerBytes : 0);
    if (from > at) unreadable.push({ offset: at, bytes: from - at });
    if (record === undefined) break;
    at = record.end;
    sequence = record.sequence + 1;
    if (group !== undefined) {
      entries.push(entryOf(record.offset, group.batches));
      end = at;
      visit(group);
    } else if (readIndex(parts) === undefined) {
      unreadable.push({ offset: record.offset, bytes: record.end - record.offset });
    } else {
      if (size - at > trailerBytes) unreadable.push({ offset: at, bytes: size - at - trailerBytes });
      break;
    }
  }
  return { entries, end, unreadable };
}
