/** Ack: a message is done and goes for good. */
import type { Ack, AckBatch, AckedBatch, Done } from "../commands.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import type { QueueState } from "../state.ts";
import type { Decided, QueueDecision } from "./decision.ts";
import { holds, refuseReceipt } from "./receipt.ts";

/** Refused as `stale-receipt` or `unknown-message`. */
export function decideAck(state: QueueState, { receipt }: Ack, now: Now): QueueDecision<Done> {
  if (!holds(state, receipt, now)) return refuseReceipt(state, receipt);
  const record = { kind: "acked", sequences: [receipt.sequence] } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { done: true } };
}

/** Each receipt on its own, in one record. A receipt that is there twice holds once. */
export function decideAckBatch(
  state: QueueState,
  { receipts }: AckBatch,
  now: Now,
): Decided<QueueRecord, AckedBatch> {
  const sequences = new Set<number>();
  const refusals = receipts.map((receipt) => {
    if (sequences.has(receipt.sequence) || !holds(state, receipt, now)) return refuseReceipt(state, receipt);
    sequences.add(receipt.sequence);
    return undefined;
  });
  const records =
    sequences.size === 0
      ? []
      : [{ owner: state.number, record: { kind: "acked", sequences: [...sequences] } as const }];
  return { ok: true, records, reply: { refusals } };
}
