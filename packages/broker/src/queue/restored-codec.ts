/**
 * A message of a checkpoint inside a record.
 *
 *     restored   => sequence phase:u8 due-wall:f64 remaining:f64 receive-count lease enqueued-at:f64 (0 | 1 provenance)
 *                   body-bytes attributes
 *     provenance => reason:u8 from origin-queue origin-sequence origin-enqueued-at:f64 receive-count moved-at:f64
 */
import { type ReplayedBody, readBody } from "./body-codec.ts";
import { type MoveReason, moveReasons, type Provenance } from "./message.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { RestoredMessage } from "./records.ts";

/** The number of a phase is its place here. */
const phases = ["ready", "delayed", "in-flight"] as const;

export function writeRestored(to: RecordWriter, message: RestoredMessage): void {
  to.varint(message.sequence).u8(phases.indexOf(message.phase));
  to.f64(message.dueWallMs).f64(message.remainingMs);
  to.varint(message.receiveCount).varint(message.lease).f64(message.enqueuedAtMs);
  if (message.provenance === undefined) to.u8(0);
  else writeProvenance(to.u8(1), message.provenance);
  to.varint(message.body.byteLength).attributes(message.attributes);
}

export function readRestored(from: RecordReader, given: ReplayedBody): RestoredMessage {
  return {
    sequence: from.varint(),
    phase: readPhase(from),
    dueWallMs: from.f64(),
    remainingMs: from.f64(),
    receiveCount: from.varint(),
    lease: from.varint(),
    enqueuedAtMs: from.f64(),
    provenance: from.u8() === 0 ? undefined : readProvenance(from),
    body: readBody(from, given),
    attributes: from.attributes(),
    bodyPosition: given.position,
  };
}

function writeProvenance(to: RecordWriter, provenance: Provenance): void {
  writeReason(to, provenance.reason).varint(provenance.from);
  to.varint(provenance.originQueue).varint(provenance.originSequence).f64(provenance.originEnqueuedAtMs);
  to.varint(provenance.receiveCount).f64(provenance.movedAtMs);
}

function readProvenance(from: RecordReader): Provenance {
  return {
    reason: readReason(from),
    from: from.varint(),
    originQueue: from.varint(),
    originSequence: from.varint(),
    originEnqueuedAtMs: from.f64(),
    receiveCount: from.varint(),
    movedAtMs: from.f64(),
  };
}

function readPhase(from: RecordReader): (typeof phases)[number] {
  const phase = phases[from.u8()];
  if (phase === undefined) from.reject();
  return phase ?? "ready";
}

/** reason => u8, its place in `moveReasons` */
export function writeReason(to: RecordWriter, reason: MoveReason): RecordWriter {
  return to.u8(moveReasons.indexOf(reason));
}

export function readReason(from: RecordReader): MoveReason {
  const reason = moveReasons[from.u8()];
  if (reason === undefined) from.reject();
  return reason ?? "max-receives";
}
