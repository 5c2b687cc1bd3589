/**
 * Brings a directory back to a journal that can be appended to: finds the segments, replays them, cuts a torn tail, and makes sure that what
 * was replayed is on the disk, whatever became of the process that wrote it.
 */
import { Fault } from "@sluice/runtime";
import { readCheckpoint } from "./checkpoint-file.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { chooseStart, findFiles } from "./found-files.ts";
import type { Damage, ReplayedAppend, ReplayedPart, ReplayReport } from "./journal.ts";
import { RecordReader } from "./record-reader.ts";
import { ReplayWalk, type SegmentEnd } from "./replay-walk.ts";
import { type FoundFile, headerBytes, type JournalFile } from "./segment.ts";
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
  readonly checkpoints: readonly JournalFile[];
  readonly nextSequence: number;
  readonly nextSegmentNumber: number;
  /** Segments with a lower number are covered by a whole checkpoint: they are there for their bodies only. */
  readonly coveredBeforeSegment: number;
  /** The segment to append to; undefined when the next append begins a new one. */
  readonly tail: Tail | undefined;
}

/** Replays what the directory holds. Rejects with a `Fault`: `format-too-new` (nothing was changed) or `storage-failed`. */
export async function recover(disk: Disk, visit: (append: ReplayedAppend) => void): Promise<Recovered> {
  const found = await findFiles(disk);
  const newest = found.segments.at(-1);
  // The directory knew the file before its header was on the disk: the power went while the segment was begun, and nothing is in it.
  const unborn = newest !== undefined && newest.header === undefined && newest.size <= headerBytes;
  const segments = unborn ? found.segments.slice(0, -1) : found.segments;

  const start = await chooseStart(disk, { ...found, segments });
  const covered = start.checkpoint?.number ?? 0;
  const damages = start.rejected.map(unusable);
  if (start.checkpoint !== undefined) {
    const visitParts = (parts: readonly ReplayedPart[]): void => visit({ sequence: covered, parts });
    damages.push(...(await readCheckpoint(disk, start.checkpoint, visitParts)).damages);
  }

  const first = segments[start.segmentIndex];
  const fromBeginning = start.checkpoint === undefined;
  const nextSequence = fromBeginning ? 1 : (first?.header?.nextSequence ?? covered + 1);
  const walk = new ReplayWalk(nextSequence, covered, visit);
  let expectedNumber = fromBeginning ? 1 : (first?.number ?? 1);
  let tail: Tail | undefined;
  let tornTail: ReplayReport["tornTail"];
  for (const segment of segments.slice(start.segmentIndex)) {
    if (segment.number > expectedNumber) walk.lose(`segment ${expectedNumber}`, 0, 0);
    expectedNumber = segment.number + 1;
    if (segment.header === undefined) walk.lose(segment.name, 0, Math.min(headerBytes, segment.size));
    else walk.goOnWith(segment.header.nextSequence, segment.name, headerBytes);
    const last = segment === found.segments.at(-1);
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
  const lastSegment = segments.at(-1);
  walk.goOnWith(covered + 1, lastSegment?.name ?? `segment ${expectedNumber}`, lastSegment?.size ?? 0);
  walk.end();
  if (unborn) tornTail = { segment: newest.name, offset: 0, bytes: newest.size, sequence: walk.nextSequence };
  for (const name of unborn ? [newest.name, ...found.unfinished] : found.unfinished) await disk.remove(name);
  // The process before may have been killed between making a file and syncing its name.
  await disk.syncDirectory();
  return {
    report: {
      appends: walk.appends,
      lastSequence: walk.nextSequence - 1,
      ...(start.checkpoint === undefined ? {} : { checkpointSequence: covered }),
      ...(tornTail === undefined ? {} : { tornTail }),
      damages: [...damages, ...walk.damages],
    },
    segments,
    checkpoints: found.checkpoints,
    nextSequence: walk.nextSequence,
    nextSegmentNumber: Math.max(expectedNumber, (lastSegment?.number ?? 0) + 1),
    coveredBeforeSegment: fromBeginning || damages.length > 0 ? 0 : (first?.number ?? 0),
    tail,
  };
}

/** A damaged checkpoint that is not needed: what it held is replayed from the appends. */
function unusable({ name, size, number }: FoundFile): Damage {
  return { segment: name, offset: 0, bytes: size, firstSequence: number, appendsLost: 0 };
}

/**
 * Cuts a torn tail and makes the rest durable. What no record proves to be synced is written once more: after a failed sync of an earlier
 * process the page cache may show bytes as clean that the disk never got, and a sync alone would not bring them there.
 */
async function settle(file: DiskFile, segment: FoundFile, end: SegmentEnd): Promise<void> {
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
