/**
 * Ids that need no table. A message id is a UUID of version 8 (RFC 9562 §5.8) that says which queue and which sequence it
 * is; a receipt says which delivery of it. Both carry a salt of the data directory, so that those of another broker are strangers.
 *
 *     message id   sequence:48 | version:4 salt:12 | variant:2 salt:6 | salt:24 | queue:32
 *     receipt      base64url of sequence:48 | queue:32 | lease:48 | salt:32
 */
import { formatUuid } from "@sluice/runtime";
import type { Receipt } from "../queue/message.ts";

/** Six random bytes, made once for each data directory. */
export type Salt = Uint8Array;

export const saltBytes = 6;

const readUint = (from: Uint8Array, at: number, bytes: number): number => {
  let value = 0;
  for (let i = at; i < at + bytes; i++) value = value * 256 + (from[i] ?? 0);
  return value;
};

export const messageIdBytes = 16;

/** Writes the sixteen bytes of a message id into `to`, from index `at` on. Byte by byte, because it is done for every message. */
export function writeMessageId(
  to: Uint8Array,
  at: number,
  salt: Salt,
  queue: number,
  sequence: number,
): void {
  const high = Math.floor(sequence / 0x1_0000_0000);
  const low = sequence >>> 0;
  to[at] = high >>> 8;
  to[at + 1] = high;
  to[at + 2] = low >>> 24;
  to[at + 3] = low >>> 16;
  to[at + 4] = low >>> 8;
  to[at + 5] = low;
  to[at + 6] = 0x80 | ((salt[0] ?? 0) & 0x0f);
  to[at + 7] = salt[1] ?? 0;
  to[at + 8] = 0x80 | ((salt[2] ?? 0) & 0x3f);
  to[at + 9] = salt[3] ?? 0;
  to[at + 10] = salt[4] ?? 0;
  to[at + 11] = salt[5] ?? 0;
  to[at + 12] = queue >>> 24;
  to[at + 13] = queue >>> 16;
  to[at + 14] = queue >>> 8;
  to[at + 15] = queue;
}

/** What the ids of a queue end in, which is the same for all of them: everything behind the sequence. */
const idTails = new WeakMap<Salt, Map<number, string>>();

function idTail(salt: Salt, queue: number): string {
  let ofSalt = idTails.get(salt);
  if (ofSalt === undefined) {
    ofSalt = new Map();
    idTails.set(salt, ofSalt);
  }
  let tail = ofSalt.get(queue);
  if (tail === undefined) {
    const bytes = new Uint8Array(messageIdBytes);
    writeMessageId(bytes, 0, salt, queue, 0);
    tail = formatUuid(bytes).slice("00000000-0000".length);
    ofSalt.set(queue, tail);
  }
  return tail;
}

export function messageId(salt: Salt, queue: number, sequence: number): string {
  const digits = sequence.toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}${idTail(salt, queue)}`;
}

/** What a message id says, or undefined when it was not made here. */
export function parseMessageId(
  salt: Salt,
  text: string,
): { readonly queue: number; readonly sequence: number } | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  const [sequence, queue] = [readUint(bytes, 0, 6), readUint(bytes, 12, 4)];
  const written = new Uint8Array(messageIdBytes);
  writeMessageId(written, 0, salt, queue, sequence);
  return bytes.equals(written) ? { queue, sequence } : undefined;
}

const receiptBytes = 20;

export function formatReceipt(salt: Salt, queue: number, receipt: Receipt): string {
  const bytes = Buffer.allocUnsafe(receiptBytes);
  bytes.writeUIntBE(receipt.sequence, 0, 6);
  bytes.writeUInt32BE(queue, 6);
  bytes.writeUIntBE(receipt.lease, 10, 6);
  bytes.set(salt.subarray(0, 4), 16);
  return bytes.toString("base64url");
}

/** What a receipt says, or undefined when it was not made here for this queue. */
export function parseReceipt(salt: Salt, queue: number, text: string): Receipt | undefined {
  if (!/^[A-Za-z0-9_-]{27}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== receiptBytes || readUint(bytes, 6, 4) !== queue) return undefined;
  for (let i = 0; i < 4; i++) if (bytes[16 + i] !== salt[i]) return undefined;
  return { sequence: readUint(bytes, 0, 6), lease: readUint(bytes, 10, 6) };
}
