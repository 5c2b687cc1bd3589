/** How long to wait before the next attempt: exponential with full jitter, so that a thousand clients do not come back at once. */
import type { Random } from "./clock.ts";

export interface Backoff {
  /** Bound of the first delay in milliseconds. Default 100: a restart of the server goes almost unnoticed. */
  readonly initialDelayMs: number;
  /** Bound of every later delay. Default 10 000: a server that comes back is found soon, one that is gone is asked little. */
  readonly delayMaxMs: number;
}

export const defaultBackoff: Backoff = { initialDelayMs: 100, delayMaxMs: 10_000 };

/** Somewhere between 0 and `initialDelayMs` doubled `attempt` times, at most `delayMaxMs`. `attempt` counts from 0. */
export function backoffMs(
  { initialDelayMs, delayMaxMs }: Backoff,
  attempt: number,
  random: Pick<Random, "unit">,
): number {
  return Math.round(random.unit() * Math.min(delayMaxMs, initialDelayMs * 2 ** Math.min(attempt, 32)));
}
