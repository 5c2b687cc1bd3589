/**
 * Topic records as the journal keeps them. A layout never changes: a new one is a new type number, and the old one stays readable.
 * Numbers are varints unless said otherwise; docs/topic.md shows the same table.
 *
 *    64 configured        settings
 *    65 published         published-at:f64 turn count { batch }                    a body for each record, batch by batch
 *    66 restored-topic    settings turn count { start-offset end-offset }
 *    67 restored-batches  count { published-at:f64 batch }                         a body for each record, batch by batch
 *
 *    settings => partition-count retention:u8 durability:u8
 *    batch    => partition first-offset count { (0 | key-bytes+1 key) body-bytes attributes }
 */
import { type EncodedBody, encodedBody, type ReplayedBody, readBody } from "../queue/body-codec.ts";
import { type DecodedRecord, malformed, unknownType } from "../queue/decoded.ts";
import type { BodyPosition } from "../queue/message.ts";
import type { EncodedRecord } from "../queue/record-codec.ts";
import { RecordReader } from "../queue/record-reader.ts";
import { RecordWriter } from "../queue/record-writer.ts";
import { durabilities, readDurability } from "../queue/settings-codec.ts";
import type {
  PublishedBatch,
  PublishedRecord,
  RestoredBatch,
  RestoredRecord,
  TopicJournalRecord,
} from "./records.ts";
import type { TopicSettings } from "./settings.ts";

const types = {
  configured: 64,
  published: 65,
  "restored-topic": 66,
  "restored-batches": 67,
} as const satisfies Record<TopicJournalRecord["kind"], number>;

/** The number of a retention is its place here. */
const retentions = ["live", "log"] as const;

const writer = new RecordWriter();

export function encodeTopicRecord(record: TopicJournalRecord): EncodedRecord {
  const bodies: EncodedBody[] = [];
  writeTopicRecord(writer, record, bodies);
  return { type: types[record.kind], head: writer.finish(), bodies };
}

function writeTopicRecord(to: RecordWriter, record: TopicJournalRecord, bodies: EncodedBody[]): void {
  switch (record.kind) {
    case "configured":
      writeSettings(to, record.settings);
      return;
    case "published":
      to.f64(record.publishedAtMs).varint(record.turn).varint(record.batches.length);
      for (const batch of record.batches) {
        writeBatch(to, batch);
        for (const { body } of batch.records) bodies.push(encodedBody(body, 0));
      }
      return;
    case "restored-topic":
      writeSettings(to, record.settings);
      to.varint(record.turn).varint(record.partitions.length);
      for (const { startOffset, endOffset } of record.partitions) to.varint(startOffset).varint(endOffset);
      return;
    case "restored-batches":
      to.varint(record.batches.length);
      for (const batch of record.batches) {
        writeBatch(to.f64(batch.publishedAtMs), batch);
        for (const { body, bodyPosition } of batch.records) bodies.push(encodedBody(body, bodyPosition));
      }
      return;
  }
}

/** Reads a record of any type that this version or one before it wrote. */
export function decodeTopicRecord(
  type: number,
  head: Uint8Array,
  bodies: readonly ReplayedBody[],
): DecodedRecord<TopicJournalRecord> {
  const from = new RecordReader(head);
  const rest = bodies[Symbol.iterator]();
  const record = readTopicRecord(type, from, rest);
  if (record === undefined) return unknownType("topic", type);
  if (from.complete && rest.next().done === true) return { ok: true, record };
  return malformed("topic", type, head.byteLength, bodies.length);
}

function readTopicRecord(
  type: number,
  from: RecordReader,
  bodies: Iterator<ReplayedBody>,
): TopicJournalRecord | undefined {
  switch (type) {
    case types.configured:
      return { kind: "configured", settings: readSettings(from) };
    case types.published: {
      const [publishedAtMs, turn] = [from.f64(), from.varint()];
      const batches = times(from.count(3), () => readBatch(from, bodies, (kept) => kept));
      return { kind: "published", publishedAtMs, turn, batches };
    }
    case types["restored-topic"]: {
      const [settings, turn] = [readSettings(from), from.varint()];
      const partitions = times(from.count(2), () => ({
        startOffset: from.varint(),
        endOffset: from.varint(),
      }));
      return { kind: "restored-topic", settings, turn, partitions };
    }
    case types["restored-batches"]: {
      const batches = times(from.count(11), (): RestoredBatch => {
        const publishedAtMs = from.f64();
        const place = (kept: PublishedRecord, bodyPosition: BodyPosition): RestoredRecord => ({
          ...kept,
          bodyPosition,
        });
        return { publishedAtMs, ...readBatch(from, bodies, place) };
      });
      return { kind: "restored-batches", batches };
    }
    default:
      return undefined;
  }
}

function writeBatch(to: RecordWriter, { partition, firstOffset, records }: PublishedBatch): void {
  to.varint(partition).varint(firstOffset).varint(records.length);
  for (const { key, body, attributes } of records) {
    if (key === undefined) to.varint(0);
    else to.varint(key.byteLength + 1).raw(key);
    to.varint(body.byteLength).attributes(attributes);
  }
}

function readBatch<Kept>(
  from: RecordReader,
  bodies: Iterator<ReplayedBody>,
  keep: (record: PublishedRecord, bodyPosition: BodyPosition) => Kept,
) {
  const [partition, firstOffset] = [from.varint(), from.varint()];
  const records = times(from.count(3), () => {
    const keyBytes = from.varint();
    const key = keyBytes === 0 ? undefined : from.raw(keyBytes - 1);
    const next = bodies.next();
    if (next.done === true) from.reject();
    const given: ReplayedBody = next.done === true ? { position: 0 } : next.value;
    const body = readBody(from, given);
    return keep({ key, body, attributes: from.attributes() }, given.position);
  });
  return { partition, firstOffset, records };
}

function writeSettings(to: RecordWriter, { partitionCount, retention, durability }: TopicSettings): void {
  to.varint(partitionCount).u8(retentions.indexOf(retention)).u8(durabilities.indexOf(durability));
}

function readSettings(from: RecordReader): TopicSettings {
  const partitionCount = from.varint();
  const retention = retentions[from.u8()];
  if (retention === undefined) from.reject();
  return { partitionCount, retention: retention ?? "log", durability: readDurability(from) };
}

const times = <Thing>(count: number, read: () => Thing): readonly Thing[] =>
  Array.from({ length: count }, read);
