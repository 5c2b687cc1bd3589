/** Every way in which a broker says no, and what an answer is that may be one. */
import type { QueueRefusal, Refused } from "../queue/refusals.ts";
import type { TopicRefusal } from "../topic/refusals.ts";

/** Refusals that no single queue or topic can give, because they are about the broker as a whole. */
export const brokerRefusals = [
  "invalid-name",
  "owned-topic",
  "stale-sequence",
  "limit-exceeded",
  "memory-full",
  "disk-full",
  "too-many-consumers",
  "storage-failed",
  "shutting-down",
] as const;

export type Refusal = QueueRefusal | TopicRefusal | (typeof brokerRefusals)[number];

export type Result<Answer> = ({ readonly ok: true } & Answer) | Refused<Refusal>;
