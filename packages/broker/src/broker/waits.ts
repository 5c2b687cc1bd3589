/**
 * Long polls: requests that wait until there is something, their time is over or their caller is gone. They are served in the order in
 * which they came and in the same step that made something available, so that a newer request cannot get there first.
 */
import type { Clock } from "@sluice/runtime";

interface Waiting {
  /** Tries to be served; false when there is nothing for it. */
  readonly attempt: () => boolean;
  readonly end: () => void;
}

export class Waits {
  readonly #clock: Clock;
  readonly #lines = new Map<number, Set<Waiting>>();
  /** Keys that `serve` is busy with. */
  readonly #serving = new Set<number>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves with what `attempt` returned when `serve(key)` reached it, or with undefined when `waitMs` are over, the signal is
   * aborted or the broker closes. Does not try at once: the caller has.
   */
  wait<Answer>(
    key: number,
    waitMs: number,
    attempt: () => Answer | undefined,
    signal?: AbortSignal,
  ): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      if (this.#closed || signal?.aborted) return resolve(undefined);
      const line = this.#line(key);
      const finish = (answer: Answer | undefined): void => {
        line.delete(waiting);
        if (line.size === 0 && this.#lines.get(key) === line) this.#lines.delete(key);
        timer[Symbol.dispose]();
        signal?.removeEventListener("abort", end);
        resolve(answer);
      };
      const end = (): void => finish(undefined);
      const waiting: Waiting = {
        end,
        attempt: () => {
          const answer = attempt();
          if (answer === undefined) return false;
          finish(answer);
          return true;
        },
      };
      const timer = this.#clock.after(waitMs, end);
      signal?.addEventListener("abort", end, { once: true });
      line.add(waiting);
    });
  }

  /**
   * Serves those who wait for the key, in turn. `until` says when to stop: at the `first` that finds nothing, because the
   * others want the same; or after `all`, because each looks for something of its own.
   */
  serve(key: number, until: "first" | "all"): void {
    const line = this.#lines.get(key);
    // Serving takes something, which touches the key and leads here again: the loop that is under way goes on by itself, and
    // starting another would serve the same request twice.
    if (line === undefined || this.#serving.has(key)) return;
    this.#serving.add(key);
    for (const waiting of [...line]) {
      if (!waiting.attempt() && until === "first") break;
    }
    this.#serving.delete(key);
  }

  /** What somebody waits for. */
  keys(): Iterable<number> {
    return this.#lines.keys();
  }

  /** Ends the waits for the key as if their time were over. */
  end(key: number): void {
    for (const waiting of [...(this.#lines.get(key) ?? [])]) waiting.end();
  }

  /** Ends every wait as if its time were over, and every later one at once. */
  close(): void {
    this.#closed = true;
    for (const line of [...this.#lines.values()]) for (const waiting of [...line]) waiting.end();
  }

  #line(key: number): Set<Waiting> {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new Set();
      this.#lines.set(key, line);
    }
    return line;
  }
}
