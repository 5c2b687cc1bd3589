/** Nack: a consumer gives a message back, to be tried again at its old place in the order. */
import type { Done, Nack } from "../commands.ts";
import type { Now } from "../now.ts";
import type { QueueState } from "../state.ts";
import type { QueueDecision, QueueDirectory } from "./decision.ts";
import { deadLetterQueue, isSpent, moveRecords } from "./move.ts";
import { holds, refuseReceipt } from "./receipt.ts";

/**
 * Refused as `stale-receipt` or `unknown-message`. A message that has been received as often as it may be goes to the dead-letter
 * queue at once, whatever the delay, unless the receive does not count.
 */
export function decideNack(
  state: QueueState,
  { receipt, delayMs, counts }: Nack,
  now: Now,
  directory: QueueDirectory,
): QueueDecision<Done> {
  if (!holds(state, receipt, now)) return refuseReceipt(state, receipt);
  const reply = { done: true } as const;
  const slot = state.index.find(receipt.sequence);
  const target = counts && isSpent(state, slot) ? deadLetterQueue(state, directory) : undefined;
  if (target !== undefined) {
    return { ok: true, records: moveRecords(state, [slot], target, "max-receives", now), reply };
  }
  const readyAtWallMs = now.wallMs + delayMs;
  const record = {
    kind: "returned",
    sequences: [receipt.sequence],
    counts,
    readyAtWallMs,
    delayMs,
  } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply };
}
