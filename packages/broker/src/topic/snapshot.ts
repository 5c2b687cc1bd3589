/** A topic as records that rebuild it with the same `apply`: what a checkpoint of the journal holds. */
import type { RestoredBatch, TopicJournalRecord } from "./records.ts";
import type { TopicState } from "./state.ts";

/** Few enough for a small append, many enough that its frame costs nothing. */
const batchesPerRecord = 500;
const rangesPerRecord = 500;

export function* snapshotTopic(state: TopicState): Generator<TopicJournalRecord> {
  const partitions = state.partitions.map(({ startOffset, endOffset }) => ({ startOffset, endOffset }));
  yield { kind: "restored-topic", settings: state.settings, turn: state.turn, partitions };
  const ranges = state.partitions.flatMap(({ archived }, partition) =>
    archived.map((range) => ({ partition, ...range })),
  );
  for (let first = 0; first < ranges.length; first += rangesPerRecord) {
    yield { kind: "restored-archives", ranges: ranges.slice(first, first + rangesPerRecord) };
  }
  let batches: RestoredBatch[] = [];
  for (const [partition, log] of state.partitions.entries()) {
    for (const { firstOffset, count, publishedAtMs, byteLength, position, bytes } of log.batches) {
      batches.push({
        partition,
        firstOffset,
        count,
        publishedAtMs,
        position,
        bytes: bytes ?? { byteLength },
      });
      if (batches.length < batchesPerRecord) continue;
      yield { kind: "restored-batches", batches };
      batches = [];
    }
  }
  if (batches.length > 0) yield { kind: "restored-batches", batches };
}
