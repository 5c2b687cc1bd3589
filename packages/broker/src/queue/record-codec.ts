/** Queue records as the journal keeps them: a type number, a head, and the bodies beside it (`record-types.ts`). This half writes. */
import { type EncodedBody, encodedBody } from "./body-codec.ts";
import { dropReasons } from "./message.ts";
import { writeOptions } from "./options-codec.ts";
import { sentWithOptions, types } from "./record-types.ts";
import { RecordWriter } from "./record-writer.ts";
import type { MovedMessage, QueueRecord, SentMessage, SentRecord } from "./records.ts";
import { writeRedrive } from "./redrive-codec.ts";
import { redriveStatuses } from "./redrive-task.ts";
import { writeReason, writeRestored } from "./restored-codec.ts";
import { writeSettings } from "./settings-codec.ts";

export interface EncodedRecord {
  readonly type: number;
  readonly head: Uint8Array;
  readonly bodies: readonly EncodedBody[];
}

const noBodies: readonly EncodedBody[] = [];
const writer = new RecordWriter();

export function encodeQueueRecord(record: QueueRecord): EncodedRecord {
  const hasOptions = record.kind === "sent" && record.messages.some(({ options }) => options !== undefined);
  const bodies = hasOptions
    ? writeSent(writer, record, writeMessageWithOptions)
    : writeQueueRecord(writer, record);
  return { type: hasOptions ? sentWithOptions : types[record.kind], head: writer.finish(), bodies };
}

/** Writes the head and returns the bodies. */
function writeQueueRecord(to: RecordWriter, record: QueueRecord): readonly EncodedBody[] {
  switch (record.kind) {
    case "configured":
      writeSettings(to, record.settings);
      return noBodies;
    case "sent":
      return writeSent(to, record, writeMessage);
    case "delivered":
      to.varint(record.firstLease).f64(record.deadlineWallMs).f64(record.timeoutMs);
      to.sequences(record.sequences);
      return noBodies;
    case "acked":
    case "readied":
    case "unparked":
      to.sequences(record.sequences);
      return noBodies;
    case "returned":
      to.u8(record.counts ? 1 : 0)
        .f64(record.readyAtWallMs)
        .f64(record.delayMs)
        .sequences(record.sequences);
      return noBodies;
    case "retried":
      to.f64(record.atWallMs).text(record.lastError).varint(record.entries.length);
      for (const { sequence, delayMs } of record.entries) to.varint(sequence).f64(delayMs);
      return noBodies;
    case "rescheduled":
      to.f64(record.readyAtWallMs).f64(record.delayMs).sequences(record.sequences);
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
      return record.messages.map((message) => writeMoved(to, message));
    case "relocated":
      to.varint(record.messages.length);
      return record.messages.map(({ sequence, body }) => {
        to.varint(sequence).varint(body.byteLength);
        return encodedBody(body, 0);
      });
    case "parked":
      writeReason(to, record.reason).f64(record.atWallMs).text(record.lastError).sequences(record.sequences);
      return noBodies;
    case "dropped":
      to.u8(dropReasons.indexOf(record.reason)).sequences(record.sequences);
      return noBodies;
    case "purged":
      return noBodies;
    case "paused":
      to.u8(record.paused ? 1 : 0);
      return noBodies;
    case "forgotten":
      to.varint(record.throughSequence);
      return noBodies;
    case "redrive-started":
      writeRedrive(to, record.task);
      return noBodies;
    case "redrive-advanced":
      to.varint(record.moved).f64(record.atWallMs).f64(record.delayMs);
      return noBodies;
    case "redrive-ended":
      to.u8(redriveStatuses.indexOf(record.status)).f64(record.atWallMs);
      return noBodies;
    case "restored-queue":
      writeSettings(to, record.settings);
      to.varint(record.nextSequence)
        .varint(record.nextLease)
        .u8(record.paused ? 1 : 0);
      to.varint(record.redrives.length);
      for (const task of record.redrives) writeRedrive(to, task);
      return noBodies;
    case "restored-deduplication":
      to.varint(record.entries.length);
      for (const { id, sequence, atWallMs } of record.entries) to.text(id).varint(sequence).f64(atWallMs);
      return noBodies;
    case "restored-messages":
      to.varint(record.messages.length);
      return record.messages.map((message) => {
        writeRestored(to, message);
        return encodedBody(message.body, message.bodyPosition);
      });
  }
}

type WriteMessage = (to: RecordWriter, message: SentMessage) => void;

function writeSent(to: RecordWriter, record: SentRecord, write: WriteMessage): readonly EncodedBody[] {
  to.varint(record.firstSequence).f64(record.enqueuedAtMs).varint(record.messages.length);
  return record.messages.map((message) => {
    write(to, message);
    return encodedBody(message.body, 0);
  });
}

const writeMessage: WriteMessage = (to, { body, attributes }) => {
  to.varint(body.byteLength).attributes(attributes);
};

const writeMessageWithOptions: WriteMessage = (to, message) => {
  writeOptions(to, message.options);
  writeMessage(to, message);
};

/** moved => last-error:text priority:u8 (0 | 1 group:text) */
function writeMoved(to: RecordWriter, message: MovedMessage): EncodedBody {
  to.varint(message.originQueue).varint(message.originSequence).f64(message.originEnqueuedAtMs);
  to.varint(message.receiveCount).text(message.lastError).u8(message.priority);
  if (message.groupId === undefined) to.u8(0);
  else to.u8(1).text(message.groupId);
  to.varint(message.body.byteLength).attributes(message.attributes);
  return encodedBody(message.body, message.bodyPosition);
}
