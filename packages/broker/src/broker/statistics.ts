/** What a broker counts for its operators. Names and labels are part of the contract: docs/operations.md lists them. */
import { Counter, Gauge, type Registry } from "@sluice/runtime";
import { queueCounts } from "../queue/state.ts";
import type { BrokerState } from "./state.ts";

export const operations = ["send", "receive", "ack", "nack", "extend", "publish", "fetch"] as const;
export type Operation = (typeof operations)[number];

export class Statistics {
  /** By operation, so that counting looks up no labels. */
  readonly #messages: ReadonlyMap<Operation, Counter.Internal>;
  readonly #deadLetters: Counter<"queue">;
  readonly #dropped: Counter<"reason">;
  readonly #relocated: Counter;
  readonly #archived: Counter;

  constructor(metrics: Registry, state: BrokerState) {
    const registers = [metrics];
    const messages = new Counter({
      name: "sluice_messages_total",
      help: "Messages and records by what was done with them",
      labelNames: ["operation"],
      registers,
    });
    this.#messages = new Map(operations.map((operation) => [operation, messages.labels(operation)]));
    this.#deadLetters = new Counter({
      name: "sluice_dead_letters_total",
      help: "Messages that were moved to a dead-letter queue, by the queue that they left",
      labelNames: ["queue"],
      registers,
    });
    this.#dropped = new Counter({
      name: "sluice_dropped_total",
      help: "Live copies that were dropped: nobody listened, or a listener's buffer was full",
      labelNames: ["reason"],
      registers,
    });
    this.#relocated = new Counter({
      name: "sluice_relocated_bytes_total",
      help: "Bytes of bodies that were written once more, so that the part of the journal where they lay could go",
      registers,
    });
    this.#archived = new Counter({
      name: "sluice_archived_bytes_total",
      help: "Bytes of records that were moved out of the log into files of the archive",
      registers,
    });
    new Gauge({
      name: "sluice_archive_bytes",
      help: "Bytes of records that topics keep in files of the archive",
      registers,
      collect() {
        let bytes = 0;
        for (const { partitions } of state.topics())
          for (const { retainedBytes, tailBytes } of partitions) bytes += retainedBytes - tailBytes;
        this.set(bytes);
      },
    });
    const each = (
      gauge: Gauge<"queue">,
      count: (queue: Parameters<typeof queueCounts>[0]) => number,
    ): void => {
      gauge.reset();
      for (const queue of state.queues()) {
        gauge.set({ queue: state.catalog.entry(queue.number)?.name ?? "" }, count(queue));
      }
    };
    new Gauge({
      name: "sluice_queue_depth",
      help: "Messages of a queue that are ready or delayed",
      labelNames: ["queue"],
      registers,
      collect() {
        each(this, (queue) => {
          const { ready, delayed } = queueCounts(queue);
          return ready + delayed;
        });
      },
    });
    new Gauge({
      name: "sluice_queue_in_flight",
      help: "Messages of a queue that were delivered and are neither acked nor back",
      labelNames: ["queue"],
      registers,
      collect() {
        each(this, (queue) => queueCounts(queue).inFlight);
      },
    });
    new Gauge({
      name: "sluice_memory_bytes",
      help: "Bytes of memory that messages and records take, as the memory budget counts them",
      registers,
      collect() {
        this.set(state.memoryBytes);
      },
    });
  }

  count(operation: Operation, messages: number): void {
    if (messages > 0) this.#messages.get(operation)?.inc(messages);
  }

  /** Published to a live topic that nobody listened to. */
  unheard(records: number): void {
    this.#dropped.inc({ reason: "no-consumer" }, records);
  }

  /** Copies for which a listener had no room. */
  overflowed(copies: number): void {
    if (copies > 0) this.#dropped.inc({ reason: "overflow" }, copies);
  }

  relocated(bodyBytes: number): void {
    if (bodyBytes > 0) this.#relocated.inc(bodyBytes);
  }

  archived(bytes: number): void {
    this.#archived.inc(bytes);
  }

  deadLettered(queue: string, messages: number): void {
    this.#deadLetters.inc({ queue }, messages);
  }
}
