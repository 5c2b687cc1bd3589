/** Publish: records come in at the end of their partitions, all of them or none. */
import { messageBodyBytesMax } from "../../queue/limits.ts";
import type { Now } from "../../queue/now.ts";
import { refuse } from "../../queue/refusals.ts";
import { encodeBatch } from "../batch-codec.ts";
import type { OutgoingRecord, Publish, Published, RecordPlace } from "../commands.ts";
import { partitionOf } from "../partition.ts";
import type { BatchesPublished, PublishedBatch } from "../records.ts";
import type { TopicState } from "../state.ts";
import type { TopicDecision } from "./decision.ts";

/**
 * Refused as `body-too-large`. The key decides the partition (T1); records without one take turns over the partitions. Several
 * publishes to one topic in one append are one command with all their records.
 */
export function decidePublish(
  state: TopicState,
  { records }: Publish,
  now: Now,
): TopicDecision<BatchesPublished, Published> {
  for (const { body } of records) {
    if (body.byteLength <= messageBodyBytesMax) continue;
    return refuse(
      "body-too-large",
      `The body has ${body.byteLength} bytes; ${messageBodyBytesMax} are the most.`,
    );
  }
  const places: RecordPlace[] = [];
  const reply = { places };
  if (records.length === 0) return { ok: true, records: [], reply };
  const { batches, turn } = intoBatches(state, records, places);
  const record = { kind: "published", publishedAtMs: now.wallMs, turn, batches } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply };
}

interface OpenBatch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly records: OutgoingRecord[];
}

const nothing = new Uint8Array(0);

function intoBatches(state: TopicState, records: readonly OutgoingRecord[], places: RecordPlace[]) {
  const partitionCount = state.partitions.length;
  const byPartition: (OpenBatch | undefined)[] = new Array(partitionCount);
  const open: OpenBatch[] = [];
  let turn = state.turn;
  for (const record of records) {
    let partition = turn;
    if (record.key !== undefined) partition = partitionOf(record.key, partitionCount);
    else turn = (turn + 1) % partitionCount;
    let batch = byPartition[partition];
    if (batch === undefined) {
      batch = { partition, firstOffset: state.partitions[partition]?.endOffset ?? 0, records: [] };
      byPartition[partition] = batch;
      open.push(batch);
    }
    places.push({ partition, offset: batch.firstOffset + batch.records.length });
    batch.records.push(record);
  }
  // A live-only topic keeps nothing, so that nothing need be made of it.
  const keeps = state.settings.retention === "log";
  const batches = open.map(({ partition, firstOffset, records: taken }): PublishedBatch => {
    return { partition, firstOffset, count: taken.length, bytes: keeps ? encodeBatch(taken) : nothing };
  });
  return { batches, turn };
}
