/** What each refusal of the broker is called on the full protocol, and when asking again may help. */
import type { BrokerCode } from "@sluice/protocol";
import type { WireRefusal } from "@sluice/protocol/full";
import type { Refusal } from "../../../broker/api.ts";

interface FullRefusal {
  readonly code: BrokerCode;
  /** 0: the same request will be refused again. */
  readonly retryAfterMs: number;
}

export const fullRefusals = {
  "unknown-queue": { code: "unknown-queue", retryAfterMs: 0 },
  "unknown-message": { code: "unknown-message", retryAfterMs: 0 },
  "stale-receipt": { code: "stale-receipt", retryAfterMs: 0 },
  "queue-full": { code: "queue-full", retryAfterMs: 1_000 },
  "body-too-large": { code: "body-too-large", retryAfterMs: 0 },
  "invalid-setting": { code: "invalid-setting", retryAfterMs: 0 },
  "invalid-message": { code: "invalid-message", retryAfterMs: 0 },
  "message-in-flight": { code: "message-in-flight", retryAfterMs: 1_000 },
  "redrive-running": { code: "redrive-running", retryAfterMs: 0 },
  "unknown-redrive": { code: "unknown-redrive", retryAfterMs: 0 },
  "unknown-topic": { code: "unknown-topic", retryAfterMs: 0 },
  "unknown-partition": { code: "unknown-partition", retryAfterMs: 0 },
  "unknown-group": { code: "unknown-group", retryAfterMs: 0 },
  "offset-out-of-range": { code: "offset-out-of-range", retryAfterMs: 0 },
  "not-a-log": { code: "not-a-log", retryAfterMs: 0 },
  "unknown-member": { code: "unknown-member", retryAfterMs: 0 },
  "stale-generation": { code: "stale-generation", retryAfterMs: 0 },
  "unexpected-offset": { code: "unexpected-offset", retryAfterMs: 0 },
  "invalid-name": { code: "invalid-name", retryAfterMs: 0 },
  "stale-sequence": { code: "stale-sequence", retryAfterMs: 0 },
  "limit-exceeded": { code: "limit-exceeded", retryAfterMs: 0 },
  "owned-topic": { code: "owned-topic", retryAfterMs: 0 },
  "memory-full": { code: "memory-full", retryAfterMs: 1_000 },
  "disk-full": { code: "disk-full", retryAfterMs: 5_000 },
  "too-many-consumers": { code: "too-many-consumers", retryAfterMs: 5_000 },
  "storage-failed": { code: "storage-failed", retryAfterMs: 10_000 },
  "shutting-down": { code: "shutting-down", retryAfterMs: 1_000 },
} as const satisfies Record<Refusal, FullRefusal>;

export const wireRefusal = (refused: {
  readonly refusal: Refusal;
  readonly detail: string;
}): WireRefusal => ({
  ...fullRefusals[refused.refusal],
  sentence: refused.detail,
});
