/**
 * When the journal gets a checkpoint: a snapshot of the whole state as records, from which the next start begins. It bounds how much a start
 * reads, and lets segments go whose messages are gone. Taking one is only a matter of cost: the state is the same without.
 */
import type { Timer } from "@sluice/runtime";
import type { Archiving } from "./archiving.ts";
import type { Core } from "./core.ts";

export interface CheckpointPolicy {
  /**
   * Bytes appended after which a checkpoint is due. A start reads about this much beside the checkpoint; a lower value costs more
   * snapshots of what waits.
   */
  readonly everyBytes: number;
  /** While the disk is full, or the journal over its budget: at most so long after something changed, because that may make space. */
  readonly fullDelayMs: number;
}

export const defaultCheckpointPolicy: CheckpointPolicy = { everyBytes: 64 * 1024 * 1024, fullDelayMs: 1000 };

export class Checkpoints {
  readonly #core: Core;
  readonly #policy: CheckpointPolicy;
  readonly #archiving: Archiving;
  readonly #afterEach: (outcome: "taken" | "failed") => void;
  #bytesAtLast = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #timer: Timer | undefined;

  /** `afterEach` is called when one was taken, or could not be: the journal may have more that can be let go. */
  constructor(
    core: Core,
    policy: CheckpointPolicy,
    archiving: Archiving,
    afterEach: (outcome: "taken" | "failed") => void,
  ) {
    this.#core = core;
    this.#archiving = archiving;
    this.#policy = policy;
    this.#afterEach = afterEach;
    core.onTouched(() => this.#consider());
    core.journal.onFull(() => this.#consider());
    this.#consider();
  }

  /** Takes a checkpoint now, unless one is being taken; resolves when it is on the disk, or when it cannot be. */
  take(): Promise<void> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Takes none any more; resolves when the one under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#archiving.stop();
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  #consider(): void {
    if (this.#closed) return;
    const isFull = this.#core.journal.full !== undefined;
    if (isFull)
      this.#timer ??= this.#core.clock.after(this.#policy.fullDelayMs, () => this.#relieve()).unref();
    const bytes = this.#core.appendedBytes - this.#bytesAtLast;
    if (this.#running === undefined && !isFull && bytes >= this.#policy.everyBytes) void this.take();
  }

  #relieve(): void {
    this.#timer = undefined;
    if (this.#core.journal.full !== undefined) void this.take();
  }

  async #take(): Promise<void> {
    // Out of the commit that is under way: the snapshot must see whole appends.
    await new Promise<void>((resolve) => this.#core.clock.after(0, resolve));
    const { journal, log } = this.#core;
    if (this.#closed || journal.fault !== undefined) return;
    this.#bytesAtLast = this.#core.appendedBytes;
    // Before, so that the checkpoint need not hold what the archive has.
    await this.#archiving.run();
    if (this.#closed) return;
    const startedMs = this.#core.now().monotonicMs;
    try {
      await journal.checkpoint(this.#core.state.snapshot(this.#core.now()));
      log.debug({ tookMs: this.#core.now().monotonicMs - startedMs }, "took a checkpoint");
      this.#afterEach("taken");
    } catch (error) {
      // What a checkpoint could not write is still in the segments. A fault of the journal itself is told by the journal.
      log.warn({ err: error }, "could not take a checkpoint; the next one will be tried as usual");
      this.#afterEach("failed");
    }
  }
}
