/** Wall-clock times of records on the monotonic clock of this process. */
import type { Now } from "./now.ts";

/** What is left until `wallMs`, between nothing and the whole span, from now on by the monotonic clock. */
export const anchored = (now: Now, wallMs: number, spanMs: number): number =>
  now.monotonicMs + Math.min(Math.max(wallMs - now.wallMs, 0), spanMs);

/** When `wallMs` was, by the monotonic clock; never later than now. */
export const sinceMs = (now: Now, wallMs: number): number =>
  now.monotonicMs - Math.max(0, now.wallMs - wallMs);
