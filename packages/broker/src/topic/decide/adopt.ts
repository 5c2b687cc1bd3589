/** What becomes of a file of the archive that nothing refers to: the process ended before it could say so, or damage took what had said so. */
import type { ArchivedRange } from "../archived-range.ts";
import type { PartitionLog } from "../partition-log.ts";

/**
 * - `useless`: everything in it is deleted, or there without it.
 * - `adopt`: it belongs to the log, before what is not archived.
 * - `keep`: it may hold what is nowhere else, and it cannot be told where that belongs.
 */
export type Fate = "useless" | "adopt" | "keep";

/** `isWhole`: nothing that the log says was lost, so that what it has can be read. */
export function fateOf(log: PartitionLog, range: ArchivedRange, isWhole: boolean): Fate {
  if (range.endOffset <= log.startOffset) return "useless";
  if (isWhole && covers(log, range)) return "useless";
  const [first] = log.batches;
  const overlaps = log.archived.some(
    ({ firstOffset, endOffset }) => firstOffset < range.endOffset && range.firstOffset < endOffset,
  );
  const isBehind = first !== undefined && first.firstOffset < range.firstOffset;
  return overlaps || isBehind ? "keep" : "adopt";
}

/** Whether the log has every record of the range that is not deleted. */
function covers({ archived, batches, startOffset }: PartitionLog, range: ArchivedRange): boolean {
  let reached = Math.max(range.firstOffset, startOffset);
  for (const { firstOffset, endOffset } of archived) {
    if (firstOffset <= reached) reached = Math.max(reached, endOffset);
  }
  for (const { firstOffset, count } of batches) {
    if (firstOffset > reached || reached >= range.endOffset) break;
    reached = Math.max(reached, firstOffset + count);
  }
  return reached >= range.endOffset;
}
