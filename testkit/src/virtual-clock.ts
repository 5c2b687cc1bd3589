/** Time that passes only when a test says so. */
import type { Clock, Now, Timer } from "@sluice/runtime";

interface Armed {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #order = 0;
  readonly #armed = new Set<Armed>();

  /** Starts at `wallMs` (default 2026-01-01T00:00:00Z) with monotonic time 0. */
  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = wallMs;
  }

  now(): Now {
    return { wallMs: this.#monotonicMs + this.#wallOffsetMs, monotonicMs: this.#monotonicMs };
  }

  after(delayMs: number, fire: () => void): Timer {
    const armed: Armed = { dueMs: this.#monotonicMs + Math.max(delayMs, 0), order: this.#order++, fire };
    this.#armed.add(armed);
    const timer: Timer = { unref: () => timer, [Symbol.dispose]: () => void this.#armed.delete(armed) };
    return timer;
  }

  /** How many timers are armed. */
  get armedCount(): number {
    return this.#armed.size;
  }

  /** The monotonic instant of the next timer. */
  get nextDueMs(): number | undefined {
    return this.#next(Number.POSITIVE_INFINITY)?.dueMs;
  }

  /** Moves the wall clock alone, as a correction of the machine's clock does. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /**
   * Lets `byMs` pass and fires what falls due, in order. After each timer the promises that it resolved
   * run to their end, so that what they arm counts as well.
   */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await settle();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#armed.delete(next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs);
      next.fire();
      await settle();
    }
    this.#monotonicMs = untilMs;
  }

  #next(untilMs: number): Armed | undefined {
    let first: Armed | undefined;
    for (const armed of this.#armed) {
      if (armed.dueMs > untilMs) continue;
      if (
        first === undefined ||
        armed.dueMs < first.dueMs ||
        (armed.dueMs === first.dueMs && armed.order < first.order)
      ) {
        first = armed;
      }
    }
    return first;
  }
}

let settling = 0;

/**
 * Resolves when the promises that are ready now, and those that they make ready, have run, and with them what was left for the end of
 * the turn (`setImmediate`).
 */
export async function settle(): Promise<void> {
  do {
    settling++;
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        settling--;
        resolve();
      });
    });
    // Others may be settling at the same time: theirs do not count.
  } while (process.getActiveResourcesInfo().filter((name) => name === "Immediate").length > settling);
}
