/**
 * Session ids carry the partition that their room lies in, so that a session is found by its id without a table over all rooms. They are
 * UUIDs of version 8 (RFC 9562 §5.8): 48 bits of milliseconds since the epoch, 12 bits of partition, 62 random bits.
 */
import { assert, formatUuid, type Random } from "@sluice/runtime";

const partitionsMax = 1 << 12;
const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-8([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A new id for a session whose room lies in `partition` (0 to 4095). */
export function newSessionId(random: Random, wallMs: number, partition: number): string {
  assert(partition >= 0 && partition < partitionsMax, "a session id has 12 bits for the partition");
  const bytes = random.bytes(16);
  let rest = Math.floor(wallMs);
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x80 | (partition >> 8);
  bytes[7] = partition & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return formatUuid(bytes);
}

/** The partition that `sessionId` names; undefined when it is no session id of ours. */
export function partitionOfSession(sessionId: string): number | undefined {
  const hex = pattern.exec(sessionId)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}
