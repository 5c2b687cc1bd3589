/** Fetch: reads a partition from an offset or a time on. Changes nothing, so it has no records. */
import { type Refused, refuse } from "../queue/refusals.ts";
import type { ArchivedRange } from "./archived-range.ts";
import { decodeBatch } from "./batch-codec.ts";
import type { Fetch, Fetched, TopicRecord } from "./commands.ts";
import type { KeptBatch } from "./holdings.ts";
import type { PartitionLog } from "./partition-log.ts";
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
  const log = keptPartition(state, partition);
  if ("refusal" in log) return log;
  const { startOffset, endOffset } = log;
  if (!(offset >= startOffset && offset <= endOffset)) {
    return refuse(
      "offset-out-of-range",
      `Partition ${partition} holds offsets ${startOffset} to ${endOffset}, the end, not ${offset}.`,
    );
  }
  const archived = log.rangeAt(offset);
  const batches = archived === undefined ? log.read(offset, recordsMax, bytesMax) : [];
  return { ok: true, reply: { archived, batches, startOffset, endOffset } };
}

/**
 * T5: where to begin for what was published at `timeMs` or later, of the records at or behind `fromOffset`: an offset, the end when there is nothing;
 * or the range of the archive in which to look. Refused as a fetch is.
 */
export function offsetAtTime(
  state: TopicState,
  partition: number,
  timeMs: number,
  fromOffset = 0,
): { readonly ok: true; readonly reply: number | ArchivedRange } | Refused<TopicRefusal> {
  const log = keptPartition(state, partition);
  return "refusal" in log ? log : { ok: true, reply: log.findTime(timeMs, fromOffset) };
}

/** The partition, unless there is none that keeps records: `not-a-log` or `unknown-partition`. */
export function keptPartition(state: TopicState, partition: number): PartitionLog | Refused<TopicRefusal> {
  if (state.settings.retention === "live") {
    return refuse("not-a-log", "The topic is live-only: nothing is kept that could be read.");
  }
  const log = state.partitions[partition];
  if (log !== undefined) return log;
  return refuse(
    "unknown-partition",
    `The topic has partitions 0 to ${state.partitions.length - 1}, not ${partition}.`,
  );
}

type BatchStart = Pick<KeptBatch, "firstOffset" | "publishedAtMs">;

/** The records that a fetch asked for, out of the batches that it found. */
export class FetchedRecords {
  readonly #fetch: Fetch;
  readonly records: TopicRecord[] = [];
  #bytes = 0;
  /** Whether no more may be taken. */
  full = false;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** Takes what was asked for out of the next batch. False, and nothing taken, when its bytes are no batch. */
  take({ firstOffset, publishedAtMs }: BatchStart, bytes: Uint8Array): boolean {
    const { partition, offset, recordsMax, bytesMax } = this.#fetch;
    const skip = Math.max(0, offset - firstOffset);
    const decoded = decodeBatch(bytes, skip, recordsMax - this.records.length);
    if (decoded === undefined) return false;
    for (const [i, { key, body, attributes }] of decoded.entries()) {
      this.#bytes += body.byteLength + (key?.byteLength ?? 0);
      if (this.#bytes > bytesMax && this.records.length > 0) {
        this.full = true;
        return true;
      }
      this.records.push({ partition, offset: firstOffset + skip + i, publishedAtMs, key, body, attributes });
    }
    this.full = this.records.length >= recordsMax;
    return true;
  }
}
