/**
 * Topic records as the journal keeps them. A layout never changes: a new one is a new type number, and the old one stays readable.
 * Numbers are varints unless said otherwise; docs/topic.md shows the same table.
 *
 *    64 configured        settings
 *    65 published         published-at:f64 turn count { batch }                    a body for each batch
 *    66 restored-topic    settings turn count { start-offset end-offset }
 *    67 restored-batches  count { published-at:f64 batch }                         a body for each batch
 *    68 trimmed           count { partition start-offset }
 *    69 archived          range
 *    70 restored-archives count { range }
 *    71 relocated         count { partition first-offset body-bytes }              a body for each batch
 *
 *    settings => partition-count retention:u8 retention-ms:f64 retention-bytes:f64 durability:u8
 *    batch    => partition first-offset count body-bytes                           the body as batch-codec.ts has it
 *    range    => partition file-number file-salt first-offset end-offset bytes newest:f64
 */
import { type EncodedBody, encodedBody, type ReplayedBody, readBody } from "../queue/body-codec.ts";
import { type DecodedRecord, malformed, unknownType } from "../queue/decoded.ts";
import type { EncodedRecord } from "../queue/record-codec.ts";
import { RecordReader } from "../queue/record-reader.ts";
import { RecordWriter } from "../queue/record-writer.ts";
import { durabilities, readDurability } from "../queue/settings-codec.ts";
import { batchBytesMin } from "./batch-codec.ts";
import type { PartitionRange, PublishedBatch, RestoredBatch, TopicJournalRecord } from "./records.ts";
import type { TopicSettings } from "./settings.ts";

const types = {
  configured: 64,
  published: 65,
  "restored-topic": 66,
  "restored-batches": 67,
  trimmed: 68,
  archived: 69,
  "restored-archives": 70,
  relocated: 71,
} as const satisfies Record<TopicJournalRecord["kind"], number>;

/** The number of a retention is its place here. */
const retentions = ["live", "log"] as const;

const rangeBytesMin = 14;

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
        bodies.push(encodedBody(batch.bytes, 0));
      }
      return;
    case "trimmed":
      to.varint(record.starts.length);
      for (const { partition, startOffset } of record.starts) to.varint(partition).varint(startOffset);
      return;
    case "archived":
      writeRange(to, record);
      return;
    case "restored-archives":
      to.varint(record.ranges.length);
      for (const range of record.ranges) writeRange(to, range);
      return;
    case "relocated":
      to.varint(record.batches.length);
      for (const { partition, firstOffset, bytes } of record.batches) {
        to.varint(partition).varint(firstOffset).varint(bytes.byteLength);
        bodies.push(encodedBody(bytes, 0));
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
        bodies.push(encodedBody(batch.bytes, batch.position));
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
      const batches = times(from.count(4), () => readBatch(from, nextBody(from, bodies)));
      return { kind: "published", publishedAtMs, turn, batches };
    }
    case types.trimmed: {
      const starts = times(from.count(2), () => ({ partition: from.varint(), startOffset: from.varint() }));
      return { kind: "trimmed", starts };
    }
    case types.archived:
      return { kind: "archived", ...readRange(from) };
    case types["restored-archives"]:
      return { kind: "restored-archives", ranges: times(from.count(rangeBytesMin), () => readRange(from)) };
    case types.relocated: {
      const batches = times(from.count(3), () => {
        const [partition, firstOffset] = [from.varint(), from.varint()];
        return { partition, firstOffset, bytes: readBody(from, nextBody(from, bodies)) };
      });
      return { kind: "relocated", batches };
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
      const batches = times(from.count(12), (): RestoredBatch => {
        const publishedAtMs = from.f64();
        const given = nextBody(from, bodies);
        return { publishedAtMs, ...readBatch(from, given), position: given.position };
      });
      return { kind: "restored-batches", batches };
    }
    default:
      return undefined;
  }
}

function writeBatch(to: RecordWriter, { partition, firstOffset, count, bytes }: PublishedBatch): void {
  to.varint(partition).varint(firstOffset).varint(count).varint(bytes.byteLength);
}

function readBatch(from: RecordReader, given: ReplayedBody): PublishedBatch {
  const [partition, firstOffset, count] = [from.varint(), from.varint(), from.varint()];
  const bytes = readBody(from, given);
  if (batchBytesMin(count) > bytes.byteLength) from.reject();
  return { partition, firstOffset, count, bytes };
}

function writeRange(to: RecordWriter, range: PartitionRange): void {
  const { partition, file, firstOffset, endOffset, byteLength, newestMs } = range;
  to.varint(partition).varint(file.number).varint(file.salt).varint(firstOffset).varint(endOffset);
  to.varint(byteLength).f64(newestMs);
}

function readRange(from: RecordReader): PartitionRange {
  const [partition, number, salt] = [from.varint(), from.varint(), from.varint()];
  const [firstOffset, endOffset] = [from.varint(), from.varint()];
  if (endOffset <= firstOffset) from.reject();
  const [byteLength, newestMs] = [from.varint(), from.f64()];
  return { partition, file: { number, salt }, firstOffset, endOffset, byteLength, newestMs };
}

function nextBody(from: RecordReader, bodies: Iterator<ReplayedBody>): ReplayedBody {
  const next = bodies.next();
  if (next.done !== true) return next.value;
  from.reject();
  return { position: 0 };
}

function writeSettings(to: RecordWriter, settings: TopicSettings): void {
  const { partitionCount, retention, retentionMs, retentionBytes, durability } = settings;
  to.varint(partitionCount).u8(retentions.indexOf(retention)).f64(retentionMs).f64(retentionBytes);
  to.u8(durabilities.indexOf(durability));
}

function readSettings(from: RecordReader): TopicSettings {
  const partitionCount = from.varint();
  const retention = retentions[from.u8()];
  if (retention === undefined) from.reject();
  const [retentionMs, retentionBytes] = [from.f64(), from.f64()];
  if (!(retentionMs > 0 && retentionBytes > 0)) from.reject();
  const durability = readDurability(from);
  return { partitionCount, retention: retention ?? "log", retentionMs, retentionBytes, durability };
}

const times = <Thing>(count: number, read: () => Thing): readonly Thing[] =>
  Array.from({ length: count }, read);
