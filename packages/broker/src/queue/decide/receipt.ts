/** Which message a receipt stands for, as long as it holds. */
import type { Receipt } from "../message.ts";
import type { Now } from "../now.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";
import { leaseHolds, type QueueState } from "../state.ts";

/** Whether the receipt holds: its message is there, in flight under this very lease, and the lease has not run out. */
export function holds(state: QueueState, receipt: Receipt, now: Now): boolean {
  const slot = state.index.find(receipt.sequence);
  return (
    slot >= 0 && state.messages.lease[slot] === receipt.lease && leaseHolds(state, slot, now.monotonicMs)
  );
}

/**
 * Why a receipt does not hold. `stale-receipt`: it did once, but the lease ran out, the message was received again, given back,
 * deleted or moved. `unknown-message`: this queue never gave it.
 */
export function refuseReceipt(state: QueueState, { sequence, lease }: Receipt): Refused<QueueRefusal> {
  if (sequence < 1 || sequence >= state.nextSequence || lease < 1 || lease >= state.nextLease) {
    return refuse("unknown-message", `This queue never delivered message ${sequence} under lease ${lease}.`);
  }
  if (state.index.find(sequence) < 0) {
    return refuse("stale-receipt", `Message ${sequence} is no longer in the queue.`);
  }
  return refuse("stale-receipt", `Lease ${lease} of message ${sequence} is over.`);
}
