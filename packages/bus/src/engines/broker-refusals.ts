/** What each refusal of the broker is on the bus. */
import type { Refusal, Result } from "@sluice/broker";
import { BusFault, type BusFaultCode } from "../faults.ts";

const faultCodes = {
  "unknown-topic": "unknown-topic",
  "unknown-partition": "unknown-topic",
  "not-a-log": "unknown-topic",
  "invalid-name": "unknown-topic",
  "owned-topic": "unknown-topic",
  "stale-sequence": "engine-unavailable",
  "invalid-setting": "topic-differs",
  "unknown-group": "stale-generation",
  "unknown-member": "stale-generation",
  "stale-generation": "stale-generation",
  "unexpected-offset": "unexpected-offset",
  "offset-out-of-range": "unexpected-offset",
  "body-too-large": "invalid-event",
  "limit-exceeded": "transaction-too-large",
  "memory-full": "engine-unavailable",
  "disk-full": "engine-unavailable",
  "storage-failed": "engine-unavailable",
  "shutting-down": "engine-unavailable",
  "too-many-consumers": "engine-unavailable",
  // Of queues, for which the bus does not ask.
  "unknown-queue": "engine-unavailable",
  "unknown-message": "engine-unavailable",
  "stale-receipt": "engine-unavailable",
  "invalid-message": "engine-unavailable",
  "message-in-flight": "engine-unavailable",
  "redrive-running": "engine-unavailable",
  "unknown-redrive": "engine-unavailable",
  "queue-full": "engine-unavailable",
} as const satisfies Record<Refusal, BusFaultCode>;

type Refused = Extract<Result<object>, { readonly ok: false }>;

export function faultOf({ refusal, detail }: Refused): BusFault {
  return new BusFault(faultCodes[refusal], `the broker refuses (${refusal}): ${detail}`);
}

/** The answer, or the fault that the refusal is on the bus. */
export function taken<Answer extends { readonly ok: true }>(answer: Answer | Refused): Answer {
  if (answer.ok) return answer;
  throw faultOf(answer);
}
