/** What one round of a load did: the raw material of every figure. */

/** CPU that a process used, in seconds of one core, user and system together. */
export type CpuSeconds = number;

export interface Tally {
  /** Finished operations: messages, deliveries, requests. What one is stands in the figure. */
  readonly operations: number;
  readonly elapsedMs: number;
  /** Whatever is no rate, under names with units: `p99Ms`, `bytesPerMessage`. */
  readonly readings: Readonly<Record<string, number>>;
  /** CPU of processes that the load itself started and ended, by their name in the figure. */
  readonly cpuSeconds?: Readonly<Record<string, CpuSeconds>>;
}

export const perSecond = ({ operations, elapsedMs }: Tally): number => (operations * 1000) / elapsedMs;

/** Reads one of the readings. A load that does not have it is a bug. */
export const reading =
  (name: string) =>
  ({ readings }: Tally): number => {
    const value = readings[name];
    if (value === undefined) throw new TypeError(`the load has no reading ${name}`);
    return value;
  };
