/** Extend: a consumer needs longer, and its lease is set anew. */
import type { Done, Extend } from "../commands.ts";
import type { Now } from "../now.ts";
import type { QueueState } from "../state.ts";
import type { QueueDecision, QueueDirectory } from "./decision.ts";
import { decideNack } from "./nack.ts";
import { holds, refuseReceipt } from "./receipt.ts";

/** Refused as `stale-receipt` or `unknown-message`. May also shorten the lease; 0 ends it, as a nack without delay does. */
export function decideExtend(
  state: QueueState,
  { receipt, visibilityTimeoutMs: timeoutMs }: Extend,
  now: Now,
  directory: QueueDirectory,
): QueueDecision<Done> {
  if (timeoutMs === 0) return decideNack(state, { receipt, delayMs: 0, counts: true }, now, directory);
  if (!holds(state, receipt, now)) return refuseReceipt(state, receipt);
  const deadlineWallMs = now.wallMs + timeoutMs;
  const record = { kind: "extended", sequences: [receipt.sequence], deadlineWallMs, timeoutMs } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { done: true } };
}
