/**
 * Looks after a promise that everything else rests on: a message that can be received goes to whoever waits for it. When one does not, that is
 * an error of ours. It is logged and counted, and those who wait are served, so that it costs seconds and not a night.
 */
import { Gauge, type Log, type Registry, type Timer } from "@sluice/runtime";
import { queueCounts } from "../queue/counts.ts";
import { decideReceive } from "../queue/decide/receive.ts";
import type { QueueState } from "../queue/state.ts";
import type { Core } from "./core.ts";

/** Two looks in a row must find the same. */
export const lookEveryMs = 5_000;

/** For how long a queue counts as stalled after it was found so: longer than Prometheus leaves between two scrapes. */
export const stalledForMs = 5 * 60_000;

/** Those who wait, by the number of their queue. */
interface Waiting {
  keys(): Iterable<number>;
  serve(key: number, until: "first"): void;
}

export class StallWatch {
  readonly #core: Core;
  readonly #waiting: Waiting;
  readonly #log: Log;
  /** Queues in which the last look found something that nobody got, by the lease that is to be given next. */
  #suspects = new Map<number, number>();
  readonly #stalledUntilMs = new Map<number, number>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(metrics: Registry, core: Core, waiting: Waiting) {
    this.#core = core;
    this.#waiting = waiting;
    this.#log = core.log;
    const stalled = (): number => this.#stalledCount();
    new Gauge({
      name: "sluice_stalled_queues",
      help: "Queues found in the last five minutes with messages, with receives that wait, and with nobody served",
      registers: [metrics],
      collect() {
        this.set(stalled());
      },
    });
  }

  /** Somebody waits: looks until nobody does. */
  begin(): void {
    if (this.#closed) return;
    this.#timer ??= this.#core.clock.after(lookEveryMs, () => this.#look()).unref();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #look(): void {
    this.#timer = undefined;
    const before = this.#suspects;
    this.#suspects = new Map();
    if (this.#core.refusal("new") !== undefined) return;
    let anybody = false;
    for (const number of [...this.#waiting.keys()]) {
      anybody = true;
      const queue = this.#core.state.queue(number);
      if (queue === undefined || !this.#canBeServed(queue)) continue;
      if (before.get(number) === queue.nextLease) this.#found(queue);
      else this.#suspects.set(number, queue.nextLease);
    }
    if (anybody) this.begin();
  }

  #canBeServed(queue: QueueState): boolean {
    const { state } = this.#core;
    return decideReceive(queue, { max: 1 }, this.#core.now(), state).reply.deliveries.length > 0;
  }

  #found(queue: QueueState): void {
    const { ready, inFlight } = queueCounts(queue);
    const name = this.#core.state.catalog.entry(queue.number)?.name ?? "";
    this.#stalledUntilMs.set(queue.number, this.#core.now().monotonicMs + stalledForMs);
    this.#log.error(
      { queue: name, ready, inFlight },
      "stalled: messages were ready, receives were waiting and nobody was served; they are served now. Please report this",
    );
    this.#waiting.serve(queue.number, "first");
  }

  #stalledCount(): number {
    const { monotonicMs } = this.#core.now();
    for (const [number, untilMs] of this.#stalledUntilMs)
      if (untilMs <= monotonicMs) this.#stalledUntilMs.delete(number);
    return this.#stalledUntilMs.size;
  }
}
