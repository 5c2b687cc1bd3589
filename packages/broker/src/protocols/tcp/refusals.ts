/** What each refusal of the broker means on a classic connection: its code, and what becomes of a producer that meets it. */
import type { BrokerCode } from "@sluice/protocol";
import type { Refusal } from "../../broker/api.ts";

export interface TcpRefusal {
  readonly code: BrokerCode;
  /**
   * `drop`: this message is lost, counted and warned about, and the next may fare better.
   * `end`: no message of this producer can be taken, so it is told and its connection ends.
   */
  readonly producer: "drop" | "end";
}

export const tcpRefusals = {
  "unknown-queue": { code: "unknown-queue", producer: "end" },
  "unknown-message": { code: "unknown-message", producer: "drop" },
  "stale-receipt": { code: "stale-receipt", producer: "drop" },
  "queue-full": { code: "queue-full", producer: "drop" },
  "body-too-large": { code: "body-too-large", producer: "drop" },
  "invalid-setting": { code: "invalid-setting", producer: "end" },
  "invalid-message": { code: "invalid-message", producer: "drop" },
  "message-in-flight": { code: "message-in-flight", producer: "drop" },
  "redrive-running": { code: "redrive-running", producer: "drop" },
  "unknown-redrive": { code: "unknown-redrive", producer: "drop" },
  "unknown-topic": { code: "unknown-topic", producer: "end" },
  "unknown-partition": { code: "unknown-partition", producer: "end" },
  "unknown-group": { code: "unknown-group", producer: "end" },
  "offset-out-of-range": { code: "offset-out-of-range", producer: "end" },
  "not-a-log": { code: "not-a-log", producer: "end" },
  "unknown-member": { code: "unknown-member", producer: "end" },
  "stale-generation": { code: "stale-generation", producer: "end" },
  "unexpected-offset": { code: "unexpected-offset", producer: "end" },
  "invalid-name": { code: "invalid-name", producer: "end" },
  "owned-topic": { code: "owned-topic", producer: "end" },
  "stale-sequence": { code: "stale-sequence", producer: "drop" },
  "limit-exceeded": { code: "limit-exceeded", producer: "drop" },
  "memory-full": { code: "memory-full", producer: "drop" },
  "disk-full": { code: "disk-full", producer: "drop" },
  "too-many-consumers": { code: "too-many-consumers", producer: "end" },
  "storage-failed": { code: "storage-failed", producer: "end" },
  "shutting-down": { code: "shutting-down", producer: "end" },
} as const satisfies Record<Refusal, TcpRefusal>;
