/**
 * The batches of one owned partition on their way to the engine: one that is open, and those in flight. A batch is sent without
 * waiting for the one before; the engine keeps the order and, by the fence, refuses what follows on a failure.
 */
import type { Clock, Timer } from "@sluice/runtime";
import { type Addition, Batch, type Waiter } from "./batch.ts";
import type { EngineReceipt, EngineTransaction } from "./engine.ts";

/** How long commands gather in the open batch while others are in flight. */
const gatherMs = 1;

export interface BatchLineOptions {
  readonly clock: Clock;
  readonly group: string;
  readonly generation: number;
  readonly topic: string;
  readonly partition: number;
  readonly send: (transaction: EngineTransaction) => Promise<EngineReceipt>;
  /** A batch was sent. */
  readonly onSent: () => void;
  /** A batch is in the log. */
  readonly onLanded: () => void;
  /** A batch failed, or its outcome is unknown. Called once; everybody who waited has been told. */
  readonly onFailed: (cause: unknown) => void;
  /** What waiters are told. */
  readonly fault: (cause: unknown) => unknown;
}

export class BatchLine {
  readonly #options: BatchLineOptions;
  readonly #inFlight: Batch[] = [];
  readonly #drained: (() => void)[] = [];
  #open: Batch | undefined;
  #flush: Timer | NodeJS.Immediate | undefined;
  /** Offset that the first record of the next batch will get. */
  #nextOffset: number;
  #generation: number;
  #failed = false;

  constructor(options: BatchLineOptions, nextOffset: number) {
    this.#options = options;
    this.#generation = options.generation;
    this.#nextOffset = nextOffset;
  }

  /** Takes what a command decided. The waiter hears when it is in the log, and never will be told so otherwise. */
  add(addition: Addition, waiter: Waiter): void {
    if (this.#open !== undefined && !this.#open.fits(addition)) this.flush();
    this.#open ??= new Batch();
    this.#open.add(addition);
    this.#open.waiters.push(waiter);
    this.#scheduleFlush();
  }

  /** Tells the waiter when the newest batch is in the log; at once, without a receipt, when all of them are. */
  barrier(waiter: Waiter): void {
    const newest = this.#open ?? this.#inFlight.at(-1);
    if (newest === undefined) waiter.resolve(undefined);
    else newest.waiters.push(waiter);
  }

  /** What is sent from now on is sent in that generation. False, and nothing has changed, when something of the old one is in flight. */
  renew(generation: number): boolean {
    if (this.#failed || this.#inFlight.length > 0) return false;
    this.#generation = generation;
    return true;
  }

  /** Sends the open batch. */
  flush(): void {
    this.#cancelFlush();
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    this.#inFlight.push(batch);
    const { group, topic, partition, send, onSent } = this.#options;
    const generation = this.#generation;
    const expectedOffset = this.#nextOffset;
    this.#nextOffset += batch.recordCount;
    send({
      publishes: batch.publishes,
      ...(batch.commit === undefined ? {} : { commit: { ...batch.commit, group, generation } }),
      fence: { group, generation, topic, partition, expectedOffset },
    }).then(
      (receipt) => this.#settle(batch, { receipt }),
      (error: unknown) => this.#settle(batch, { error }),
    );
    onSent();
  }

  /** Gives up what has not been sent. What is in flight still ends as the engine says. */
  abandon(cause: unknown): void {
    this.#cancelFlush();
    const batch = this.#open;
    this.#open = undefined;
    if (batch !== undefined) this.#reject(batch, cause);
  }

  /** Gives up everything. */
  fail(cause: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    for (const batch of this.#inFlight.splice(0)) this.#reject(batch, cause);
    this.abandon(cause);
    this.#wakeDrained();
    this.#options.onFailed(cause);
  }

  /** Sends the open batch and resolves when nothing is in flight any more. */
  drain(): Promise<void> {
    this.flush();
    if (this.#inFlight.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Outcomes are passed on in the order of the batches, whatever order they come in. */
  #settle(batch: Batch, outcome: NonNullable<Batch["outcome"]>): void {
    batch.outcome = outcome;
    for (let head = this.#inFlight[0]; head?.outcome !== undefined; head = this.#inFlight[0]) {
      if ("error" in head.outcome) {
        this.fail(head.outcome.error);
        return;
      }
      this.#inFlight.shift();
      this.#options.onLanded();
      for (const waiter of head.waiters) waiter.resolve(head.outcome.receipt);
    }
    if (this.#inFlight.length > 0) return;
    this.flush();
    if (this.#inFlight.length === 0) this.#wakeDrained();
  }

  /** A lone command goes at the end of this turn of the event loop, with whatever else came in it. */
  #scheduleFlush(): void {
    if (this.#flush !== undefined) return;
    this.#flush =
      this.#inFlight.length === 0
        ? setImmediate(() => this.flush())
        : this.#options.clock.after(gatherMs, () => this.flush());
  }

  #cancelFlush(): void {
    this.#flush?.[Symbol.dispose]();
    this.#flush = undefined;
  }

  #reject(batch: Batch, cause: unknown): void {
    for (const waiter of batch.waiters) waiter.reject(this.#options.fault(cause));
  }

  #wakeDrained(): void {
    for (const wake of this.#drained.splice(0)) wake();
  }
}
