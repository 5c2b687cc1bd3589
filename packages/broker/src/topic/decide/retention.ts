/** T4 and T8: what is too old or too much, or is no longer needed, is kept no longer. */
import type { Done } from "../../queue/commands.ts";
import type { Now } from "../../queue/now.ts";
import { refuse } from "../../queue/refusals.ts";
import { keptPartition } from "../fetch.ts";
import type { PartitionLog } from "../partition-log.ts";
import type { PartitionStart, RecordsTrimmed } from "../records.ts";
import type { TopicSettings } from "../settings.ts";
import type { TopicState } from "../state.ts";
import type { TopicDecision } from "./decision.ts";

/**
 * Trims each partition by its batches: those that are older than `retentionMs`, and the oldest ones while the partition has more than
 * `retentionBytes`, except the last. Archived ones go by files: of too many bytes, a file while `retentionBytes` remain without it. No record when
 * nothing is to be trimmed.
 */
export function decideRetention(state: TopicState, now: Now): TopicDecision<RecordsTrimmed, Done> {
  const starts: PartitionStart[] = [];
  for (const [partition, log] of state.partitions.entries()) {
    const startOffset = retainedFrom(log, state.settings, now);
    if (startOffset > log.startOffset) starts.push({ partition, startOffset });
  }
  const reply = { done: true } as const;
  if (starts.length === 0) return { ok: true, records: [], reply };
  return { ok: true, records: [{ owner: state.number, record: { kind: "trimmed", starts } }], reply };
}

/** When something will be too old next, in monotonic milliseconds; undefined when none ever will. */
export function nextRetentionMs(state: TopicState, now: Now): number | undefined {
  if (state.settings.retentionMs === Number.POSITIVE_INFINITY) return undefined;
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const { archived, batches } of state.partitions) {
    const firstMs = archived[0]?.newestMs ?? batches[0]?.publishedAtMs;
    if (firstMs !== undefined) oldestMs = Math.min(oldestMs, firstMs);
  }
  if (oldestMs === Number.POSITIVE_INFINITY) return undefined;
  return now.monotonicMs + Math.max(0, oldestMs + state.settings.retentionMs - now.wallMs);
}

/**
 * Everything before `offset` goes. An offset that is not kept any more changes nothing. Refused as `not-a-log`, `unknown-partition`, or
 * `offset-out-of-range` behind the end.
 */
export function decideTrim(
  state: TopicState,
  { partition, offset }: { readonly partition: number; readonly offset: number },
): TopicDecision<RecordsTrimmed, Done> {
  const log = keptPartition(state, partition);
  if ("refusal" in log) return log;
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > log.endOffset) {
    return refuse(
      "offset-out-of-range",
      `Partition ${partition} ends at offset ${log.endOffset}; nothing can be deleted before ${offset}.`,
    );
  }
  const reply = { done: true } as const;
  if (offset <= log.startOffset) return { ok: true, records: [], reply };
  const record = { kind: "trimmed", starts: [{ partition, startOffset: offset }] } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply };
}

/** The offset from which on the partition is to be kept. A file of the archive goes as a whole, when all of it is to go. */
function retainedFrom(log: PartitionLog, { retentionMs, retentionBytes }: TopicSettings, now: Now): number {
  let excessBytes = log.retainedBytes - retentionBytes;
  const last = log.batches.length - 1;
  let from = log.startOffset;
  for (const { endOffset, newestMs, byteLength } of log.archived) {
    if (newestMs + retentionMs > now.wallMs && excessBytes < byteLength) return from;
    excessBytes -= byteLength;
    from = endOffset;
  }
  for (const [i, { firstOffset, count, publishedAtMs, byteLength }] of log.batches.entries()) {
    const isOld = publishedAtMs + retentionMs <= now.wallMs;
    if (!isOld && (excessBytes <= 0 || i === last)) break;
    excessBytes -= byteLength;
    from = firstOffset + count;
  }
  return from;
}
