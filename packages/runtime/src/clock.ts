/**
 * Time as an input. Rules never read a clock: whoever runs them passes a `Now`, and one `Clock` per process
 * is the only home of `Date.now`, `performance.now` and timers. Tests hand in a virtual one.
 */

/**
 * One instant, seen twice.
 * - `wallMs`: milliseconds since the Unix epoch; for what people and records see. It may jump.
 * - `monotonicMs`: milliseconds since some start; never goes back. Leases and waits run on it.
 */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** A timer that is armed. Disposing it disarms it; disposing a fired one does nothing. */
export interface Timer extends Disposable {
  /** Lets the process end although this timer is armed. */
  unref(): this;
}

export interface Clock {
  now(): Now;
  /** Calls `fire` once, when `delayMs` milliseconds of monotonic time have passed (at once for 0 or less, but never synchronously). */
  after(delayMs: number, fire: () => void): Timer;
}

/** Longest delay that `setTimeout` takes without firing at once: 2^31 - 1 ms, about 24.8 days. */
const longestTimeoutMs = 2_147_483_647;

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;
  #referenced = true;

  constructor(delayMs: number, fire: () => void) {
    this.#arm(delayMs, fire);
  }

  #arm(delayMs: number, fire: () => void): void {
    const stepMs = Math.min(Math.max(delayMs, 0), longestTimeoutMs);
    this.#timeout = setTimeout(() => {
      this.#timeout = undefined;
      if (delayMs > stepMs) this.#arm(delayMs - stepMs, fire);
      else fire();
    }, stepMs);
    if (!this.#referenced) this.#timeout.unref();
  }

  unref(): this {
    this.#referenced = false;
    this.#timeout?.unref();
    return this;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  after: (delayMs, fire) => new SystemTimer(delayMs, fire),
};

/** Resolves when `delayMs` have passed on `clock`; rejects with the signal's reason when it is aborted first. */
export function waitFor(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
