/** What a directory holds when the journal is opened, and where replay begins. */
import { isWhole } from "./checkpoint-file.ts";
import type { Disk } from "./disk.ts";
import {
  decodeHeader,
  type FoundFile,
  headerBytes,
  isUnfinished,
  type JournalFile,
  parseFileName,
} from "./segment.ts";
import { readWhole } from "./whole-transfer.ts";

export interface FoundFiles {
  /** By number. */
  readonly segments: readonly FoundFile[];
  /** Newest first. */
  readonly checkpoints: readonly FoundFile[];
  readonly archives: readonly FoundFile[];
  /** Names of checkpoints and archive files that were never finished. */
  readonly unfinished: readonly string[];
}

/** Reads all headers. Nothing is changed, so that a newer format (`Fault` `format-too-new`) is refused untouched. */
export async function findFiles(disk: Disk): Promise<FoundFiles> {
  const names = await disk.list();
  const found: FoundFile[] = [];
  for (const name of names) {
    const file = parseFileName(name);
    if (file !== undefined) found.push(await readHeader(disk, file));
  }
  return {
    segments: found
      .filter((file) => file.kind === "segment")
      .sort((a, b) => a.number - b.number || a.salt - b.salt),
    checkpoints: found.filter((file) => file.kind === "checkpoint").sort((a, b) => b.number - a.number),
    archives: found.filter((file) => file.kind === "archive").sort((a, b) => a.number - b.number),
    unfinished: names.filter(isUnfinished),
  };
}

async function readHeader(disk: Disk, file: JournalFile): Promise<FoundFile> {
  const open = await disk.open(file.name);
  try {
    const bytes = new Uint8Array(headerBytes);
    const length = await readWhole(open, bytes, 0);
    const header = decodeHeader(bytes.subarray(0, length), file);
    return { ...file, size: await open.size(), header };
  } finally {
    await open.close();
  }
}

/** Where replay begins. */
export interface Start {
  /** The checkpoint to begin with; undefined: with the first append. */
  readonly checkpoint: FoundFile | undefined;
  /** Checkpoints that are damaged and not used. */
  readonly rejected: readonly FoundFile[];
  /** Index of the segment to go on with. */
  readonly segmentIndex: number;
}

/**
 * The newest whole checkpoint. When none is whole: the first append, if all segments are still there; otherwise the newest one, of which
 * recovery takes what can be read.
 */
export async function chooseStart(disk: Disk, { segments, checkpoints }: FoundFiles): Promise<Start> {
  const rejected: FoundFile[] = [];
  for (const checkpoint of [...checkpoints, undefined]) {
    const segmentIndex = indexToGoOn(segments, (checkpoint?.number ?? 0) + 1);
    const first = rejected[0];
    if (first !== undefined && (segmentIndex < 0 || !areGapless(segments.slice(segmentIndex)))) {
      const index = Math.max(0, indexToGoOn(segments, first.number + 1));
      return { checkpoint: first, rejected: rejected.slice(1), segmentIndex: index };
    }
    if (checkpoint === undefined || (await isWhole(disk, checkpoint))) {
      return { checkpoint, rejected, segmentIndex: Math.max(0, segmentIndex) };
    }
    rejected.push(checkpoint);
  }
  return { checkpoint: undefined, rejected, segmentIndex: 0 };
}

/** Index of the segment in which `sequence` is or will be; -1 when it is not there. */
function indexToGoOn(segments: readonly FoundFile[], sequence: number): number {
  if (sequence === 1) return segments.length === 0 || segments[0]?.number === 1 ? 0 : -1;
  return segments.findLastIndex(({ header }) => header !== undefined && header.nextSequence <= sequence);
}

function areGapless(segments: readonly FoundFile[]): boolean {
  const first = segments[0]?.number ?? 0;
  return segments.every(({ number }, i) => number === first + i);
}
