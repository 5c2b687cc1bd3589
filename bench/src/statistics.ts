/** The middle and the spread of a few rounds, and the percentiles of many latencies. */
import { createHistogram } from "node:perf_hooks";

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2;
}

/** Latencies in milliseconds, kept to 0.1 % in a histogram of microseconds. */
export class Latencies {
  readonly #microseconds = createHistogram({ figures: 3 });

  record(latencyMs: number): void {
    this.#microseconds.record(Math.max(1, Math.round(latencyMs * 1000)));
  }

  /** Percentiles as readings of a tally. */
  readings(): { readonly p50Ms: number; readonly p99Ms: number } {
    return { p50Ms: this.#percentileMs(50), p99Ms: this.#percentileMs(99) };
  }

  #percentileMs(percentile: number): number {
    return this.#microseconds.percentile(percentile) / 1000;
  }
}
