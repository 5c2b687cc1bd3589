/** What a payload begins with, the same in both directions: a verb and an id. Total: whatever comes is a frame or a fault. */

import { payloadHeaderBytes } from "./limits.ts";
import { load32, type PayloadReader } from "./reader.ts";
import type { WireFault } from "./wire-fault.ts";

/** Reads the frame of `payload` by its verb. `read` answers undefined for a verb that it does not know. */
export function decodePayload<Frame extends { readonly verb: string }>(
  from: PayloadReader,
  payload: Uint8Array,
  read: (verb: number, id: number, from: PayloadReader) => Frame | undefined,
): Frame | WireFault {
  if (payload.length < payloadHeaderBytes) {
    const sentence = `A payload has ${payload.length} bytes; its verb and id alone are ${payloadHeaderBytes}.`;
    return { verb: "unreadable", id: 0, code: "malformed", sentence };
  }
  const verb = payload[0] as number;
  const id = load32(payload, 1);
  from.reset(payload, payloadHeaderBytes);
  const frame = read(verb, id, from);
  if (frame === undefined) {
    return { verb: "unreadable", id, code: "unknown-verb", sentence: `There is no verb ${verb}.` };
  }
  return from.fault(frame.verb, id) ?? frame;
}
