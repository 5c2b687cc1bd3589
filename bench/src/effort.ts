/** How much work a run of the bench is: minutes for figures, moments for the test that the bench still works. */

export interface Effort {
  /** Length of one measured round, in seconds. */
  readonly roundSeconds: number;
  /** Measured rounds of each figure. */
  readonly rounds: number;
  /** Whether an unmeasured round comes first, so that what is measured is compiled code with warm caches. */
  readonly warmUp: boolean;
  /** What counts (a million waiting messages, a journal to be replayed) are multiplied by. 1 for figures. */
  readonly scale: number;
  /** Whether to sample the processes during the measured rounds and tell their widest frames. */
  readonly profile: boolean;
}

const roundCount = 5;

/** Rounds that take `seconds` in all for each figure. */
export function fullEffort(seconds: number, profile: boolean): Effort {
  return { roundSeconds: seconds / roundCount, rounds: roundCount, warmUp: true, scale: 1, profile };
}

/** As little as shows that everything runs. */
export const leastEffort: Effort = {
  roundSeconds: 0.002,
  rounds: 1,
  warmUp: false,
  scale: 0.001,
  profile: false,
};

/** `count` by the scale of the effort, at least 1. */
export const scaled = (count: number, { scale }: Effort): number => Math.max(1, Math.round(count * scale));
