/** Reads queue records of any type that this version or one before it wrote (`record-types.ts`). */
import { eachBody, type ReplayedBody, readBody } from "./body-codec.ts";
import { type DecodedRecord, malformed, unknownType } from "./decoded.ts";
import { dropReasons } from "./message.ts";
import { readOptions, readPriority } from "./options-codec.ts";
import { RecordReader } from "./record-reader.ts";
import { first, sentWithOptions, types } from "./record-types.ts";
import type {
  MovedIn,
  MovedMessage,
  QueueRecord,
  RestoredQueue,
  SentMessage,
  SentRecord,
} from "./records.ts";
import { readRedrive } from "./redrive-codec.ts";
import { redriveStatuses } from "./redrive-task.ts";
import { readDeadLetterReason, readReason, readRestored } from "./restored-codec.ts";
import { readChoice, readFirstSettings, readSettings } from "./settings-codec.ts";

export function decodeQueueRecord(
  type: number,
  head: Uint8Array,
  bodies: readonly ReplayedBody[],
): DecodedRecord<QueueRecord> {
  const from = new RecordReader(head);
  const record = readWithBodies(type, from, bodies) ?? readWithout(type, from);
  if (record === undefined) return unknownType("queue", type);
  const hasBodies = "messages" in record;
  if (from.complete && (hasBodies || bodies.length === 0)) return { ok: true, record };
  return malformed("queue", type, head.byteLength, bodies.length);
}

function readWithBodies(
  type: number,
  from: RecordReader,
  bodies: readonly ReplayedBody[],
): QueueRecord | undefined {
  switch (type) {
    case types.sent:
      return readSent(from, bodies, readMessage);
    case sentWithOptions:
      return readSent(from, bodies, readMessageWithOptions);
    case first["moved-in"]:
      return readMovedIn(from, bodies, 1);
    case types["moved-in"]:
      return readMovedIn(from, bodies, 2);
    case types.relocated:
      return {
        kind: "relocated",
        messages: eachBody(from, bodies, (given) => ({
          sequence: from.varint(),
          body: readBody(from, given),
        })),
      };
    case first["restored-messages"]:
      return {
        kind: "restored-messages",
        messages: eachBody(from, bodies, (given) => readRestored(from, given, 1)),
      };
    case types["restored-messages"]:
      return {
        kind: "restored-messages",
        messages: eachBody(from, bodies, (given) => readRestored(from, given, 2)),
      };
    default:
      return undefined;
  }
}

function readWithout(type: number, from: RecordReader): QueueRecord | undefined {
  switch (type) {
    case first.configured:
      return { kind: "configured", settings: readFirstSettings(from) };
    case types.configured:
      return { kind: "configured", settings: readSettings(from) };
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
    case types.retried: {
      const [atWallMs, lastError] = [from.f64(), from.text()];
      const entries = each(from, 9, () => ({ sequence: from.varint(), delayMs: from.f64() }));
      return { kind: "retried", atWallMs, lastError, entries };
    }
    case types.rescheduled: {
      const [readyAtWallMs, delayMs] = [from.f64(), from.f64()];
      return { kind: "rescheduled", readyAtWallMs, delayMs, sequences: from.sequences() };
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
    case types.parked: {
      const [reason, atWallMs, lastError] = [readDeadLetterReason(from), from.f64(), from.text()];
      return { kind: "parked", reason, atWallMs, lastError, sequences: from.sequences() };
    }
    case types.unparked:
      return { kind: "unparked", sequences: from.sequences() };
    case types.dropped: {
      const reason = readChoice(from, dropReasons, "expired");
      return { kind: "dropped", reason, sequences: from.sequences() };
    }
    case types.purged:
      return { kind: "purged" };
    case types.paused:
      return { kind: "paused", paused: from.u8() === 1 };
    case types.forgotten:
      return { kind: "forgotten", throughSequence: from.varint() };
    case types["redrive-started"]:
      return { kind: "redrive-started", task: readRedrive(from) };
    case types["redrive-advanced"]:
      return { kind: "redrive-advanced", moved: from.varint(), atWallMs: from.f64(), delayMs: from.f64() };
    case types["redrive-ended"]: {
      const status = readChoice(from, redriveStatuses, "done");
      if (status === "running") from.reject();
      return {
        kind: "redrive-ended",
        status: status === "running" ? "done" : status,
        atWallMs: from.f64(),
      };
    }
    case first["restored-queue"]:
      return {
        ...readRestoredQueue(from, 1),
        paused: false,
        redrives: [],
      };
    case types["restored-queue"]:
      return {
        ...readRestoredQueue(from, 2),
        paused: from.u8() === 1,
        redrives: each(from, 30, () => readRedrive(from)),
      };
    case types["restored-deduplication"]: {
      const entries = each(from, 10, () => ({
        id: from.text(),
        sequence: from.varint(),
        atWallMs: from.f64(),
      }));
      return { kind: "restored-deduplication", entries };
    }
    default:
      return undefined;
  }
}

/** Reads a count and as many things of at least `bytesEach`. */
function each<Thing>(from: RecordReader, bytesEach: number, read: () => Thing): readonly Thing[] {
  return Array.from({ length: from.count(bytesEach) }, read);
}

function readRestoredQueue(from: RecordReader, version: 1 | 2): Omit<RestoredQueue, "paused" | "redrives"> {
  const settings = version === 1 ? readFirstSettings(from) : readSettings(from);
  return { kind: "restored-queue", settings, nextSequence: from.varint(), nextLease: from.varint() };
}

type ReadMessage = (from: RecordReader, given: ReplayedBody) => SentMessage;

function readSent(from: RecordReader, bodies: readonly ReplayedBody[], read: ReadMessage): SentRecord {
  const [firstSequence, enqueuedAtMs] = [from.varint(), from.f64()];
  return {
    kind: "sent",
    firstSequence,
    enqueuedAtMs,
    messages: eachBody(from, bodies, (given) => read(from, given)),
  };
}

const readMessage: ReadMessage = (from, given) => {
  const body = readBody(from, given);
  return { body, attributes: from.attributes() };
};

const readMessageWithOptions: ReadMessage = (from, given) => {
  const options = readOptions(from);
  const message = readMessage(from, given);
  return options === undefined ? message : { ...message, options };
};

function readMovedIn(from: RecordReader, bodies: readonly ReplayedBody[], version: 1 | 2): MovedIn {
  const [owner, reason, movedAtMs, firstSequence] = [
    from.varint(),
    readReason(from),
    from.f64(),
    from.varint(),
  ];
  const messages = eachBody(from, bodies, (given) => readMoved(from, given, version));
  return { kind: "moved-in", from: owner, reason, movedAtMs, firstSequence, messages };
}

function readMoved(from: RecordReader, given: ReplayedBody, version: 1 | 2): MovedMessage {
  const [originQueue, originSequence, originEnqueuedAtMs] = [from.varint(), from.varint(), from.f64()];
  const receiveCount = from.varint();
  const lastError = version === 1 ? "" : from.text();
  const priority = version === 1 ? 0 : readPriority(from);
  const groupId = version === 1 || from.u8() === 0 ? undefined : from.text();
  const origin = { originQueue, originSequence, originEnqueuedAtMs, receiveCount };
  const body = readBody(from, given);
  const attributes = from.attributes();
  return { ...origin, lastError, priority, groupId, body, attributes, bodyPosition: given.position };
}
