/** The one timer of a sourced state: rings when the earliest deadline of its partitions is due. */
import type { Clock, Timer } from "@sluice/runtime";

/** The wall clock may be set while the timer runs: it is looked at again at least this often. */
const lookAgainMs = 60_000;

export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  #dueWallMs: number | undefined;
  #leastDelayMs = 0;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings once at `dueWallMs`, but not before `leastDelayMs` have passed. Replaces what was set. Undefined: never. */
  set(dueWallMs: number | undefined, leastDelayMs = 0): void {
    const isSet = dueWallMs === this.#dueWallMs && this.#timer !== undefined;
    // A timer that was told to be patient does not hold up one who has no reason to be.
    if (isSet && this.#leastDelayMs <= leastDelayMs) return;
    this.clear();
    if (dueWallMs === undefined) return;
    this.#dueWallMs = dueWallMs;
    this.#leastDelayMs = leastDelayMs;
    this.#arm(leastDelayMs);
  }

  clear(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#dueWallMs = undefined;
  }

  #arm(leastDelayMs: number): void {
    const dueWallMs = this.#dueWallMs ?? 0;
    const leftMs = dueWallMs - this.#clock.now().wallMs;
    this.#timer = this.#clock.after(Math.min(Math.max(leftMs, leastDelayMs), lookAgainMs), () => {
      this.#timer = undefined;
      if (this.#clock.now().wallMs < dueWallMs) return this.#arm(0);
      this.#dueWallMs = undefined;
      this.#ring();
    });
  }
}
