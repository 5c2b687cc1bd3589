/** Sends, receives and transactions, asked of a broker and of the model of its queues. Each gives what the broker answers, and what the model does. */
import { deepEqual, equal } from "node:assert/strict";
import { formatUuid } from "@sluice/runtime";
import type { ModelMessage } from "../../../test/queue/model-message.ts";
import { lineOf } from "../../../test/queue/model-order.ts";
import { heldBy } from "../../../test/queue/model-receipt.ts";
import type { Ask } from "./queue-commands.ts";
import { bodyScale, isStranger, type Known } from "./queue-known.ts";
import { commonOf, expectedCommon, nameOf, refusalOf } from "./queue-told.ts";
import type { WatchedBroker } from "./watched-broker.ts";
import { granted } from "./world.ts";

export class QueueExchanges {
  readonly #world: WatchedBroker;
  readonly #known: Known;

  constructor(world: WatchedBroker, known: Known) {
    this.#world = world;
    this.#known = known;
  }

  /** As one, as a batch, or each message for itself where the whole does not fit. */
  async send({ queue: number, messages: given }: Ask<"send">): Promise<readonly [unknown, unknown]> {
    const now = this.#world.clock.now();
    const [queue, model] = [nameOf(number), this.#known.model(number)];
    const messages = this.#known.outgoing(given);
    const sends = this.#known.identified(number, messages);
    const isSingle = this.#known.isTurn(3);
    if (isSingle) {
      const answer = await this.#world.answer((broker) => broker.send({ queue, messages }));
      const sequences = model.send(sends, now);
      return [answer.ok ? answer.messageIds : answer.refusal, this.#known.idsOf(number, sequences, answer)];
    }
    const atomic = this.#known.isTurn(2);
    const answer = await this.#world.answer((broker) => broker.sendBatch({ queue, messages, atomic }));
    const whole = model.send(sends, now);
    if (whole !== "queue-full" || atomic || sends.length < 2) {
      const ids = answer.ok ? messages.map((_, i) => idAt(answer.ids, i)) : undefined;
      const told = ids === undefined ? { ok: false as const } : { ok: true as const, messageIds: ids };
      return [ids ?? refusalOf(answer), this.#known.idsOf(number, whole, told)];
    }
    const batch = granted(answer);
    const each = sends.map((send) => model.send([send], now));
    const told = each.map((_, i) => batch.refusals.get(i)?.refusal ?? idAt(batch.ids, i));
    const expected = each.map((one, i) => {
      const messageIds = [told[i] ?? ""];
      const [id] = this.#known.idsOf(number, one, { ok: true, messageIds });
      return typeof one === "string" ? one : id;
    });
    return [told, expected];
  }

  async receive({
    queue: number,
    max,
    bytesMax,
    timeoutMs,
  }: Ask<"receive">): Promise<readonly [unknown, unknown]> {
    const now = this.#world.clock.now();
    const model = this.#known.model(number);
    const visibilityTimeoutMs = timeoutMs ?? model.settings.visibilityTimeoutMs;
    const most = bytesMax * bodyScale;
    const how = { max, bytesMax: most, ...(timeoutMs !== null && { visibilityTimeoutMs }) };
    const request = { ...how, queue: nameOf(number), waitMs: 0 };
    const isTaken = this.#known.isTurn(2);
    const answer = await this.#world.answer(async (broker) => {
      if (!isTaken) return granted(await broker.receive(request)).deliveries;
      const { messages } = granted(await broker.take(request));
      return messages.map((message) => ({ ...message, messageId: formatUuid(message.messageId) }));
    });
    let receipts = model.receive(max, most, visibilityTimeoutMs, now);
    // Where something went that could not be delivered any more, the broker looks again.
    for (let before = -1, left = 0; receipts.length === 0 && before !== left; before = left) {
      receipts = model.receive(max, most, visibilityTimeoutMs, now);
      left = lineOf(model, now).length;
    }
    for (const [i, receipt] of receipts.entries()) {
      const delivery = answer[i];
      if (delivery === undefined) continue;
      const text = "receipt" in delivery ? delivery.receipt : undefined;
      if ("sequence" in delivery) deepEqual({ sequence: delivery.sequence, lease: delivery.lease }, receipt);
      this.#known.held.push({ queue: number, text, receipt });
    }
    const expected = receipts.map(({ sequence }) => {
      const message = model.find(sequence);
      return message && expectedCommon(message, this.#known.sent);
    });
    return [answer.map(commonOf), expected];
  }

  /** All of it or nothing. What is acked makes room for what is sent. */
  async transact({ acks: which, sends: given }: Ask<"transact">): Promise<readonly [unknown, unknown]> {
    const now = this.#world.clock.now();
    const held = which.map((one) => this.#known.receipt(one));
    const sends = given.map(({ queue, messages }) => ({ queue, messages: this.#known.outgoing(messages) }));
    const request = {
      publishes: [],
      acks: held.map(({ queue, text, receipt }) => ({ queue, receipts: [text ?? receipt] })),
      sends: sends.map(({ queue, messages }) => ({ queue: nameOf(queue), messages })),
    };
    const answer = await this.#world.answer((broker) => broker.transact(request));
    const told = answer.ok ? answer.messageIds.flat() : answer.refusal;
    // What is no receipt at all is seen before any receipt is looked up.
    if (held.some(isStranger)) return [told, "unknown-message"];
    const queues = new Set(held.map(({ model }) => model));
    const leaving: ModelMessage[] = [];
    for (const queue of queues) {
      for (const { receipt } of held.filter(({ model }) => model === queue)) {
        const found = heldBy(queue, receipt, now);
        if (typeof found === "string") return [told, found];
        if (leaving.includes(found)) return [told, "stale-receipt"];
        leaving.push(found);
      }
    }
    const numbers = [...new Set(sends.map(({ queue }) => queue))];
    const plans = numbers.map((number) => {
      const all = sends.filter(({ queue }) => queue === number).flatMap(({ messages }) => messages);
      const model = this.#known.model(number);
      return { number, plan: model.planSend(this.#known.identified(number, all), now, leaving) };
    });
    if (plans.some(({ plan }) => plan === "queue-full")) return [told, "queue-full"];
    for (const { model, receipt } of held) equal(model.ack(receipt, now), undefined);
    const sequences = new Map<number, number[]>();
    for (const { number, plan } of plans) {
      if (plan === "queue-full") continue;
      this.#known.model(number).carryOut(plan, now);
      sequences.set(number, [...plan.sequences]);
    }
    const ids = typeof told === "string" ? [] : told;
    let place = 0;
    const expected = sends.flatMap(({ queue, messages }) => {
      const own = sequences.get(queue)?.splice(0, messages.length) ?? [];
      const messageIds = ids.slice(place, place + messages.length);
      place += messages.length;
      return this.#known.idsOf(queue, own, { ok: true, messageIds });
    });
    return [told, expected];
  }
}

const idAt = (ids: Uint8Array, place: number): string =>
  formatUuid(ids.subarray(place * 16, place * 16 + 16));
