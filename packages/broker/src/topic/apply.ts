/**
 * The only place where a topic changes, live and in recovery. Total and forgiving, like that of a queue: a record that does not fit
 * changes nothing and is counted, because a damaged record of the journal must cost what it said and no more.
 */
import type { BodyPosition } from "../queue/message.ts";
import { partitionCountMax } from "./limits.ts";
import { PartitionLog } from "./partition-log.ts";
import type { TopicJournalRecord } from "./records.ts";
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
    case "published": {
      let at = first;
      for (const { partition, firstOffset, records } of record.batches) {
        const log = partitionAt(state, partition);
        const end = at + records.length;
        if (log === undefined) state.orphanRecords++;
        else if (state.settings.retention === "live") log.pass(records.length);
        else {
          const batch = {
            firstOffset,
            publishedAtMs: record.publishedAtMs,
            records,
            positions: positions.slice(at, end),
          };
          if (!log.append(batch)) state.orphanRecords++;
        }
        at = end;
      }
      state.turn = record.turn;
      return;
    }
    case "restored-topic":
      state.settings = record.settings;
      state.turn = record.turn;
      for (const [partition, { startOffset, endOffset }] of record.partitions.entries()) {
        partitionAt(state, partition)?.restore(startOffset, endOffset);
      }
      return;
    case "restored-batches":
      for (const { partition, firstOffset, publishedAtMs, records } of record.batches) {
        const batch = {
          firstOffset,
          publishedAtMs,
          records,
          positions: records.map((kept) => kept.bodyPosition),
        };
        if (partitionAt(state, partition)?.refill(batch) !== true) state.orphanRecords++;
      }
      return;
    default:
      record satisfies never;
  }
}

/** The partition, made if the record that would have made it was lost: what was published to it must not be lost as well. */
function partitionAt(state: TopicState, partition: number): PartitionLog | undefined {
  if (partition >= partitionCountMax) return undefined;
  while (state.partitions.length <= partition) state.partitions.push(new PartitionLog());
  if (state.settings.partitionCount < state.partitions.length) {
    state.settings = { ...state.settings, partitionCount: state.partitions.length };
  }
  return state.partitions[partition];
}
