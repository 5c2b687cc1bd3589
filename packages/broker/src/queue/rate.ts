/**
 * The rate limit of a queue (Q16), as one number: the instant at which all starts so far would be over if they were spread evenly (the generic
 * cell rate algorithm). A tenth of a second's worth may come at once.
 */
import type { QueueState } from "./state.ts";

const burstMs = 100;
/** Whoever waits until `nextStartMs` must then be let in, however the instants are rounded: those of a year of uptime are, to some microseconds. */
const roundingMs = 0.001;

/** Milliseconds that one start takes of the rate; 0 without a limit. */
const intervalMs = ({ settings }: QueueState): number => 1000 / settings.startsPerSecondMax;

/** How many messages may be handed out at `nowMs`, by the monotonic clock. */
export function startsAllowed(state: QueueState, nowMs: number): number {
  const interval = intervalMs(state);
  if (interval === 0) return Number.POSITIVE_INFINITY;
  const aheadMs = Math.max(0, state.startsUntilMs - nowMs);
  return Math.max(0, Math.floor((Math.max(burstMs, interval) - aheadMs + roundingMs) / interval));
}

/** When at least one more may be, by the monotonic clock; undefined when one may at `nowMs`. */
export function nextStartMs(state: QueueState, nowMs: number): number | undefined {
  if (startsAllowed(state, nowMs) > 0) return undefined;
  const interval = intervalMs(state);
  return state.startsUntilMs - Math.max(burstMs, interval) + interval;
}

/** Takes note of starts. */
export function countStarts(state: QueueState, count: number, atMs: number): void {
  const interval = intervalMs(state);
  if (interval > 0) state.startsUntilMs = Math.max(state.startsUntilMs, atMs) + count * interval;
}
