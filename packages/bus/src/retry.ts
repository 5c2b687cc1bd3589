/** How long to wait before trying again. */
import type { Random } from "@sluice/runtime";

export interface RetryPolicy {
  /** Deliveries in all, the first one included, before the event goes to the dead-letter topic. */
  readonly attemptsMax: number;
  /** The wait after the first failure; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly delayMsMax: number;
}

export const defaultRetryPolicy: RetryPolicy = { attemptsMax: 5, firstDelayMs: 200, delayMsMax: 30_000 };

/** For the bus's own calls to its engine, which are tried until they succeed or are no longer wanted. */
export const enginePatience: Pick<RetryPolicy, "firstDelayMs" | "delayMsMax"> = {
  firstDelayMs: 50,
  delayMsMax: 5_000,
};

/**
 * The wait after failure number `failures` (from 1): exponential up to the cap, of which the upper half is random, so that those who
 * failed together do not return together.
 */
export function retryDelayMs(
  policy: Pick<RetryPolicy, "firstDelayMs" | "delayMsMax">,
  failures: number,
  random: Random,
): number {
  const delayMs = Math.min(policy.firstDelayMs * 2 ** (failures - 1), policy.delayMsMax);
  return delayMs * (0.5 + random.unit() / 2);
}
