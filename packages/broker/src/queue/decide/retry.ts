/** The retry policy (Q10): how long a message waits that was given back. */
import type { MessageSequence } from "../message.ts";
import type { RetryPolicy } from "../settings.ts";

/**
 * The delay after the `receiveCount`-th receive, in whole milliseconds. The jitter is a hash of the message and its receive, so that the rule
 * stays a function of the state: messages that failed together still come back apart.
 */
export function retryDelayMs(policy: RetryPolicy, sequence: MessageSequence, receiveCount: number): number {
  const { minDelayMs, maxDelayMs, factor, jitter } = policy;
  if (minDelayMs === 0) return 0;
  const delayMs = Math.min(maxDelayMs, minDelayMs * factor ** Math.max(0, receiveCount - 1));
  return Math.round(delayMs * (1 - jitter * fraction(sequence, receiveCount)));
}

/** From 0 to below 1, evenly spread: the finisher of MurmurHash3 (Austin Appleby) over both numbers. */
function fraction(sequence: number, receiveCount: number): number {
  let hash = Math.imul(sequence, 0x9e3779b1) ^ Math.imul(receiveCount, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
