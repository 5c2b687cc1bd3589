/** Which message of the model a receipt stands for, as long as it holds (Q3). */
import type { Now, Receipt } from "../../src/queue/index.ts";
import type { ModelQueue } from "./model.ts";
import type { ModelMessage } from "./model-message.ts";

export function heldBy(
  queue: ModelQueue,
  { sequence, lease }: Receipt,
  now: Now,
): ModelMessage | "unknown-message" | "stale-receipt" {
  if (sequence >= queue.nextSequence || lease >= queue.nextLease) return "unknown-message";
  const message = queue.find(sequence);
  const holds = message?.phase === "in-flight" && message.lease === lease && message.dueMs > now.monotonicMs;
  return holds ? message : "stale-receipt";
}
