/** A topic as records that rebuild it with the same `apply`: what a checkpoint of the journal holds. */
import type { RestoredBatch, TopicJournalRecord } from "./records.ts";
import type { TopicState } from "./state.ts";

const recordsPerRecord = 500;

export function* snapshotTopic(state: TopicState): Generator<TopicJournalRecord> {
  const partitions = state.partitions.map(({ startOffset, endOffset }) => ({ startOffset, endOffset }));
  yield { kind: "restored-topic", settings: state.settings, turn: state.turn, partitions };
  let batches: RestoredBatch[] = [];
  let count = 0;
  for (const [partition, log] of state.partitions.entries()) {
    for (const { firstOffset, publishedAtMs, records, positions } of log.batches) {
      batches.push({
        partition,
        firstOffset,
        publishedAtMs,
        records: records.map((record, i) => ({ ...record, bodyPosition: positions[i] ?? 0 })),
      });
      count += records.length;
      if (count < recordsPerRecord) continue;
      yield { kind: "restored-batches", batches };
      batches = [];
      count = 0;
    }
  }
  if (batches.length > 0) yield { kind: "restored-batches", batches };
}
