/** What of a partition goes into the next file of the archive. */
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

/**
 * The oldest batches of the tail, of those before `untilOffset`: as many as one file may have. Undefined when the first is not in the journal, or lies
 * behind.
 */
export function nextRange(
  log: PartitionLog,
  { retentionMs, retentionBytes }: TopicSettings,
  fileBytesMax: number,
  untilOffset: number,
): RangeToArchive | undefined {
  const bytesMax = Math.min(fileBytesMax, retentionBytes / filesPerRetention);
  const spanMsMax = retentionMs / filesPerRetention;
  const batches: KeptBatch[] = [];
  let byteLength = 0;
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const batch of log.batches) {
    if (batch.position === 0 || batch.firstOffset >= untilOffset) break;
    byteLength += batch.byteLength;
    oldestMs = Math.min(oldestMs, batch.publishedAtMs);
    newestMs = Math.max(newestMs, batch.publishedAtMs);
    if (batches.length > 0 && (byteLength > bytesMax || newestMs - oldestMs > spanMsMax)) break;
    batches.push(batch);
  }
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
