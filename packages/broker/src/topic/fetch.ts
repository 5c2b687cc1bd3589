/** Fetch: reads a partition from an offset on. Changes nothing, so it has no records. */
import { type Refused, refuse } from "../queue/refusals.ts";
import type { Fetch, Fetched } from "./commands.ts";
import type { TopicRefusal } from "./refusals.ts";
import type { TopicState } from "./state.ts";

/**
 * Refused as `not-a-log` for a live-only topic, `unknown-partition`, or `offset-out-of-range` for an offset before the oldest record
 * that is kept or behind the end. At the end it is no refusal but no records.
 */
export function fetch(
  state: TopicState,
  { partition, offset, recordsMax, bytesMax }: Fetch,
): { readonly ok: true; readonly reply: Fetched } | Refused<TopicRefusal> {
  if (state.settings.retention === "live") {
    return refuse("not-a-log", "The topic is live-only: nothing is kept that could be read.");
  }
  const log = state.partitions[partition];
  if (log === undefined) {
    return refuse(
      "unknown-partition",
      `The topic has partitions 0 to ${state.partitions.length - 1}, not ${partition}.`,
    );
  }
  const { startOffset, endOffset } = log;
  if (!(offset >= startOffset && offset <= endOffset)) {
    return refuse(
      "offset-out-of-range",
      `Partition ${partition} holds offsets ${startOffset} to ${endOffset}, the end, not ${offset}.`,
    );
  }
  const records = log.read(partition, offset, recordsMax, bytesMax);
  return { ok: true, reply: { records, startOffset, endOffset } };
}
