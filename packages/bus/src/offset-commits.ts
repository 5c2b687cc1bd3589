/** Tells the engine how far a group has read a partition: one commit under way at a time, each for the newest offset. */
import { type Clock, type Random, waitFor } from "@sluice/runtime";
import { hasCode } from "./faults.ts";
import { enginePatience, retryDelayMs } from "./retry.ts";

export interface OffsetCommitsOptions {
  readonly commit: (generation: number, offset: number) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  /** Once aborted, a commit that fails is not tried again. */
  readonly signal: AbortSignal;
  readonly generation: number;
}

export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  #generation: number;
  #wanted = 0;
  #committed = 0;
  #running: Promise<void> | undefined;

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
    this.#generation = options.generation;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The partition stays with this member under a new generation; what the old one refused is committed again. */
  renew(generation: number): void {
    this.#generation = generation;
    this.#start();
  }

  /** Everything before `offset` is done. Returns at once; the commit follows. */
  advance(offset: number): void {
    this.#wanted = offset;
    this.#start();
  }

  /** Somebody else committed `offset`, in a transaction. */
  committedElsewhere(offset: number): void {
    this.#wanted = offset;
    this.#committed = offset;
  }

  /** Resolves when no commit is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #start(): void {
    if (this.#running !== undefined || this.#wanted === this.#committed) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { commit, clock, random, signal } = this.#options;
    for (let failures = 0; this.#wanted !== this.#committed; ) {
      const [generation, offset] = [this.#generation, this.#wanted];
      try {
        await commit(generation, offset);
        this.#committed = offset;
        failures = 0;
      } catch (error) {
        if (generation !== this.#generation) continue;
        // The partition went to somebody else, or a new generation is about to be announced: see `renew`.
        if (hasCode(error, "stale-generation") || signal.aborted) return;
        await waitFor(clock, retryDelayMs(enginePatience, ++failures, random), signal).catch(() => {});
      }
    }
  }
}
