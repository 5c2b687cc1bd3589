/**
 * Queue records as the journal keeps them: a type number, a head, and the bodies beside it. A layout never changes: a new one is a new
 * type number, and the old one stays readable. Numbers are varints unless said otherwise; docs/queue.md shows the same table.
 *
 *     1 configured         settings
 *     2 sent               first-sequence enqueued-at:f64 count { body-bytes attributes }                      count bodies
 *     3 delivered          first-lease deadline-wall:f64 timeout:f64 sequences
 *     4 acked              sequences
 *     5 returned           counts:u8 ready-at-wall:f64 delay:f64 sequences
 *     6 extended           deadline-wall:f64 timeout:f64 sequences
 *     7 readied            sequences
 *     8 moved-out          to reason:u8 sequences
 *     9 moved-in           from reason:u8 moved-at:f64 first-sequence count { origin body-bytes attributes }   count bodies
 *    10 restored-queue     settings next-sequence next-lease
 *    11 restored-messages  count { restored body-bytes attributes }                                            count bodies
 *    12 relocated          count { sequence body-bytes }                                                       count bodies
 */
import { type EncodedBody, eachBody, encodedBody, type ReplayedBody, readBody } from "./body-codec.ts";
import { type DecodedRecord, malformed, unknownType } from "./decoded.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";
import type { MovedMessage, QueueRecord, SentMessage } from "./records.ts";
import { readReason, readRestored, writeReason, writeRestored } from "./restored-codec.ts";
import { readSettings, writeSettings } from "./settings-codec.ts";

export interface EncodedRecord {
  readonly type: number;
  readonly head: Uint8Array;
  readonly bodies: readonly EncodedBody[];
}

const types = {
  configured: 1,
  sent: 2,
  delivered: 3,
  acked: 4,
  returned: 5,
  extended: 6,
  readied: 7,
  "moved-out": 8,
  "moved-in": 9,
  "restored-queue": 10,
  "restored-messages": 11,
  relocated: 12,
} as const satisfies Record<QueueRecord["kind"], number>;

/** Those whose records carry bodies. */
const typesWithBodies: ReadonlySet<number> = new Set([
  types.sent,
  types["moved-in"],
  types["restored-messages"],
  types.relocated,
]);

const noBodies: readonly EncodedBody[] = [];
const writer = new RecordWriter();

export function encodeQueueRecord(record: QueueRecord): EncodedRecord {
  const bodies = writeQueueRecord(writer, record);
  return { type: types[record.kind], head: writer.finish(), bodies };
}

/** Writes the head and returns the bodies. */
function writeQueueRecord(to: RecordWriter, record: QueueRecord): readonly EncodedBody[] {
  switch (record.kind) {
    case "configured":
      writeSettings(to, record.settings);
      return noBodies;
    case "sent":
      to.varint(record.firstSequence).f64(record.enqueuedAtMs).varint(record.messages.length);
      return record.messages.map(({ body, attributes }) => {
        to.varint(body.byteLength).attributes(attributes);
        return encodedBody(body, 0);
      });
    case "delivered":
      to.varint(record.firstLease).f64(record.deadlineWallMs).f64(record.timeoutMs);
      to.sequences(record.sequences);
      return noBodies;
    case "acked":
    case "readied":
      to.sequences(record.sequences);
      return noBodies;
    case "returned":
      to.u8(record.counts ? 1 : 0)
        .f64(record.readyAtWallMs)
        .f64(record.delayMs)
        .sequences(record.sequences);
      return noBodies;
    case "extended":
      to.f64(record.deadlineWallMs).f64(record.timeoutMs).sequences(record.sequences);
      return noBodies;
    case "moved-out":
      writeReason(to.varint(record.to), record.reason).sequences(record.sequences);
      return noBodies;
    case "moved-in":
      writeReason(to.varint(record.from), record.reason).f64(record.movedAtMs);
      to.varint(record.firstSequence).varint(record.messages.length);
      return record.messages.map((message) => {
        to.varint(message.originQueue).varint(message.originSequence).f64(message.originEnqueuedAtMs);
        to.varint(message.receiveCount).varint(message.body.byteLength).attributes(message.attributes);
        return encodedBody(message.body, message.bodyPosition);
      });
    case "restored-queue":
      writeSettings(to, record.settings);
      to.varint(record.nextSequence).varint(record.nextLease);
      return noBodies;
    case "restored-messages":
      to.varint(record.messages.length);
      return record.messages.map((message) => {
        writeRestored(to, message);
        return encodedBody(message.body, message.bodyPosition);
      });
    case "relocated":
      to.varint(record.messages.length);
      return record.messages.map(({ sequence, body }) => {
        to.varint(sequence).varint(body.byteLength);
        return encodedBody(body, 0);
      });
  }
}

/** Reads a record of any type that this version or one before it wrote. */
export function decodeQueueRecord(
  type: number,
  head: Uint8Array,
  bodies: readonly ReplayedBody[],
): DecodedRecord<QueueRecord> {
  const from = new RecordReader(head);
  const record = readQueueRecord(type, from, bodies);
  if (record === undefined) return unknownType("queue", type);
  if (from.complete) return { ok: true, record };
  return malformed("queue", type, head.byteLength, bodies.length);
}

function readQueueRecord(
  type: number,
  from: RecordReader,
  bodies: readonly ReplayedBody[],
): QueueRecord | undefined {
  if (bodies.length > 0 && !typesWithBodies.has(type)) from.reject();
  switch (type) {
    case types.configured:
      return { kind: "configured", settings: readSettings(from) };
    case types.sent: {
      const [firstSequence, enqueuedAtMs] = [from.varint(), from.f64()];
      const messages = eachBody(from, bodies, (given): SentMessage => {
        const body = readBody(from, given);
        return { body, attributes: from.attributes() };
      });
      return { kind: "sent", firstSequence, enqueuedAtMs, messages };
    }
    case types.delivered: {
      const [firstLease, deadlineWallMs, timeoutMs] = [from.varint(), from.f64(), from.f64()];
      return { kind: "delivered", firstLease, deadlineWallMs, timeoutMs, sequences: from.sequences() };
    }
    case types.acked:
      return { kind: "acked", sequences: from.sequences() };
    case types.returned: {
      const [counts, readyAtWallMs, delayMs] = [from.u8() === 1, from.f64(), from.f64()];
      return { kind: "returned", counts, readyAtWallMs, delayMs, sequences: from.sequences() };
    }
    case types.extended: {
      const [deadlineWallMs, timeoutMs] = [from.f64(), from.f64()];
      return { kind: "extended", deadlineWallMs, timeoutMs, sequences: from.sequences() };
    }
    case types.readied:
      return { kind: "readied", sequences: from.sequences() };
    case types["moved-out"]: {
      const [to, reason] = [from.varint(), readReason(from)];
      return { kind: "moved-out", to, reason, sequences: from.sequences() };
    }
    case types["moved-in"]: {
      const [owner, reason, movedAtMs, firstSequence] = [
        from.varint(),
        readReason(from),
        from.f64(),
        from.varint(),
      ];
      const messages = eachBody(from, bodies, (given) => readMoved(from, given));
      return { kind: "moved-in", from: owner, reason, movedAtMs, firstSequence, messages };
    }
    case types["restored-queue"]: {
      const settings = readSettings(from);
      return { kind: "restored-queue", settings, nextSequence: from.varint(), nextLease: from.varint() };
    }
    case types["restored-messages"]:
      return {
        kind: "restored-messages",
        messages: eachBody(from, bodies, (given) => readRestored(from, given)),
      };
    case types.relocated:
      return {
        kind: "relocated",
        messages: eachBody(from, bodies, (given) => ({
          sequence: from.varint(),
          body: readBody(from, given),
        })),
      };
    default:
      return undefined;
  }
}

function readMoved(from: RecordReader, given: ReplayedBody): MovedMessage {
  const [originQueue, originSequence, originEnqueuedAtMs] = [from.varint(), from.varint(), from.f64()];
  const receiveCount = from.varint();
  const body = readBody(from, given);
  const attributes = from.attributes();
  const bodyPosition = given.position;
  return { originQueue, originSequence, originEnqueuedAtMs, receiveCount, body, attributes, bodyPosition };
}
