/**
 * Brings a directory back to a journal that can be appended to: replays it, cuts a torn tail, and makes sure that what was replayed is on the
 * disk, whatever became of the process that wrote it.
 */
import { Fault } from "@sluice/runtime";
import type { Disk, DiskFile } from "./disk.ts";
import type { ReplayedAppend, ReplayReport } from "./journal.ts";
import { walkJournal } from "./journal-walk.ts";
import type { SegmentEnd } from "./replay-walk.ts";
import type { FoundFile, JournalFile } from "./segment.ts";
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
  readonly archives: readonly JournalFile[];
  readonly nextSequence: number;
  readonly nextSegmentNumber: number;
  /** Segments with a lower number are covered by a whole checkpoint: they are there for their bodies only. */
  readonly coveredBeforeSegment: number;
  /** The segment to append to; undefined when the next append begins a new one. */
  readonly tail: Tail | undefined;
}

/** Replays what the directory holds. Rejects with a `Fault`: `format-too-new` (nothing was changed) or `storage-failed`. */
export async function recover(disk: Disk, visit: (append: ReplayedAppend) => void): Promise<Recovered> {
  const walked = await walkJournal(disk, visit);
  const { last, unborn, report } = walked;
  if (last !== undefined && unborn === undefined) {
    const file = await disk.open(last.segment.name);
    try {
      await settle(file, last.segment, last.end);
    } finally {
      await file.close();
    }
  }
  const useless = unborn === undefined ? walked.unfinished : [unborn.name, ...walked.unfinished];
  for (const name of useless) await disk.remove(name);
  // The process before may have been killed between making a file and syncing its name.
  await disk.syncDirectory();
  return {
    report,
    segments: walked.segments,
    checkpoints: walked.checkpoints,
    archives: walked.archives,
    nextSequence: report.lastSequence + 1,
    nextSegmentNumber: walked.nextSegmentNumber,
    coveredBeforeSegment: walked.coveredBeforeSegment,
    tail:
      last === undefined || last.segment.header === undefined
        ? undefined
        : { segment: last.segment, end: last.end.offset, closed: last.end.closed },
  };
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
