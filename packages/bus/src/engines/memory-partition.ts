/** One partition in memory: its records, and who waits for more. */
import type { EngineRecord } from "../engine.ts";

/** Records that one read hands over at most. */
const batchCountMax = 500;

export class MemoryPartition {
  readonly #records: EngineRecord[] = [];
  readonly #waiting = new Set<() => void>();

  get endOffset(): number {
    return this.#records.length;
  }

  append(record: EngineRecord): void {
    this.#records.push(record);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** The next records from `offset` on; none at the end. */
  slice(offset: number): readonly EngineRecord[] {
    return this.#records.slice(offset, offset + batchCountMax);
  }

  /** Resolves when a record was appended or the signal was aborted. */
  grown(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
