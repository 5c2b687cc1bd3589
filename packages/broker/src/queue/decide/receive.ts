/** Receive: the first ready messages are hidden for the visibility timeout and handed out. */
import type { Receive, Received } from "../commands.ts";
import { movesPerCommandMax } from "../limits.ts";
import type { Delivery } from "../message.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import { deliveryOf, type QueueState, ReadyWalk } from "../state.ts";
import type { Decided, OwnedRecord, QueueDirectory } from "./decision.ts";
import { deadLetterQueue, isSpent, moveRecords } from "./move.ts";

/**
 * Never refused; no deliveries when nothing is ready.
 *
 * A spent message does not get here as a rule: it is moved when it is given back. It does when `receiveCountMax` was lowered or when
 * the dead-letter queue was missing; then it is moved now instead of being delivered. At most `movesPerCommandMax` are, so that a
 * reply may be empty although messages are ready: ask again.
 */
export function decideReceive(
  state: QueueState,
  command: Receive,
  now: Now,
  directory: QueueDirectory,
): Decided<QueueRecord, Received> {
  const timeoutMs = command.visibilityTimeoutMs ?? state.settings.visibilityTimeoutMs;
  const target = deadLetterQueue(state, directory);
  const firstLease = state.nextLease;
  const deliveries: Delivery[] = [];
  const sequences: number[] = [];
  const spent: number[] = [];
  const ready = new ReadyWalk(state);
  const bytesMax = command.bytesMax ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  while (deliveries.length < command.max && spent.length < movesPerCommandMax) {
    const slot = ready.next();
    if (slot < 0) break;
    if (target !== undefined && isSpent(state, slot)) {
      spent.push(slot);
      continue;
    }
    bytes += state.messages.bodyBytes[slot] as number;
    if (bytes > bytesMax && deliveries.length > 0) break;
    const delivery = deliveryOf(state, slot, firstLease + deliveries.length);
    deliveries.push(delivery);
    sequences.push(delivery.sequence);
  }
  const records: OwnedRecord<QueueRecord>[] = [];
  if (target !== undefined && spent.length > 0) {
    records.push(...moveRecords(state, spent, target, "max-receives", now));
  }
  if (sequences.length > 0) {
    const deadlineWallMs = now.wallMs + timeoutMs;
    const record = { kind: "delivered", firstLease, sequences, deadlineWallMs, timeoutMs } as const;
    records.push({ owner: state.number, record });
  }
  return { ok: true, records, reply: { deliveries } };
}
