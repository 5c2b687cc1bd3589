/** Reads a whole journal without changing anything: what recovery begins with, and all that `sluice verify` does. */
import { readCheckpoint } from "./checkpoint-file.ts";
import type { Disk } from "./disk.ts";
import { chooseStart, findFiles } from "./found-files.ts";
import type { Damage, ReplayedAppend, ReplayedPart, ReplayReport } from "./journal.ts";
import { RecordReader } from "./record-reader.ts";
import { ReplayWalk, type SegmentEnd } from "./replay-walk.ts";
import { type FoundFile, headerBytes } from "./segment.ts";

/** What a journal was found to be. */
export interface Walked {
  readonly report: ReplayReport;
  /** Every segment that bodies may lie in, by number. */
  readonly segments: readonly FoundFile[];
  /** A newest segment that was only begun: its name is there, and nothing in it. */
  readonly unborn: FoundFile | undefined;
  /** Newest first. */
  readonly checkpoints: readonly FoundFile[];
  /** By number. None of them was read beyond its header. */
  readonly archives: readonly FoundFile[];
  /** Names of checkpoints and archive files that were never finished. */
  readonly unfinished: readonly string[];
  /** The last of the segments, and where its records end. */
  readonly last: { readonly segment: FoundFile; readonly end: SegmentEnd } | undefined;
  readonly nextSegmentNumber: number;
  /** Segments with a lower number are covered by a whole checkpoint: they are there for their bodies only. */
  readonly coveredBeforeSegment: number;
}

/**
 * Visits the parts of the checkpoint and then every append after it, in order. Rejects with a `Fault` (`format-too-new`, `storage-failed`) or with
 * the error of the disk.
 */
export async function walkJournal(disk: Disk, visit: (append: ReplayedAppend) => void): Promise<Walked> {
  const found = await findFiles(disk);
  const newest = found.segments.at(-1);
  // The directory knew the file before its header was on the disk: the power went while the segment was begun, and nothing is in it.
  const isUnborn = newest !== undefined && newest.header === undefined && newest.size <= headerBytes;
  const unborn = isUnborn ? newest : undefined;
  const segments = isUnborn ? found.segments.slice(0, -1) : found.segments;

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
  let last: Walked["last"];
  let tornTail: ReplayReport["tornTail"];
  for (const segment of segments.slice(start.segmentIndex)) {
    if (segment.number > expectedNumber) walk.lose(`segment ${expectedNumber}`, 0, 0);
    expectedNumber = segment.number + 1;
    if (segment.header === undefined) walk.lose(segment.name, 0, Math.min(headerBytes, segment.size));
    else walk.goOnWith(segment.header.nextSequence, segment.name, headerBytes);
    const end = await walkSegment(disk, walk, segment, segment === found.segments.at(-1));
    last = { segment, end };
    if (end.offset < segment.size) {
      const bytes = segment.size - end.offset;
      tornTail = { segment: segment.name, offset: end.offset, bytes, sequence: walk.nextSequence };
    }
  }
  const lastSegment = segments.at(-1);
  walk.goOnWith(covered + 1, lastSegment?.name ?? `segment ${expectedNumber}`, lastSegment?.size ?? 0);
  walk.end();
  if (unborn !== undefined) {
    tornTail = { segment: unborn.name, offset: 0, bytes: unborn.size, sequence: walk.nextSequence };
  }
  return {
    report: {
      appends: walk.appends,
      lastSequence: walk.nextSequence - 1,
      ...(start.checkpoint === undefined ? {} : { checkpointSequence: covered }),
      ...(tornTail === undefined ? {} : { tornTail }),
      damages: [...damages, ...walk.damages],
    },
    segments,
    unborn,
    checkpoints: found.checkpoints,
    archives: found.archives,
    unfinished: found.unfinished,
    last,
    nextSegmentNumber: Math.max(expectedNumber, (lastSegment?.number ?? 0) + 1),
    coveredBeforeSegment: fromBeginning || damages.length > 0 ? 0 : (first?.number ?? 0),
  };
}

/** `isLast`: no later segment was ever begun. */
async function walkSegment(
  disk: Disk,
  walk: ReplayWalk,
  segment: FoundFile,
  isLast: boolean,
): Promise<SegmentEnd> {
  const file = await disk.open(segment.name);
  try {
    return await walk.segment(new RecordReader(file, segment, segment.size), segment.name, isLast);
  } finally {
    await file.close();
  }
}

/** A damaged checkpoint that is not needed: what it held is replayed from the appends. */
function unusable({ name, size, number }: FoundFile): Damage {
  return { segment: name, offset: 0, bytes: size, firstSequence: number, appendsLost: 0 };
}
