/** Nack: a consumer gives a message back, to be tried again at its old place in the order. */
import type { Done, Nack } from "../commands.ts";
import { lastErrorCharactersMax } from "../limits.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import type { QueueState } from "../state.ts";
import { deadLetterQueue, deadLetterRecords, receiveCountMax } from "./dead-letter.ts";
import type { QueueDecision, QueueDirectory } from "./decision.ts";
import { refuseDelay } from "./options.ts";
import { holds, refuseReceipt } from "./receipt.ts";
import { retryDelayMs } from "./retry.ts";

/**
 * Refused as `stale-receipt`, `unknown-message`, or `invalid-message` for a delay that cannot be. A message that has been received as often as it
 * may be is a dead letter at once, whatever the delay, unless the receive does not count.
 */
export function decideNack(
  state: QueueState,
  { receipt, delayMs: wantedMs, counts, error = "" }: Nack,
  now: Now,
  directory: QueueDirectory,
): QueueDecision<Done> {
  const refused = wantedMs === undefined ? undefined : refuseDelay(wantedMs);
  if (refused !== undefined) return refused;
  if (!holds(state, receipt, now)) return refuseReceipt(state, receipt);
  const reply = { done: true } as const;
  const { sequence } = receipt;
  const slot = state.index.find(sequence);
  const receiveCount = state.messages.receiveCount[slot] as number;
  const lastError = error.slice(0, lastErrorCharactersMax).toWellFormed();
  if (counts) {
    const target = deadLetterQueue(state, directory);
    if (receiveCount >= receiveCountMax(state, target)) {
      return {
        ok: true,
        records: deadLetterRecords(state, [slot], target, "max-receives", now, lastError),
        reply,
      };
    }
  }
  const policyMs = counts ? retryDelayMs(state.settings.retry, sequence, receiveCount) : 0;
  const delayMs = wantedMs ?? policyMs;
  const atWallMs = now.wallMs;
  const record: QueueRecord =
    counts && lastError !== ""
      ? { kind: "retried", atWallMs, entries: [{ sequence, delayMs }], lastError }
      : { kind: "returned", sequences: [sequence], counts, readyAtWallMs: atWallMs + delayMs, delayMs };
  return { ok: true, records: [{ owner: state.number, record }], reply };
}
