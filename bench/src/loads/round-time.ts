/** The end of a round, by the clock of the machine. */
import { systemClock } from "@sluice/runtime";

export class RoundTime {
  readonly #startMs = systemClock.now().monotonicMs;
  readonly #endMs: number;

  constructor(seconds: number) {
    this.#endMs = this.#startMs + seconds * 1000;
  }

  get isOver(): boolean {
    return systemClock.now().monotonicMs >= this.#endMs;
  }

  get elapsedMs(): number {
    return systemClock.now().monotonicMs - this.#startMs;
  }
}

/** Runs `work` in `count` lines at once, each again and again until the round is over. What `work` returns is added up. */
export async function inLines(count: number, time: RoundTime, work: () => Promise<number>): Promise<number> {
  let done = 0;
  const line = async (): Promise<void> => {
    do {
      // Not `done += await ...`: that reads the sum before it waits, and the other lines add meanwhile.
      const more = await work();
      done += more;
    } while (!time.isOver);
  };
  await Promise.all(Array.from({ length: count }, line));
  return done;
}
