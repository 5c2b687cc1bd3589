/** One partition in memory: its records, and who waits for more. */
import { assert } from "@sluice/runtime";
import type { EngineRecord } from "../engine.ts";

/** Records that one read hands over at most. */
const batchCountMax = 500;

export class MemoryPartition {
  readonly #records: EngineRecord[] = [];
  #startOffset = 0;
  readonly #waiting = new Set<() => void>();

  /** The first record that is kept, or the end. */
  get startOffset(): number {
    return this.#startOffset;
  }

  get endOffset(): number {
    return this.#startOffset + this.#records.length;
  }

  append(record: EngineRecord): void {
    this.#records.push(record);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** At most up to the end. What is deleted already stays so. */
  deleteBefore(offset: number): void {
    assert(offset <= this.endOffset, "no more is deleted than there is");
    if (offset <= this.#startOffset) return;
    this.#records.splice(0, offset - this.#startOffset);
    this.#startOffset = offset;
  }

  /** The next records from `offset` on, which is not before the first; none at the end. */
  slice(offset: number): readonly EngineRecord[] {
    const first = offset - this.#startOffset;
    assert(first >= 0, "what is gone is not read");
    return this.#records.slice(first, first + batchCountMax);
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
