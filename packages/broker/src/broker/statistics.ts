/**
 * What a broker counts for its operators as it happens. Names and labels are part of the contract: docs/operations.md lists them. What can be
 * read off the state when somebody asks is in queue-gauges.ts and storage-gauges.ts.
 */
import { Counter, type Registry, TallyHistogram } from "@sluice/runtime";
import { waitingSinceMs } from "../queue/counts.ts";
import type { DeadLetterReason, Delivery, DropReason } from "../queue/message.ts";
import type { QueueState } from "../queue/state.ts";
import { latencyBuckets, syncBuckets } from "./histogram-buckets.ts";
import { otherQueues, queuesListedMax } from "./queue-gauges.ts";

/** `timeout`: a visibility timeout passed. `duplicate`: a send that was answered with the message that was there. */
export const operations = [
  "send",
  "duplicate",
  "receive",
  "ack",
  "nack",
  "extend",
  "timeout",
  "reschedule",
  "redrive",
  "purge",
  "publish",
  "fetch",
] as const;
export type Operation = (typeof operations)[number];

/** Messages that are delivered for the first time and could be received since the same instant, by the wall clock. */
export interface FirstDeliveries {
  readonly sinceWallMs: number;
  count: number;
}

type LiveDropReason = "no-consumer" | "overflow";

export class Statistics {
  /** By operation, so that counting looks up no labels. */
  readonly #messages: ReadonlyMap<Operation, Counter.Internal>;
  readonly #deadLetters: Counter<"queue" | "reason">;
  /** Queues that have a series of their own among the dead letters. */
  readonly #deadLetterQueues = new Set<string>();
  readonly #dropped: Counter<"what" | "reason">;
  readonly #latency: TallyHistogram;
  readonly #syncs: TallyHistogram;
  readonly #relocated: Counter;
  readonly #archived: Counter;
  readonly #checkpoints: Counter<"outcome">;

  constructor(metrics: Registry) {
    const registers = [metrics];
    const messages = new Counter({
      name: "sluice_messages_total",
      help: "Messages and records by what was done with them",
      labelNames: ["operation"],
      registers,
    });
    this.#messages = new Map(operations.map((operation) => [operation, messages.labels(operation)]));
    for (const counter of this.#messages.values()) counter.inc(0);
    this.#deadLetters = new Counter({
      name: "sluice_dead_letters_total",
      help: "Messages that were moved to a dead-letter queue or parked, by the queue that gave them up",
      labelNames: ["queue", "reason"],
      registers,
    });
    this.#dropped = new Counter({
      name: "sluice_dropped_total",
      help: "Messages of queues that went without an ack, and copies of records that a live subscriber did not get",
      labelNames: ["what", "reason"],
      registers,
    });
    for (const reason of ["expired", "overflow", "cancelled"] satisfies DropReason[])
      this.#dropped.inc({ what: "message", reason }, 0);
    for (const reason of ["no-consumer", "overflow"] satisfies LiveDropReason[])
      this.#dropped.inc({ what: "live-copy", reason }, 0);
    this.#latency = new TallyHistogram({
      name: "sluice_delivery_latency_seconds",
      help: "From when a message could be received to its first delivery, when that was durable",
      buckets: latencyBuckets,
      registers,
    });
    this.#syncs = new TallyHistogram({
      name: "sluice_sync_duration_seconds",
      help: "How long the syncs of the journal took",
      buckets: syncBuckets,
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
    this.#checkpoints = new Counter({
      name: "sluice_checkpoints_total",
      help: "Checkpoints of the journal",
      labelNames: ["outcome"],
      registers,
    });
    for (const outcome of ["taken", "failed"]) this.#checkpoints.inc({ outcome }, 0);
  }

  count(operation: Operation, messages: number): void {
    if (messages > 0) this.#messages.get(operation)?.inc(messages);
  }

  /** Since when those of the deliveries could be received that are the first ones of their messages. Ask when they have been applied. */
  firstOf(queue: QueueState, deliveries: readonly Delivery[]): readonly FirstDeliveries[] {
    const firsts: FirstDeliveries[] = [];
    let last: FirstDeliveries | undefined;
    for (const { receiveCount, sequence, enqueuedAtMs } of deliveries) {
      if (receiveCount > 1) continue;
      const slot = queue.messages.rare.size === 0 ? -1 : queue.index.find(sequence);
      const sinceWallMs = slot < 0 ? enqueuedAtMs : waitingSinceMs(queue, slot);
      if (last?.sinceWallMs === sinceWallMs) last.count++;
      else {
        last = { sinceWallMs, count: 1 };
        firsts.push(last);
      }
    }
    return firsts;
  }

  /** The deliveries are durable and leave now. */
  delivered(firsts: readonly FirstDeliveries[], wallMs: number): void {
    for (const { sinceWallMs, count } of firsts)
      this.#latency.tally(Math.max(0, wallMs - sinceWallMs) / 1000, count);
  }

  synced(tookMs: number): void {
    this.#syncs.tally(tookMs / 1000, 1);
  }

  /** Published to a live topic that nobody listened to. */
  unheard(records: number): void {
    this.#dropped.inc({ what: "live-copy", reason: "no-consumer" }, records);
  }

  /** Copies for which a listener had no room. */
  overflowed(copies: number): void {
    if (copies > 0) this.#dropped.inc({ what: "live-copy", reason: "overflow" }, copies);
  }

  /** Messages that went without an ack. */
  dropped(reason: DropReason, messages: number): void {
    this.#dropped.inc({ what: "message", reason }, messages);
  }

  /** Messages that `queue` gave up. The first queues that do have a series each, the others one together. */
  deadLettered(queue: string, reason: DeadLetterReason, messages: number): void {
    const known = this.#deadLetterQueues;
    if (!known.has(queue) && known.size < queuesListedMax) known.add(queue);
    this.#deadLetters.inc({ queue: known.has(queue) ? queue : otherQueues, reason }, messages);
  }

  relocated(bodyBytes: number): void {
    if (bodyBytes > 0) this.#relocated.inc(bodyBytes);
  }

  archived(recordBytes: number): void {
    this.#archived.inc(recordBytes);
  }

  checkpointed(outcome: "taken" | "failed"): void {
    this.#checkpoints.inc({ outcome });
  }
}
