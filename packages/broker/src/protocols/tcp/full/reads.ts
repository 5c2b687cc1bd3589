/**
 * Receives and fetches under way: how many, how much they may answer with, and which of them can be cancelled. They are counted apart
 * from other requests, because they may wait for minutes and must not keep an ack behind them from being read.
 */
import { fullFrameBytesMax } from "@sluice/protocol/full";

export interface ReadsOptions {
  readonly countMax: number;
  readonly bytesMax: number;
}

/** Bytes of an answer beside what it carries, and of the entries beside their bodies as far as nobody counts them. */
const answerRoomBytes = 64 * 1024;

/** The most that a client can ask one answer to carry. */
export const answerBytesMax = fullFrameBytesMax - answerRoomBytes;

export class Reads {
  readonly #options: ReadsOptions;
  readonly #waiting = new Map<number, AbortController>();
  #count = 0;
  #bytes = 0;

  constructor(options: ReadsOptions) {
    this.#options = options;
  }

  /** Why no such read may begin; undefined when it may. */
  refusal(bytesMax: number): string | undefined {
    const { countMax, bytesMax: allBytesMax } = this.#options;
    if (this.#count >= countMax)
      return `${this.#count} receives and fetches are under way, as many as may be.`;
    if (this.#bytes + bytesMax > allBytesMax) {
      return `Receives and fetches under way may answer with ${this.#bytes} bytes; ${bytesMax} more exceed ${allBytesMax}.`;
    }
    return undefined;
  }

  /** Runs a read that was not refused. `run` rejects only when it was cancelled or all were. Undefined when it was. */
  async run<Answer>(
    id: number,
    bytesMax: number,
    waits: boolean,
    run: (signal: AbortSignal | undefined) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    this.#count++;
    this.#bytes += bytesMax;
    const cancelled = waits ? new AbortController() : undefined;
    if (cancelled !== undefined) this.#waiting.set(id, cancelled);
    try {
      return await run(cancelled?.signal);
    } catch (error) {
      if (cancelled?.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#count--;
      this.#bytes -= bytesMax;
      if (this.#waiting.get(id) === cancelled) this.#waiting.delete(id);
    }
  }

  /** Ends a wait. Harmless when there is none. */
  cancel(id: number): void {
    this.#waiting.get(id)?.abort();
  }

  cancelAll(): void {
    for (const cancelled of this.#waiting.values()) cancelled.abort();
  }
}
