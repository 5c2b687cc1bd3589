/**
 * Producer records as the journal keeps them. A layout never changes: a new one is a new type number, and the old one stays readable.
 *
 *   128 answered            producer sequence sends { queue first-sequence count } publishes { runs { partition first-offset count } }
 *   129 restored-producer   producer forgotten-through
 */
import { type DecodedRecord, malformed, unknownType } from "../queue/decoded.ts";
import type { EncodedRecord } from "../queue/record-codec.ts";
import { RecordReader } from "../queue/record-reader.ts";
import { RecordWriter } from "../queue/record-writer.ts";
import type { ProducerRecord } from "./records.ts";

const types = { answered: 128, "restored-producer": 129 } as const satisfies Record<
  ProducerRecord["kind"],
  number
>;

const writer = new RecordWriter();

export function encodeProducerRecord(record: ProducerRecord): EncodedRecord {
  writer.text(record.producer);
  if (record.kind === "restored-producer") writer.varint(record.forgottenThrough);
  else {
    const { sent, published } = record.answer;
    writer.varint(record.sequence).varint(sent.length);
    for (const { queue, firstSequence, count } of sent)
      writer.varint(queue).varint(firstSequence).varint(count);
    writer.varint(published.length);
    for (const runs of published) {
      writer.varint(runs.length);
      for (const { partition, firstOffset, count } of runs)
        writer.varint(partition).varint(firstOffset).varint(count);
    }
  }
  return { type: types[record.kind], head: writer.finish(), bodies: [] };
}

/** Whether a record of the broker itself is about a producer. */
export const isProducerType = (type: number): boolean =>
  type >= types.answered && type <= types["restored-producer"];

/** Reads a record of any type that this version or one before it wrote. */
export function decodeProducerRecord(type: number, head: Uint8Array): DecodedRecord<ProducerRecord> {
  const from = new RecordReader(head);
  const record = read(type, from);
  if (record === undefined) return unknownType("producer", type);
  return from.complete ? { ok: true, record } : malformed("producer", type, head.byteLength, 0);
}

function read(type: number, from: RecordReader): ProducerRecord | undefined {
  if (type === types["restored-producer"]) {
    return { kind: "restored-producer", producer: from.text(), forgottenThrough: from.varint() };
  }
  if (type !== types.answered) return undefined;
  const [producer, sequence] = [from.text(), from.varint()];
  const sent = Array.from({ length: from.count(3) }, () => ({
    queue: from.varint(),
    firstSequence: from.varint(),
    count: from.varint(),
  }));
  const published = Array.from({ length: from.count(1) }, () =>
    Array.from({ length: from.count(3) }, () => ({
      partition: from.varint(),
      firstOffset: from.varint(),
      count: from.varint(),
    })),
  );
  return { kind: "answered", producer, sequence, answer: { sent, published } };
}
