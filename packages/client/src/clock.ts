/**
 * Time and randomness as the client needs them, described by their shape: a program may hand in those of `@sluice/runtime` or virtual
 * ones, and the client depends on nothing that a browser lacks.
 */

/** One instant: `wallMs` since the Unix epoch, which may jump; `monotonicMs` since some start, which never goes back. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface Clock {
  now(): Instant;
  /** Calls `fire` once after `delayMs` of monotonic time, never synchronously. Disposing the timer disarms it. */
  after(delayMs: number, fire: () => void): Disposable;
}

export interface Random {
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  unit(): number;
}

/** Longest delay that `setTimeout` takes without firing at once. */
const longestTimeoutMs = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  after(delayMs, fire) {
    const timeout = setTimeout(fire, Math.min(Math.max(delayMs, 0), longestTimeoutMs));
    return { [Symbol.dispose]: () => clearTimeout(timeout) };
  },
};

/** The randomness of the machine (Web Crypto). */
export const systemRandom: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  unit: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 0x1_0000_0000,
};

/** Resolves when `delayMs` have passed or `signal` is aborted, whichever comes first. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const over = (): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = clock.after(delayMs, over);
    signal.addEventListener("abort", over, { once: true });
  });
}
