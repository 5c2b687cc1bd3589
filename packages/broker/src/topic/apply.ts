/**
 * The only place where a topic changes, live and in recovery. Total and forgiving, like that of a queue: a record that does not fit
 * changes nothing and is counted, because a damaged record of the journal must cost what it said and no more.
 */
import { type BodyPosition, isPresent } from "../queue/message.ts";
import type { ArchivedRange } from "./archived-range.ts";
import type { KeptBatch } from "./holdings.ts";
import { partitionCountMax } from "./limits.ts";
import { PartitionLog } from "./partition-log.ts";
import type { PartitionRange, RestoredBatch, TopicJournalRecord } from "./records.ts";
import type { TopicState } from "./state.ts";

/** `positions` says where the journal put the bodies of the record, the first one at index `first`; a missing one counts as 0. */
export function applyToTopic(
  state: TopicState,
  record: TopicJournalRecord,
  positions: readonly BodyPosition[],
  first = 0,
): void {
  switch (record.kind) {
    case "configured":
      state.settings = record.settings;
      partitionAt(state, record.settings.partitionCount - 1);
      return;
    case "published":
      for (const [i, { partition, firstOffset, count, bytes }] of record.batches.entries()) {
        const log = partitionAt(state, partition);
        if (log === undefined) state.orphanRecords++;
        else if (state.settings.retention === "live") log.pass(count);
        else {
          const place = { firstOffset, count, position: positions[first + i] ?? 0 };
          if (!log.append(kept({ ...place, publishedAtMs: record.publishedAtMs, bytes })))
            state.orphanRecords++;
        }
      }
      state.turn = record.turn;
      return;
    case "trimmed":
      for (const { partition, startOffset } of record.starts) {
        const dropped = partitionAt(state, partition)?.trim(startOffset);
        for (const { file } of dropped?.ranges ?? []) state.deadFiles.push(file);
        letDie(state, dropped?.batches ?? []);
      }
      return;
    case "archived": {
      const log = partitionAt(state, record.partition);
      const moved = log?.archive(rangeOf(record));
      if (moved !== undefined) letDie(state, moved);
      else if (log !== undefined && record.endOffset <= log.startOffset) state.deadFiles.push(record.file);
      else state.orphanRecords++;
      return;
    }
    case "relocated":
      for (const [i, { partition, firstOffset }] of record.batches.entries())
        relocate(state, partition, firstOffset, positions[first + i] ?? 0);
      return;
    case "restored-topic":
      state.settings = record.settings;
      state.turn = record.turn;
      for (const [partition, { startOffset, endOffset }] of record.partitions.entries()) {
        partitionAt(state, partition)?.restore(startOffset, endOffset);
      }
      return;
    case "restored-archives":
      for (const range of record.ranges) {
        if (partitionAt(state, range.partition)?.archive(rangeOf(range)) === undefined) state.orphanRecords++;
      }
      return;
    case "restored-batches":
      for (const batch of record.batches) {
        if (partitionAt(state, batch.partition)?.refill(kept(batch)) !== true) state.orphanRecords++;
      }
      return;
    default:
      record satisfies never;
  }
}

/**
 * The batch lies at `position` from now on, and where it lay before is dead. Of one that is gone the new place is: nothing is lost by that, so it
 * is not counted.
 */
function relocate(state: TopicState, partition: number, firstOffset: number, position: BodyPosition): void {
  if (position === 0) return;
  const batch = state.partitions[partition]?.find(firstOffset);
  const dead = batch === undefined ? position : batch.position;
  if (dead !== 0) state.deadPositions.push(dead);
  if (batch !== undefined) batch.position = position;
}

/** All batches have the same fields in the same order, so that reading them stays fast. */
function kept({
  firstOffset,
  count,
  publishedAtMs,
  position,
  bytes,
}: Omit<RestoredBatch, "partition">): KeptBatch {
  const resident = isPresent(bytes) ? bytes : undefined;
  return { firstOffset, count, publishedAtMs, byteLength: bytes.byteLength, position, bytes: resident };
}

function letDie(state: TopicState, batches: readonly KeptBatch[]): void {
  for (const { position } of batches) if (position !== 0) state.deadPositions.push(position);
}

const rangeOf = ({ file, firstOffset, endOffset, byteLength, newestMs }: PartitionRange): ArchivedRange => ({
  file,
  firstOffset,
  endOffset,
  byteLength,
  newestMs,
});

/** The partition, made if the record that would have made it was lost: what was published to it must not be lost as well. */
function partitionAt(state: TopicState, partition: number): PartitionLog | undefined {
  if (partition >= partitionCountMax) return undefined;
  while (state.partitions.length <= partition) state.partitions.push(new PartitionLog(state.holdings));
  if (state.settings.partitionCount < state.partitions.length) {
    state.settings = { ...state.settings, partitionCount: state.partitions.length };
  }
  return state.partitions[partition];
}
