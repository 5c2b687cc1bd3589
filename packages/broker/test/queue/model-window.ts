/** What a queue of the model remembers of the time that has passed: deduplication ids (Q9) and how much was handed out (Q16). */
import type { Now } from "../../src/queue/index.ts";

export class ModelWindow {
  /** The oldest first. */
  #ids = new Map<string, { readonly sequence: number; readonly atMs: number }>();

  find(id: string, windowMs: number, { monotonicMs }: Now): number | undefined {
    const found = this.#ids.get(id);
    return found !== undefined && found.atMs > monotonicMs - windowMs ? found.sequence : undefined;
  }

  /** Those that would be found. */
  list(windowMs: number, { monotonicMs }: Now) {
    return [...this.#ids]
      .filter(([, { atMs }]) => atMs > monotonicMs - windowMs)
      .map(([id, { sequence, atMs }]) => ({ id, sequence, ageMs: monotonicMs - atMs }));
  }

  add(id: string, sequence: number, { monotonicMs }: Now): void {
    this.#ids.delete(id);
    this.#ids.set(id, { sequence, atMs: monotonicMs });
  }

  /** When those that are too old are forgotten: a tenth of the window after the oldest could be. */
  forgetMs(windowMs: number): number {
    const [oldest] = this.#ids.values();
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.atMs + windowMs * 1.1;
  }

  forget(windowMs: number, { monotonicMs }: Now): void {
    this.#ids = new Map([...this.#ids].filter(([, { atMs }]) => atMs > monotonicMs - windowMs));
  }

  shift(byMs: number): void {
    this.#ids = new Map([...this.#ids].map(([id, one]) => [id, { ...one, atMs: one.atMs + byMs }]));
  }
}

/** Holds a tenth of a second's worth, at least one, and fills again evenly. */
export class ModelBucket {
  count = Number.POSITIVE_INFINITY;
  atMs = 0;

  allowed(perSecond: number, { monotonicMs }: Now): number {
    if (perSecond === Number.POSITIVE_INFINITY) return perSecond;
    const most = Math.max(1, perSecond / 10);
    this.count = Math.min(most, this.count + ((monotonicMs - this.atMs) / 1000) * perSecond);
    this.atMs = monotonicMs;
    return Math.floor(this.count + 1e-6);
  }
}
