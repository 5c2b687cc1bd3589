/** What of a partition goes into the next file of the archive. */
import type { BodyPosition } from "../../queue/message.ts";
import type { ArchivedRange } from "../archived-range.ts";
import type { KeptBatch } from "../holdings.ts";
import type { PartitionLog } from "../partition-log.ts";
import type { TopicSettings } from "../settings.ts";

/** Files are this many to a retention, at least: what is kept too long by a file going as a whole is one of so many parts. */
const filesPerRetention = 8;

/** A range that has no file yet, and the batches that it consists of: one at least. */
export interface RangeToArchive extends Omit<ArchivedRange, "file"> {
  readonly batches: readonly KeptBatch[];
}

/** What bounds the next file. */
export interface ArchiveBounds {
  /** Bytes of records in a file at most; a single batch may have more. */
  readonly fileBytesMax: number;
  /** Fewer are not worth a file, unless retention wants smaller ones. */
  readonly fileBytesMin: number;
  /** Only batches before this offset. */
  readonly untilOffset: number;
  /** Only batches that lie before this in the journal: what is behind was written of late, and those who follow the topic still read it there. */
  readonly beforePosition: BodyPosition;
}

/** The oldest batches of the tail, as many as one file may have. Undefined when there are too few, or the first is not in the journal. */
export function nextRange(
  log: PartitionLog,
  { retentionMs, retentionBytes }: TopicSettings,
  { fileBytesMax, fileBytesMin, untilOffset, beforePosition }: ArchiveBounds,
): RangeToArchive | undefined {
  const bytesMax = Math.min(fileBytesMax, retentionBytes / filesPerRetention);
  const spanMsMax = retentionMs / filesPerRetention;
  const batches: KeptBatch[] = [];
  let byteLength = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  let isFull = false;
  for (const batch of log.batches) {
    const { position, firstOffset } = batch;
    if (position === 0 || position >= beforePosition || firstOffset >= untilOffset) break;
    oldestMs = Math.min(oldestMs, batch.publishedAtMs);
    newestMs = Math.max(newestMs, batch.publishedAtMs);
    isFull = byteLength + batch.byteLength > bytesMax || newestMs - oldestMs > spanMsMax;
    if (batches.length > 0 && isFull) break;
    byteLength += batch.byteLength;
    batches.push(batch);
  }
  if (!isFull && byteLength < fileBytesMin) return undefined;
  const [first, last] = [batches[0], batches.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    ...totals(batches),
    firstOffset: first.firstOffset,
    endOffset: last.firstOffset + last.count,
    batches,
  };
}

function totals(batches: readonly KeptBatch[]): { readonly byteLength: number; readonly newestMs: number } {
  let byteLength = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const batch of batches) {
    byteLength += batch.byteLength;
    newestMs = Math.max(newestMs, batch.publishedAtMs);
  }
  return { byteLength, newestMs };
}
