/** One record of an archive file out of bytes that were read. */
import type { ReplayedPart } from "./journal.ts";
import { decodeParts, readFrame, recordHeaderBytes, recordHolds } from "./record-codec.ts";

/** The parts of the record with which `bytes` begin, as views; undefined when there is none whose checksum holds. */
export function readRecord(bytes: Uint8Array, salt: number): readonly ReplayedPart[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frame = readFrame(view, 0, salt);
  if (frame === undefined || recordHeaderBytes + frame.payloadBytes > bytes.length) return undefined;
  return recordHolds(bytes, view, 0, frame) ? decodeParts(bytes, view, 0, frame, 0) : undefined;
}
