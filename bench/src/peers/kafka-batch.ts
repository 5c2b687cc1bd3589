/** Kafka's record batches, version 2: one is made once and written again and again; of those that come back only the heads are read. */
import { crc32c } from "./crc32c.ts";
import { KafkaWriter } from "./kafka-bytes.ts";

const [magic, none, noAttributes] = [2, -1, 0];
/** Where the head says what; `length` counts what is behind itself. */
const [lengthAt, lengthEnd, lastOffsetDeltaAt, countAt] = [8, 12, 23, 57];

/** Records without keys or headers, of no idempotent producer. */
export function encodeRecordBatch(values: readonly Uint8Array[], timestampMs: number): Buffer {
  const records = new KafkaWriter();
  for (const [i, value] of values.entries()) {
    const record = new KafkaWriter();
    record.int8(noAttributes).varint(0).varint(i).varint(none).varint(value.length).raw(value).varint(0);
    const bytes = record.finish();
    records.varint(bytes.length).raw(bytes);
  }
  const summed = new KafkaWriter()
    .int16(noAttributes)
    .int32(values.length - 1)
    .int64(timestampMs)
    .int64(timestampMs)
    .int64(none)
    .int16(none)
    .int32(none)
    .int32(values.length)
    .raw(records.finish())
    .finish();
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(summed));
  const behindLength = new KafkaWriter().int32(none).int8(magic).raw(sum).raw(summed).finish();
  return new KafkaWriter().int64(0).bytes(behindLength).finish();
}

export interface BatchesRead {
  readonly recordCount: number;
  /** The offset behind the last record; undefined when there was no whole batch. */
  readonly nextOffset: number | undefined;
}

/** Counts the records of whole batches; a fetch may end in a part of one. */
export function readBatchHeads(bytes: Buffer): BatchesRead {
  let recordCount = 0;
  let nextOffset: number | undefined;
  for (let at = 0; at + countAt + 4 <= bytes.length; ) {
    const end = at + lengthEnd + bytes.readInt32BE(at + lengthAt);
    if (end > bytes.length) break;
    recordCount += bytes.readInt32BE(at + countAt);
    nextOffset = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + lastOffsetDeltaAt) + 1;
    at = end;
  }
  return { recordCount, nextOffset };
}
