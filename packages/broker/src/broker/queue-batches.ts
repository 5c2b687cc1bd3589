/**
 * Queues in batches, as a protocol asks for them that counts its bytes: one answer an entry, receipts as two numbers, message ids as sixteen bytes.
 * The same rules as one by one, and one append where the rules allow it.
 */
import type { OutgoingMessage } from "../queue/commands.ts";
import { decideAckBatch } from "../queue/decide/ack.ts";
import type { QueueDecision } from "../queue/decide/decision.ts";
import { decideExtend } from "../queue/decide/extend.ts";
import { decideNack } from "../queue/decide/nack.ts";
import { refuseOptions } from "../queue/decide/options.ts";
import { messageBodyBytesMax } from "../queue/limits.ts";
import type { Receipt } from "../queue/message.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type {
  Durable,
  EntryRefusals,
  GiveBackRequest,
  Refusal,
  Result,
  SendBatchRequest,
  SentBatch,
  SettledBatch,
  TakenMessage,
  TakeRequest,
} from "./api.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { messageIdBytes, writeMessageId } from "./ids.ts";
import { movedFromOf } from "./moved-from.ts";
import type { Put, QueueSends } from "./queue-sends.ts";
import { type Queues, refuseTimeout } from "./queues.ts";
import { inQueues } from "./state.ts";
import type { Operation, Statistics } from "./statistics.ts";

const noRefusals: EntryRefusals = new Map();

export class QueueBatches {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #queues: Queues;
  readonly #sends: QueueSends;
  readonly #statistics: Statistics;

  constructor(core: Core, directory: Directory, queues: Queues, sends: QueueSends, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#queues = queues;
    this.#sends = sends;
    this.#statistics = statistics;
  }

  /** All are one send; when that is refused, those that fit are, and when it is for their amount, they are tried one by one, in order. */
  async send({ queue, messages, atomic, producer }: SendBatchRequest): Promise<Result<SentBatch>> {
    const ids = new Uint8Array(messages.length * messageIdBytes);
    // A repeat is answered for those that were taken the first time, so a producer's are told apart before.
    const all = atomic || producer === undefined ? await this.#put(queue, messages, producer) : undefined;
    if (all?.ok) {
      for (let i = 0; i < messages.length; i++) this.#writeId(ids, i, all, i);
      return { ok: true, ids, refusals: noRefusals, durability: all.durability };
    }
    if (all !== undefined && atomic) return all;
    const refusals = new Map<number, Refused<Refusal>>(unfit(messages));
    const fitting = messages.filter((_, i) => !refusals.has(i));
    const whole = all !== undefined && refusals.size === 0 ? all : await this.#put(queue, fitting, producer);
    if (whole.ok) {
      let place = 0;
      for (let i = 0; i < messages.length; i++) {
        if (!refusals.has(i)) this.#writeId(ids, i, whole, place++);
      }
      return { ok: true, ids, refusals, durability: whole.durability };
    }
    // A producer's sequence stands for one effect: a part of the batch cannot have it.
    if (fitting.length < 2 || producer !== undefined) return whole;
    let durability: Durable["durability"] = "memory";
    const put = async (message: OutgoingMessage, i: number): Promise<void> => {
      if (refusals.has(i)) return;
      const answer = await this.#put(queue, [message], undefined);
      if (!answer.ok) refusals.set(i, answer);
      else {
        this.#writeId(ids, i, answer, 0);
        durability = answer.durability;
      }
    };
    await Promise.all(messages.map(put));
    return { ok: true, ids, refusals, durability };
  }

  async take(request: TakeRequest): Promise<Result<{ readonly messages: readonly TakenMessage[] }>> {
    const taken = await this.#queues.take(request);
    if (!taken.ok) return taken;
    const { number } = taken.queue;
    const { salt } = this.#core;
    // One buffer for the ids of all: an array of its own for each would cost more than the id.
    const ids = new Uint8Array(taken.whole.length * messageIdBytes);
    const messages = taken.whole.map(({ delivery, body }, i): TakenMessage => {
      const { provenance, sequence, lease, receiveCount, attributes } = delivery;
      const at = i * messageIdBytes;
      writeMessageId(
        ids,
        at,
        salt,
        provenance?.originQueue ?? number,
        provenance?.originSequence ?? sequence,
      );
      return {
        messageId: ids.subarray(at, at + messageIdBytes),
        sequence,
        lease,
        receiveCount,
        enqueuedAtMs: provenance?.originEnqueuedAtMs ?? delivery.enqueuedAtMs,
        attributes,
        body,
        priority: delivery.priority,
        groupId: delivery.groupId,
        movedFrom: movedFromOf(this.#core.state.catalog, provenance),
      };
    });
    return { ok: true, messages };
  }

  async ack(name: string, receipts: readonly Receipt[]): Promise<Result<SettledBatch>> {
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const now = this.#core.now();
    const { records, reply } = decideAckBatch(found.state, { receipts }, now);
    const failed = await this.#core.commit(inQueues(records), now);
    if (failed !== undefined) return failed;
    let refusals: EntryRefusals = noRefusals;
    if (reply.refusals.some((one) => one !== undefined)) {
      refusals = new Map(reply.refusals.flatMap((one, i) => (one === undefined ? [] : [[i, one]])));
    }
    this.#statistics.count("ack", receipts.length - refusals.size);
    return { ok: true, refusals, durability: this.#core.durability(found.state.settings.durability) };
  }

  nack({ queue, receipts, delayMs, counts, error }: GiveBackRequest): Promise<Result<SettledBatch>> {
    const how = { delayMs, counts, ...(error !== undefined && { error }) };
    return this.#each("nack", queue, receipts, (state, receipt) =>
      decideNack(state, { receipt, ...how }, this.#core.now(), this.#core.state),
    );
  }

  async extend(
    queue: string,
    receipts: readonly Receipt[],
    visibilityTimeoutMs: number,
  ): Promise<Result<SettledBatch>> {
    const refused = refuseTimeout(visibilityTimeoutMs);
    if (refused !== undefined) return refused;
    return this.#each("extend", queue, receipts, (state, receipt) =>
      decideExtend(state, { receipt, visibilityTimeoutMs }, this.#core.now(), this.#core.state),
    );
  }

  /** Each receipt by itself, in order, and one wait for all of them. */
  async #each(
    operation: Operation,
    name: string,
    receipts: readonly Receipt[],
    decide: (queue: QueueState, receipt: Receipt) => QueueDecision<unknown>,
  ): Promise<Result<SettledBatch>> {
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const refusals = new Map<number, Refused<Refusal>>();
    for (const [i, receipt] of receipts.entries()) {
      const decided = decide(found.state, receipt);
      if (decided.ok) this.#core.commitThen(inQueues(decided.records), () => {});
      else refusals.set(i, decided);
    }
    const failed = await this.#core.commit([]);
    if (failed !== undefined) return failed;
    this.#statistics.count(operation, receipts.length - refusals.size);
    return { ok: true, refusals, durability: this.#core.durability(found.state.settings.durability) };
  }

  /** The id of the message at `place` of what was put, as the one at `index` of the answer. */
  #writeId(ids: Uint8Array, index: number, { number, sequences }: Put, place: number): void {
    writeMessageId(ids, index * messageIdBytes, this.#core.salt, number, sequences(place));
  }

  #put(queue: string, messages: readonly OutgoingMessage[], producer: SendBatchRequest["producer"]) {
    return this.#sends.put({ queue, messages, ...(producer !== undefined && { producer }) });
  }
}

/** Those that are refused for themselves, whatever the others are. */
function* unfit(messages: readonly OutgoingMessage[]): Generator<[number, Refused<Refusal>]> {
  for (const [i, message] of messages.entries()) {
    const { byteLength } = message.body;
    const refused = byteLength > messageBodyBytesMax ? refuseBody(byteLength) : refuseOptions(message);
    if (refused !== undefined) yield [i, refused];
  }
}

const refuseBody = (byteLength: number) =>
  refuse("body-too-large", `The body has ${byteLength} bytes; ${messageBodyBytesMax} are the most.`);
