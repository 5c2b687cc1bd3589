/** Queues: what is asked becomes a command, what the rules decide is committed, and the answer waits until it has settled. */

import { Fault } from "@sluice/runtime";
import type { Nack } from "../queue/commands.ts";
import { nextDueMs } from "../queue/counts.ts";
import { decideAck } from "../queue/decide/ack.ts";
import type { QueueDecision } from "../queue/decide/decision.ts";
import { decideDue } from "../queue/decide/due.ts";
import { decideExtend } from "../queue/decide/extend.ts";
import { decideNack } from "../queue/decide/nack.ts";
import { decideReceive } from "../queue/decide/receive.ts";
import { decideSend } from "../queue/decide/send.ts";
import { visibilityTimeoutMsMax } from "../queue/limits.ts";
import { type Delivery, isPresent, type Receipt } from "../queue/message.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import { bodyPositionOf, type QueueState } from "../queue/state.ts";
import type {
  Durable,
  ExtendRequest,
  NackRequest,
  QueueDelivery,
  ReceiveRequest,
  Refusal,
  Result,
  SendRequest,
} from "./api.ts";
import { ownBody, refuseBatch, refuseCount } from "./batch.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { formatReceipt, messageId, parseReceipt } from "./ids.ts";
import { waitMsMax } from "./limits.ts";
import { remembered, repeated } from "./repeats.ts";
import { type Change, inQueues } from "./state.ts";
import type { Operation, Statistics } from "./statistics.ts";
import type { Timetable } from "./timetable.ts";
import { Waits } from "./waits.ts";

/** Deliveries that are decided and applied, and whose append may not have settled yet. */
interface Taken {
  readonly deliveries: readonly Delivery[];
  readonly settled: Promise<Refused<"storage-failed"> | undefined>;
}

/** What a send was given: the message at `i` has the sequence `firstSequence + i` of queue `number`. */
export interface Put extends Durable {
  readonly number: number;
  readonly firstSequence: number;
}

export interface WholeDelivery {
  readonly delivery: Delivery;
  readonly body: Uint8Array;
}

export interface TakenWhole {
  readonly queue: QueueState;
  readonly whole: readonly WholeDelivery[];
}

export class Queues {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #statistics: Statistics;
  readonly #waits: Waits;
  readonly #timetable: Timetable;

  constructor(core: Core, directory: Directory, statistics: Statistics, timetable: Timetable) {
    this.#core = core;
    this.#directory = directory;
    this.#statistics = statistics;
    this.#waits = new Waits(core.clock);
    this.#timetable = timetable;
    core.onTouched((changes) => this.#touched(changes));
  }

  /** After recovery: leases and delays of the time before run again. */
  start(): void {
    for (const queue of this.#core.state.queues()) this.#timetable.note(queue.number, nextDueMs(queue));
  }

  close(): void {
    this.#waits.close();
  }

  async send(request: SendRequest): Promise<Result<{ readonly messageIds: readonly string[] } & Durable>> {
    const put = await this.put(request);
    if (!put.ok) return put;
    const { number, firstSequence, durability } = put;
    const messageIds = request.messages.map((_, i) => messageId(this.#core.salt, number, firstSequence + i));
    return { ok: true, messageIds, durability };
  }

  /** A send, answered with the numbers that its ids are made of. */
  async put({ queue, messages: given, producer }: SendRequest): Promise<Result<Put>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(queue, "use");
    if (!found.ok) return found;
    const { number, settings } = found.state;
    const durability = this.#core.durability(settings.durability);
    const repeat = repeated(this.#core, producer);
    if (repeat !== undefined) {
      if ("refusal" in repeat) return repeat;
      const [first = { queue: number, firstSequence: 0 }] = repeat.sent;
      const answer = { number: first.queue, firstSequence: first.firstSequence, durability };
      return (await this.#core.commit([])) ?? { ok: true, ...answer };
    }
    const tooMuch =
      this.#core.refuseGrowth(settings.durability) ??
      refuseBatch(given, this.#core.memory(settings.durability === "memory"));
    if (tooMuch !== undefined) return tooMuch;
    const messages = given.map(({ body, attributes }) => ({ body: ownBody(body), attributes }));
    const decided = decideSend(found.state, { messages }, this.#core.now());
    if (!decided.ok) return decided;
    const { firstSequence } = decided.reply;
    const answer = { sent: [{ queue: number, firstSequence, count: messages.length }], published: [] };
    const changes = [...inQueues(decided.records), ...remembered(producer, answer, settings.durability)];
    const failed = await this.#core.commit(changes);
    if (failed !== undefined) return failed;
    this.#statistics.count("send", messages.length);
    return { ok: true, number, firstSequence, durability };
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
  async take(request: ReceiveRequest & { readonly bytesMax?: number }): Promise<Result<TakenWhole>> {
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
    const taken =
      attempt() ?? (waitMs > 0 ? await this.#waits.wait(queue.number, waitMs, attempt, signal) : undefined);
    if (taken === undefined) {
      signal?.throwIfAborted();
      return this.#core.refusal("finishing") ?? { ok: true, queue, whole: [] };
    }
    const failed = await taken.settled;
    if (failed !== undefined) return failed;
    if (signal?.aborted) {
      for (const delivery of taken.deliveries) this.#giveBack(queue, delivery);
      throw signal.reason;
    }
    this.#statistics.count("receive", taken.deliveries.length);
    const whole = await this.#bodiesOf(queue, taken.deliveries);
    return "refusal" in whole ? whole : { ok: true, queue, whole };
  }

  ack({ queue, receipt }: { readonly queue: string; readonly receipt: string }): Promise<Result<Durable>> {
    return this.#finish("ack", queue, receipt, (state, held) =>
      decideAck(state, { receipt: held }, this.#core.now()),
    );
  }

  nack({ queue, receipt, delayMs, counts = true }: NackRequest): Promise<Result<Durable>> {
    return this.#finish("nack", queue, receipt, (state, held) => {
      const command: Nack = { receipt: held, delayMs, counts };
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
  #take(
    queue: QueueState,
    { max, bytesMax, visibilityTimeoutMs }: ReceiveRequest & { readonly bytesMax?: number },
  ): Taken | undefined {
    if (this.#core.refusal("new") !== undefined) return undefined;
    const command = {
      max,
      ...(bytesMax !== undefined && { bytesMax }),
      ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }),
    };
    for (;;) {
      const { records, reply } = decideReceive(queue, command, this.#core.now(), this.#core.state);
      if (records.length === 0) return undefined;
      const settled = this.#core.commit(inQueues(records));
      if (reply.deliveries.length > 0) return { deliveries: reply.deliveries, settled };
    }
  }

  /** Waits for the disk only when a body is there alone. When the disk gives nothing at all, everything goes back. */
  async #bodiesOf(
    queue: QueueState,
    deliveries: readonly Delivery[],
  ): Promise<readonly WholeDelivery[] | Refused<Refusal>> {
    const whole: WholeDelivery[] = [];
    for (const delivery of deliveries) {
      const body = isPresent(delivery.body) ? delivery.body : await this.#readBack(queue, delivery);
      if (body === undefined) continue;
      if ("refusal" in body) {
        for (const each of deliveries) this.#giveBack(queue, each);
        return body;
      }
      whole.push({ delivery, body });
    }
    return whole;
  }

  /**
   * Undefined when the body is damaged. Such a message is lost, and told of; it leaves the queue, because it would come again and
   * again, and no consumer could ever ack it.
   */
  async #readBack(queue: QueueState, delivery: Delivery): Promise<Uint8Array | Refused<Refusal> | undefined> {
    const { journal, log } = this.#core;
    try {
      return await journal.readBody(delivery.bodyPosition);
    } catch (error) {
      // It may have been relocated since it was delivered, and what was there before be gone.
      const bodyPosition = bodyPositionOf(queue, delivery.sequence) ?? delivery.bodyPosition;
      if (bodyPosition !== delivery.bodyPosition) return this.#readBack(queue, { ...delivery, bodyPosition });
      const where = { queue: this.#name(queue.number), sequence: delivery.sequence, err: error };
      if (!(error instanceof Fault && error.code === "body-damaged")) {
        log.error(where, "a message could not be read back from the journal");
        return refuse("storage-failed", "A message could not be read back from the disk; try again.");
      }
      const decided = decideAck(queue, { receipt: delivery }, this.#core.now());
      if (decided.ok) {
        log.error(where, "the body of a message is damaged: the message is lost");
        this.#core.commitThen(inQueues(decided.records), () => {});
      }
      return undefined;
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
    if (records.length > 0) this.#core.commitThen(inQueues(records), () => {});
    else this.#timetable.note(number, nextDueMs(queue));
    if (reply.deadLettered > 0)
      this.#core.log.info(
        { queue: this.#name(number), messages: reply.deadLettered },
        "moved to the dead-letter queue",
      );
  }

  #touched(changes: readonly Change[]): void {
    const numbers = new Set<number>();
    for (const change of changes) {
      if (change.what !== "queue") continue;
      numbers.add(change.owner);
      if (change.record.kind === "moved-out") {
        this.#statistics.deadLettered(this.#name(change.owner), change.record.sequences.length);
      }
    }
    for (const number of numbers) {
      const queue = this.#core.state.queue(number);
      if (queue !== undefined) this.#timetable.note(number, nextDueMs(queue));
      this.#waits.serve(number, "first");
    }
  }

  #name(number: number): string {
    return this.#core.state.catalog.entry(number)?.name ?? "";
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
