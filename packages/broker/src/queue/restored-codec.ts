/**
 * A message of a checkpoint inside a record.
 *
 *     restored   => sequence phase:u8 due-wall:f64 remaining:f64 receive-count lease enqueued-at:f64 (0 | 1 provenance)
 *     provenance => reason:u8 from origin-queue origin-sequence origin-enqueued-at:f64 receive-count moved-at:f64
 *     rare       => 0 | 1 priority:u8 (0 | 1 group:text) available-at:f64 time-to-live:f64 expires-at:f64 expires-in:f64
 *                   last-error:text (0 | 1 parked-reason:u8 parked-at:f64) place:f64
 *     last-error => text           of the provenance; empty without one. The first version had neither this nor what is rare.
 */
import { type ReplayedBody, readBody } from "./body-codec.ts";
import { type DeadLetterReason, type MoveReason, moveReasons, type Provenance } from "./message.ts";
import { readPriority } from "./options-codec.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import { type RestoredMessage, type RestoredRarities, restoredPhases } from "./records.ts";
import { readChoice } from "./settings-codec.ts";

export function writeRestored(to: RecordWriter, message: RestoredMessage): void {
  to.varint(message.sequence).u8(restoredPhases.indexOf(message.phase));
  to.f64(message.dueWallMs).f64(message.remainingMs);
  to.varint(message.receiveCount).varint(message.lease).f64(message.enqueuedAtMs);
  if (message.provenance === undefined) to.u8(0);
  else writeProvenance(to.u8(1), message.provenance);
  to.text(message.provenance?.lastError ?? "");
  writeRarities(to, message.rare);
  to.varint(message.body.byteLength).attributes(message.attributes);
}

/** `version`: 1 for the layout of the first version. */
export function readRestored(from: RecordReader, given: ReplayedBody, version: 1 | 2): RestoredMessage {
  const place = {
    sequence: from.varint(),
    phase: readChoice(from, restoredPhases, "ready"),
    dueWallMs: from.f64(),
    remainingMs: from.f64(),
    receiveCount: from.varint(),
    lease: from.varint(),
    enqueuedAtMs: from.f64(),
  };
  const provenance = from.u8() === 0 ? undefined : readProvenance(from);
  const lastError = version === 1 ? "" : from.text();
  const rare = version === 1 ? undefined : readRarities(from);
  return {
    ...place,
    provenance: provenance && { ...provenance, lastError },
    body: readBody(from, given),
    attributes: from.attributes(),
    bodyPosition: given.position,
    ...(rare !== undefined && { rare }),
  };
}

function writeRarities(to: RecordWriter, rare: RestoredRarities | undefined): void {
  if (rare === undefined) {
    to.u8(0);
    return;
  }
  to.u8(1).u8(rare.priority);
  if (rare.groupId === undefined) to.u8(0);
  else to.u8(1).text(rare.groupId);
  to.f64(rare.availableAtWallMs).f64(rare.timeToLiveMs).f64(rare.expiresAtWallMs).f64(rare.expiresInMs);
  to.text(rare.lastError);
  if (rare.parkedReason === undefined) to.u8(0);
  else writeReason(to.u8(1), rare.parkedReason).f64(rare.parkedAtWallMs);
  to.f64(rare.place);
}

function readRarities(from: RecordReader): RestoredRarities | undefined {
  if (from.u8() === 0) return undefined;
  const [priority, groupId] = [readPriority(from), from.u8() === 0 ? undefined : from.text()];
  const [availableAtWallMs, timeToLiveMs] = [from.f64(), from.f64()];
  const [expiresAtWallMs, expiresInMs] = [from.f64(), from.f64()];
  const lastError = from.text();
  const isParked = from.u8() !== 0;
  return {
    priority,
    groupId,
    availableAtWallMs,
    timeToLiveMs,
    expiresAtWallMs,
    expiresInMs,
    lastError,
    parkedReason: isParked ? readDeadLetterReason(from) : undefined,
    parkedAtWallMs: isParked ? from.f64() : 0,
    place: from.f64(),
  };
}

function writeProvenance(to: RecordWriter, provenance: Provenance): void {
  writeReason(to, provenance.reason).varint(provenance.from);
  to.varint(provenance.originQueue).varint(provenance.originSequence).f64(provenance.originEnqueuedAtMs);
  to.varint(provenance.receiveCount).f64(provenance.movedAtMs);
}

function readProvenance(from: RecordReader): Omit<Provenance, "lastError"> {
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

/** reason => u8, its place in `moveReasons` */
export function writeReason(to: RecordWriter, reason: MoveReason): RecordWriter {
  return to.u8(moveReasons.indexOf(reason));
}

export const readReason = (from: RecordReader): MoveReason => readChoice(from, moveReasons, "max-receives");

export function readDeadLetterReason(from: RecordReader): DeadLetterReason {
  const reason = readReason(from);
  if (reason !== "redrive") return reason;
  from.reject();
  return "max-receives";
}
