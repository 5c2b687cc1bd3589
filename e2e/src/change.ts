/** Waiting for something to become true without asking again and again: whoever changes it says so. */

export class Change {
  readonly #waiting = new Set<() => void>();

  /** Wakes all who wait. */
  notify(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }
}
