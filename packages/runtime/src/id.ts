/** UUIDs made of an injected clock and random source. */
import type { Random } from "./random.ts";

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Sixteen bytes in the textual form of RFC 9562: lower-case hex in groups of 8-4-4-4-12. */
export function formatUuid(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += hex[bytes[i] ?? 0];
  }
  return text;
}

/** A UUID of version 7 (RFC 9562 §5.7): 48 bits of `wallMs`, then random bits; sorts by time to the millisecond. */
export function uuidv7(random: Random, wallMs: number): string {
  const bytes = random.bytes(16);
  let rest = Math.floor(wallMs);
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}
