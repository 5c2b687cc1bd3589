/** Receiving from queues and settling what was received: what is asked becomes a command, what the rules decide is committed, and the answer waits until it has settled. */
import type { Registry } from "@sluice/runtime";
import type { Nack } from "../queue/commands.ts";
import { nextDueMs } from "../queue/counts.ts";
import { decideAck } from "../queue/decide/ack.ts";
import type { QueueDecision } from "../queue/decide/decision.ts";
import { decideDue } from "../queue/decide/due.ts";
import { decideExtend } from "../queue/decide/extend.ts";
import { decideNack } from "../queue/decide/nack.ts";
import { decideReceive } from "../queue/decide/receive.ts";
import { visibilityTimeoutMsMax } from "../queue/limits.ts";
import type { Delivery, Receipt } from "../queue/message.ts";
import { nextStartMs } from "../queue/rate.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type {
  Durable,
  ExtendRequest,
  NackRequest,
  QueueDelivery,
  ReceiveRequest,
  Refusal,
  Result,
} from "./api.ts";
import { refuseCount } from "./batch.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { formatReceipt, messageId, parseReceipt } from "./ids.ts";
import { waitMsMax } from "./limits.ts";
import { movedFromOf } from "./moved-from.ts";
import type { QueueBodies, WholeDelivery } from "./queue-bodies.ts";
import { QueueNotices } from "./queue-notices.ts";
import { StallWatch } from "./stall-watch.ts";
import { type Change, inQueues } from "./state.ts";
import type { FirstDeliveries, Operation, Statistics } from "./statistics.ts";
import type { Timetable } from "./timetable.ts";
import { Waits } from "./waits.ts";

/** Deliveries that are decided and applied, and whose append may not have settled yet. */
interface Taken {
  readonly deliveries: readonly Delivery[];
  readonly firsts: readonly FirstDeliveries[];
  readonly settled: Promise<Refused<"storage-failed"> | undefined>;
}

export interface TakenWhole {
  readonly queue: QueueState;
  readonly whole: readonly WholeDelivery[];
}

export class Queues {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #bodies: QueueBodies;
  readonly #statistics: Statistics;
  readonly #waits: Waits;
  readonly #timetable: Timetable;
  readonly #watch: StallWatch;
  readonly #notices: QueueNotices;

  constructor(
    core: Core,
    directory: Directory,
    bodies: QueueBodies,
    statistics: Statistics,
    timetable: Timetable,
    metrics: Registry,
  ) {
    this.#core = core;
    this.#directory = directory;
    this.#bodies = bodies;
    this.#statistics = statistics;
    this.#waits = new Waits(core.clock);
    this.#timetable = timetable;
    this.#watch = new StallWatch(metrics, core, this.#waits);
    this.#notices = new QueueNotices(core, statistics);
    core.onTouched((changes) => this.#touched(changes));
  }

  /** After recovery: leases and delays of the time before run again. */
  start(): void {
    for (const queue of this.#core.state.queues()) this.#timetable.note(queue.number, nextDueMs(queue));
  }

  close(): void {
    this.#waits.close();
    this.#watch.close();
  }

  /**
   * Rejects with the reason of the signal when it is aborted; what was taken for the caller goes back uncounted. On a draining
   * broker nothing is handed out any more.
   */
  async receive(request: ReceiveRequest): Promise<Result<{ readonly deliveries: readonly QueueDelivery[] }>> {
    const taken = await this.take(request);
    if (!taken.ok) return taken;
    const { number } = taken.queue;
    return { ok: true, deliveries: taken.whole.map((each) => this.#handOut(number, each)) };
  }

  /** A receive, answered in the words of the rules, with the bodies read back where they were not in memory. */
  async take(request: ReceiveRequest): Promise<Result<TakenWhole>> {
    const { signal } = request;
    signal?.throwIfAborted();
    const refused =
      this.#core.refusal("new") ??
      refuseCount("max", request.max) ??
      refuseTimeout(request.visibilityTimeoutMs);
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(request.queue, "use");
    if (!found.ok) return found;
    const queue = found.state;
    const attempt = (): Taken | undefined => this.#take(queue, request);
    const waitMs = Math.min(request.waitMs, waitMsMax);
    const taken = attempt() ?? (waitMs > 0 ? await this.#wait(queue, waitMs, attempt, signal) : undefined);
    if (taken === undefined) {
      signal?.throwIfAborted();
      if (this.#core.state.queue(queue.number) === undefined) {
        return refuse("unknown-queue", `The queue '${request.queue}' was deleted.`);
      }
      return this.#core.refusal("finishing") ?? { ok: true, queue, whole: [] };
    }
    const failed = await taken.settled;
    if (failed !== undefined) return failed;
    if (signal?.aborted) {
      for (const delivery of taken.deliveries) this.#giveBack(queue, delivery);
      throw signal.reason;
    }
    this.#statistics.count("receive", taken.deliveries.length);
    this.#statistics.delivered(taken.firsts, this.#core.now().wallMs);
    const whole =
      this.#bodies.present(taken.deliveries) ?? (await this.#bodies.ofDeliveries(queue, taken.deliveries));
    if (!("refusal" in whole)) return { ok: true, queue, whole };
    for (const delivery of taken.deliveries) this.#giveBack(queue, delivery);
    return whole;
  }

  #wait(
    queue: QueueState,
    waitMs: number,
    attempt: () => Taken | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Taken | undefined> {
    this.#watch.begin();
    return this.#waits.wait(queue.number, waitMs, attempt, signal);
  }

  ack({ queue, receipt }: { readonly queue: string; readonly receipt: string }): Promise<Result<Durable>> {
    return this.#finish("ack", queue, receipt, (state, held) =>
      decideAck(state, { receipt: held }, this.#core.now()),
    );
  }

  nack({ queue, receipt, delayMs, counts = true, error }: NackRequest): Promise<Result<Durable>> {
    return this.#finish("nack", queue, receipt, (state, held) => {
      const command: Nack = { receipt: held, delayMs, counts, ...(error !== undefined && { error }) };
      return decideNack(state, command, this.#core.now(), this.#core.state);
    });
  }

  async extend({ queue, receipt, visibilityTimeoutMs }: ExtendRequest): Promise<Result<Durable>> {
    const refused = refuseTimeout(visibilityTimeoutMs);
    if (refused !== undefined) return refused;
    return this.#finish("extend", queue, receipt, (state, held) =>
      decideExtend(state, { receipt: held, visibilityTimeoutMs }, this.#core.now(), this.#core.state),
    );
  }

  /** Ack, nack and extend: all of them name a receipt, and all are taken while the broker drains. */
  async #finish(
    operation: Operation,
    name: string,
    receiptText: string,
    decide: (queue: QueueState, receipt: Receipt) => QueueDecision<unknown>,
  ): Promise<Result<Durable>> {
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const receipt = parseReceipt(this.#core.salt, found.state.number, receiptText);
    if (receipt === undefined) return refuse("unknown-message", `That is no receipt of the queue '${name}'.`);
    const decided = decide(found.state, receipt);
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inQueues(decided.records));
    if (failed !== undefined) return failed;
    this.#statistics.count(operation, 1);
    return { ok: true, durability: this.#core.durability(found.state.settings.durability) };
  }

  /** Undefined when there is nothing to deliver now. */
  #take(queue: QueueState, { max, bytesMax, visibilityTimeoutMs }: ReceiveRequest): Taken | undefined {
    if (this.#core.refusal("new") !== undefined) return undefined;
    const command = {
      max,
      ...(bytesMax !== undefined && { bytesMax }),
      ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }),
    };
    for (;;) {
      const now = this.#core.now();
      const { records, reply } = decideReceive(queue, command, now, this.#core.state);
      if (records.length === 0) {
        // A rate limit: those who wait are served when the next start is allowed.
        this.#timetable.note(queue.number, nextStartMs(queue, now.monotonicMs));
        return undefined;
      }
      const settled = this.#core.commit(inQueues(records), now);
      const { deliveries } = reply;
      if (deliveries.length > 0)
        return { deliveries, firsts: this.#statistics.firstOf(queue, deliveries), settled };
    }
  }

  #handOut(number: number, { delivery, body }: WholeDelivery): QueueDelivery {
    const { provenance, sequence } = delivery;
    const { salt } = this.#core;
    return {
      messageId: messageId(salt, provenance?.originQueue ?? number, provenance?.originSequence ?? sequence),
      receipt: formatReceipt(salt, number, delivery),
      body,
      attributes: delivery.attributes,
      receiveCount: delivery.receiveCount,
      enqueuedAtMs: provenance?.originEnqueuedAtMs ?? delivery.enqueuedAtMs,
      priority: delivery.priority,
      groupId: delivery.groupId,
      movedFrom: movedFromOf(this.#core.state.catalog, provenance),
    };
  }

  /** The caller is gone: the message returns to its place as if it had never been handed out. Its lease may have ended by itself. */
  #giveBack(queue: QueueState, receipt: Receipt): void {
    const decided = decideNack(
      queue,
      { receipt, delayMs: 0, counts: false },
      this.#core.now(),
      this.#core.state,
    );
    if (decided.ok) this.#core.commitThen(inQueues(decided.records), () => {});
  }

  /** Does what is due in that queue; nothing when the number is not a queue's. */
  due(number: number): void {
    const queue = this.#core.state.queue(number);
    if (queue === undefined || this.#core.refusal("finishing") !== undefined) return;
    const { records, reply } = decideDue(queue, this.#core.now(), this.#core.state);
    this.#statistics.count("timeout", reply.returned + reply.deadLettered);
    if (records.length > 0) {
      this.#core.commitThen(inQueues(records), () => {});
      return;
    }
    this.#timetable.note(number, nextDueMs(queue));
    this.#waits.serve(number, "first");
  }

  #touched(changes: readonly Change[]): void {
    const numbers = new Set<number>();
    for (const change of changes) {
      if (change.what === "queue") {
        numbers.add(change.owner);
        this.#notices.tell(change.owner, change.record);
      } else if (change.what === "catalog" && change.record.kind === "removed") {
        this.#waits.end(change.record.number);
      }
    }
    for (const number of numbers) {
      const queue = this.#core.state.queue(number);
      if (queue === undefined) continue;
      this.#timetable.note(number, nextDueMs(queue));
      this.#waits.serve(number, "first");
    }
  }
}

/** Undefined for a timeout that can be; the bound is the rules' own. */
export function refuseTimeout(visibilityTimeoutMs: number | undefined): Refused<Refusal> | undefined {
  if (visibilityTimeoutMs === undefined) return undefined;
  if (visibilityTimeoutMs >= 0 && visibilityTimeoutMs <= visibilityTimeoutMsMax) return undefined;
  return refuse(
    "invalid-setting",
    `visibilityTimeoutMs is ${visibilityTimeoutMs}; it may be from 0 to ${visibilityTimeoutMsMax}.`,
  );
}
