/**
 * Brings a directory back to a journal that can be appended to: finds the segments, replays them, cuts a torn tail, and makes sure that what
 * was replayed is on the disk, whatever became of the process that wrote it.
 */
import { Fault } from "@sluice/runtime";
import type { Disk, DiskFile } from "./disk.ts";
import type { ReplayedAppend, ReplayReport } from "./journal.ts";
import { RecordReader } from "./record-reader.ts";
import { ReplayWalk, type SegmentEnd } from "./replay-walk.ts";
import { decodeHeader, type FileHeader, headerBytes, type JournalFile, parseFileName } from "./segment.ts";
import { readWhole, writeWhole } from "./whole-transfer.ts";

const copyBytes = 1024 * 1024;

/** The segment to append to, as recovery left it: durable up to `end`. */
export interface Tail {
  readonly segment: JournalFile;
  /** Offset of the next record. */
  readonly end: number;
  /** Whether its last record is a mark that says that all before it is synced. */
  readonly closed: boolean;
}

export interface Recovered {
  readonly report: ReplayReport;
  /** Every segment that bodies may lie in. */
  readonly segments: readonly JournalFile[];
  readonly nextSequence: number;
  readonly nextSegmentNumber: number;
  /** The segment to append to; undefined when the next append begins a new one. */
  readonly tail: Tail | undefined;
}

interface FoundSegment extends JournalFile {
  readonly size: number;
  /** Undefined when it is damaged. */
  readonly header: FileHeader | undefined;
}

/** Replays what the directory holds. Rejects with a `Fault`: `format-too-new` (nothing was changed) or `storage-failed`. */
export async function recover(disk: Disk, visit: (append: ReplayedAppend) => void): Promise<Recovered> {
  const found = await findSegments(disk);
  const newest = found.at(-1);
  // The directory knew the file before its header was on the disk: the power went while the segment was begun, and nothing is in it.
  const unborn = newest !== undefined && newest.header === undefined && newest.size <= headerBytes;
  const segments = unborn ? found.slice(0, -1) : found;

  const walk = new ReplayWalk(1, 0, visit);
  let expectedNumber = 1;
  let tail: Tail | undefined;
  let tornTail: ReplayReport["tornTail"];
  for (const segment of segments) {
    if (segment.number > expectedNumber) walk.lose(`segment ${expectedNumber}`, 0, 0);
    expectedNumber = segment.number + 1;
    if (segment.header === undefined) walk.lose(segment.name, 0, Math.min(headerBytes, segment.size));
    else walk.goOnWith(segment.header.nextSequence, segment.name, headerBytes);
    const last = segment === found.at(-1);
    const file = await disk.open(segment.name);
    try {
      const end = await walk.segment(new RecordReader(file, segment, segment.size), segment.name, last);
      if (end.offset < segment.size) {
        const bytes = segment.size - end.offset;
        tornTail = { segment: segment.name, offset: end.offset, bytes, sequence: walk.nextSequence };
      }
      if (last) await settle(file, segment, end);
      if (segment === segments.at(-1) && segment.header !== undefined) {
        tail = { segment, end: end.offset, closed: end.closed };
      }
    } finally {
      await file.close();
    }
  }
  walk.end();
  if (unborn) {
    tornTail = { segment: newest.name, offset: 0, bytes: newest.size, sequence: walk.nextSequence };
    await disk.remove(newest.name);
    await disk.syncDirectory();
  }
  return {
    report: {
      appends: walk.appends,
      lastSequence: walk.nextSequence - 1,
      ...(tornTail === undefined ? {} : { tornTail }),
      damages: walk.damages,
    },
    segments,
    nextSequence: walk.nextSequence,
    nextSegmentNumber: expectedNumber,
    tail,
  };
}

/** The segments by number. All headers are read before anything is changed, so that a newer format is refused untouched. */
async function findSegments(disk: Disk): Promise<FoundSegment[]> {
  const found: FoundSegment[] = [];
  for (const name of await disk.list()) {
    const file = parseFileName(name);
    if (file?.kind === "segment") found.push(await readHeader(disk, file));
  }
  return found.sort((a, b) => a.number - b.number || a.salt - b.salt);
}

async function readHeader(disk: Disk, segment: JournalFile): Promise<FoundSegment> {
  const file = await disk.open(segment.name);
  try {
    const bytes = new Uint8Array(headerBytes);
    const length = await readWhole(file, bytes, 0);
    const header = decodeHeader(bytes.subarray(0, length), segment);
    return { ...segment, size: await file.size(), header };
  } finally {
    await file.close();
  }
}

/**
 * Cuts a torn tail and makes the rest durable. What no record proves to be synced is written once more: after a failed sync of an earlier
 * process the page cache may show bytes as clean that the disk never got, and a sync alone would not bring them there.
 */
async function settle(file: DiskFile, segment: FoundSegment, end: SegmentEnd): Promise<void> {
  if (end.closed) return;
  if (end.offset < segment.size) await file.truncate(end.offset);
  const bytes = new Uint8Array(Math.min(copyBytes, end.offset - end.syncedOffset));
  for (let at = end.syncedOffset; at < end.offset; at += bytes.length) {
    const chunk = bytes.subarray(0, Math.min(bytes.length, end.offset - at));
    if ((await readWhole(file, chunk, at)) < chunk.length) {
      throw new Fault("storage-failed", `${segment.name} became shorter while it was read.`);
    }
    await writeWhole(file, chunk, at);
  }
  await file.sync();
}
