/**
 * What queues hold, read off their states when somebody scrapes. A broker may have a hundred thousand queues, and a scrape must stay small:
 * the queues that hold most are listed by name, all others are one series together.
 */
import { Gauge, type Registry } from "@sluice/runtime";
import { queueAges, queueCounts } from "../queue/counts.ts";
import type { Now } from "../queue/now.ts";
import type { QueueState } from "../queue/state.ts";
import type { BrokerState } from "./state.ts";

/** Queues with series of their own: at eight series each, some hundreds of kilobytes a scrape. */
export const queuesListedMax = 500;

/** The label of all others together: no queue can be called that. */
export const otherQueues = "(others)";

/** What is told of a queue, or of all others together: then counts are sums and ages those of the oldest. */
interface Line {
  readonly queue: string;
  ready: number;
  delayed: number;
  parked: number;
  inFlight: number;
  blockedGroups: number;
  oldestReadyMs: number;
  oldestInFlightMs: number;
  oldestParkedMs: number;
}

interface Survey {
  readonly lines: readonly Line[];
  readonly queues: number;
  readonly unlisted: number;
  readonly paused: number;
  readonly redrives: number;
}

const emptyLine = (queue: string): Line => ({
  queue,
  ready: 0,
  delayed: 0,
  parked: 0,
  inFlight: 0,
  blockedGroups: 0,
  oldestReadyMs: 0,
  oldestInFlightMs: 0,
  oldestParkedMs: 0,
});

export class QueueGauges {
  readonly #state: BrokerState;
  readonly #now: () => Now;
  /** All gauges of one scrape are read in one turn, and share it. */
  #survey: Survey | undefined;

  constructor(metrics: Registry, state: BrokerState, now: () => Now) {
    this.#state = state;
    this.#now = now;
    const read = (): Survey => this.#read();
    const registers = [metrics];
    const byState = (name: string, help: string, values: (line: Line) => Record<string, number>): void => {
      new Gauge({
        name,
        help,
        labelNames: ["queue", "state"],
        registers,
        collect() {
          this.reset();
          for (const line of read().lines)
            for (const [each, value] of Object.entries(values(line)))
              this.set({ queue: line.queue, state: each }, value);
        },
      });
    };
    const byQueue = (name: string, help: string, value: (line: Line) => number): void => {
      new Gauge({
        name,
        help,
        labelNames: ["queue"],
        registers,
        collect() {
          this.reset();
          for (const line of read().lines) this.set({ queue: line.queue }, value(line));
        },
      });
    };
    const total = (name: string, help: string, value: (survey: Survey) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value(read()));
        },
      });
    };
    byState("sluice_queue_depth", "Messages of a queue that nobody holds", ({ ready, delayed, parked }) => ({
      ready,
      delayed,
      parked,
    }));
    byQueue(
      "sluice_queue_in_flight",
      "Messages of a queue that were delivered and are neither acked nor back",
      ({ inFlight }) => inFlight,
    );
    byState(
      "sluice_oldest_message_age_seconds",
      "How long the oldest message of a queue has been in that state; 0 without one",
      (line) => ({
        ready: line.oldestReadyMs / 1000,
        "in-flight": line.oldestInFlightMs / 1000,
        parked: line.oldestParkedMs / 1000,
      }),
    );
    byQueue(
      "sluice_blocked_groups",
      "Message groups of a queue that wait for a parked message",
      ({ blockedGroups }) => blockedGroups,
    );
    total("sluice_queues", "Queues that there are", ({ queues }) => queues);
    total("sluice_unlisted_queues", "Queues without series of their own", ({ unlisted }) => unlisted);
    total("sluice_paused_queues", "Queues whose delivery is paused", ({ paused }) => paused);
    total("sluice_redrives_running", "Redrives that are under way", ({ redrives }) => redrives);
  }

  #read(): Survey {
    if (this.#survey === undefined) {
      this.#survey = this.#take();
      queueMicrotask(() => {
        this.#survey = undefined;
      });
    }
    return this.#survey;
  }

  #take(): Survey {
    const now = this.#now();
    const queues = [...this.#state.queues()];
    const listed = largest(queues, queuesListedMax);
    const others = emptyLine(otherQueues);
    const lines: Line[] = [];
    let [paused, redrives] = [0, 0];
    for (const queue of queues) {
      if (queue.paused) paused++;
      if (queue.redrives.running !== undefined) redrives++;
      if (!listed.has(queue)) {
        if (queue.messages.used > 0) add(others, queue, now);
      } else {
        const line = emptyLine(this.#state.catalog.entry(queue.number)?.name ?? "");
        add(line, queue, now);
        lines.push(line);
      }
    }
    const unlisted = queues.length - lines.length;
    if (unlisted > 0) lines.push(others);
    return { lines, queues: queues.length, unlisted, paused, redrives };
  }
}

function add(line: Line, queue: QueueState, now: Now): void {
  const { ready, delayed, parked, inFlight } = queueCounts(queue);
  line.ready += ready;
  line.delayed += delayed;
  line.parked += parked;
  line.inFlight += inFlight;
  line.blockedGroups += queue.groups.blocked.size;
  const { oldestReadyMs = 0, oldestInFlightMs = 0, oldestParkedMs = 0 } = queueAges(queue, now);
  line.oldestReadyMs = Math.max(line.oldestReadyMs, oldestReadyMs);
  line.oldestInFlightMs = Math.max(line.oldestInFlightMs, oldestInFlightMs);
  line.oldestParkedMs = Math.max(line.oldestParkedMs, oldestParkedMs);
}

/** Those that hold most messages; of several that hold as many, those that were created first. */
function largest(queues: readonly QueueState[], count: number): ReadonlySet<QueueState> {
  if (queues.length <= count) return new Set(queues);
  const sizes = Float64Array.from(queues, ({ messages }) => messages.used).sort();
  const least = sizes[sizes.length - count] as number;
  const chosen = queues.filter(({ messages }) => messages.used > least);
  for (const queue of queues) {
    if (chosen.length === count) break;
    if (queue.messages.used === least) chosen.push(queue);
  }
  return new Set(chosen);
}
