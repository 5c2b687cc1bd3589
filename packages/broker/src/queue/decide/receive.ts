/** Receive: the first ready messages are hidden for the visibility timeout and handed out. */
import type { Receive, Received } from "../commands.ts";
import { movesPerCommandMax } from "../limits.ts";
import type { Delivery } from "../message.ts";
import type { Now } from "../now.ts";
import { startsAllowed } from "../rate.ts";
import { ReadyWalk } from "../ready-walk.ts";
import type { QueueRecord } from "../records.ts";
import { deliveryOf, isExpired, type QueueState } from "../state.ts";
import { deadLetterQueue, goneRecords, receiveCountMax } from "./dead-letter.ts";
import type { Decided, QueueDirectory } from "./decision.ts";

const nothing: Decided<QueueRecord, Received> = { ok: true, records: [], reply: { deliveries: [] } };

/** No slots: most receives find nothing that is to go. */
const none: number[] = [];

/**
 * Never refused; no deliveries when nothing is ready, delivery is paused (Q15), or as much is in flight or was handed out of late as may be
 * (Q16).
 *
 * A spent or expired message does not get here as a rule: it goes when it is given back or when its time is over. It does when the bound was
 * lowered, or when nobody has noticed yet; then it goes now instead of being delivered. At most `movesPerCommandMax` do, so that a reply may
 * be empty although messages are ready: ask again while there are records.
 */
export function decideReceive(
  state: QueueState,
  command: Receive,
  now: Now,
  directory: QueueDirectory,
): Decided<QueueRecord, Received> {
  const { settings, messages } = state;
  const max = Math.min(
    command.max,
    settings.inFlightMax - state.inFlightCount,
    startsAllowed(state, now.monotonicMs),
  );
  if (state.paused || max < 1) return nothing;
  const timeoutMs = command.visibilityTimeoutMs ?? settings.visibilityTimeoutMs;
  const target = deadLetterQueue(state, directory);
  const spentAt = receiveCountMax(state, target);
  const firstLease = state.nextLease;
  const deliveries: Delivery[] = [];
  const sequences: number[] = [];
  let spent = none;
  let expired = none;
  const ready = new ReadyWalk(state, now);
  const bytesMax = command.bytesMax ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  while (deliveries.length < max && spent.length + expired.length < movesPerCommandMax) {
    const slot = ready.next();
    if (slot < 0) break;
    if (isExpired(state, slot, now.monotonicMs)) {
      if (expired === none) expired = [];
      expired.push(slot);
      continue;
    }
    if ((messages.receiveCount[slot] as number) >= spentAt) {
      if (spent === none) spent = [];
      spent.push(slot);
      continue;
    }
    bytes += messages.bodyBytes[slot] as number;
    if (bytes > bytesMax && deliveries.length > 0) break;
    const delivery = deliveryOf(state, slot, firstLease + deliveries.length);
    deliveries.push(delivery);
    sequences.push(delivery.sequence);
  }
  const reply = { deliveries };
  const gone = expired === none && spent === none ? [] : goneRecords(state, { expired, spent, target }, now);
  if (sequences.length === 0) return { ok: true, records: gone, reply };
  const deadlineWallMs = now.wallMs + timeoutMs;
  const record = { kind: "delivered", firstLease, sequences, deadlineWallMs, timeoutMs } as const;
  return { ok: true, records: [...gone, { owner: state.number, record }], reply };
}
