/** Payloads in, bytes out: frames as the reader reads them, many of them in one piece of memory and so in one write. */
import { frameHeaderBytes } from "./frame-limits.ts";

/** The four bytes in front of a payload of `payloadBytes`. */
export function frameHeader(payloadBytes: number): Uint8Array {
  const header = new Uint8Array(frameHeaderBytes);
  writeHeader(header, 0, payloadBytes);
  return header;
}

/** One frame. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  return encodeFrames([payload]);
}

/** The frames of `payloads`, in order, without a gap. */
export function encodeFrames(payloads: readonly Uint8Array[]): Uint8Array {
  let blockBytes = 0;
  for (const payload of payloads) blockBytes += frameHeaderBytes + payload.length;
  const block = new Uint8Array(blockBytes);
  let at = 0;
  for (const payload of payloads) {
    writeHeader(block, at, payload.length);
    block.set(payload, at + frameHeaderBytes);
    at += frameHeaderBytes + payload.length;
  }
  return block;
}

function writeHeader(into: Uint8Array, at: number, payloadBytes: number): void {
  into[at] = payloadBytes >>> 24;
  into[at + 1] = payloadBytes >>> 16;
  into[at + 2] = payloadBytes >>> 8;
  into[at + 3] = payloadBytes;
}
