/** What a queue takes in memory, as the memory budget counts it, and how its bodies are left out. */
import type { BodyPosition } from "../queue/message.ts";
import type { QueueRecord } from "../queue/records.ts";
import type { QueueState } from "../queue/state.ts";
import {
  deduplicationOverheadBytes,
  groupOverheadBytes,
  messageOverheadBytes,
  raritiesOverheadBytes,
} from "./limits.ts";

/** Bytes. */
export const memoryOf = ({ messages, groups, deduplication }: QueueState): number =>
  messages.bodies.heldBytes +
  messages.used * messageOverheadBytes +
  messages.rare.size * raritiesOverheadBytes +
  groups.count * groupOverheadBytes +
  deduplication.size * deduplicationOverheadBytes;

/** The record with the bodies gone that the journal holds. */
export function withoutBodies(
  record: QueueRecord,
  positions: readonly BodyPosition[],
  first: number,
): QueueRecord {
  if (record.kind !== "sent") return record;
  const messages = record.messages.map((message, i) =>
    positions[first + i] ? { ...message, body: { byteLength: message.body.byteLength } } : message,
  );
  return { ...record, messages };
}
