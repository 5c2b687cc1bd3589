/** What the clients of queues in full do while one process lives: random work, whose answers go to the ledger. */
import { ok } from "node:assert/strict";
import { type Broker, noAttributes, type QueueDelivery } from "@sluice/broker";
import { deduplicationWindowMs, type QueueLedger, type SentMessage } from "./queue-ledger.ts";
import type { Worker, World } from "./simulated-world.ts";

/** Groups and order; delays, ages and dead letters; messages that are parked. */
export const lifeQueues = ["fifo", "timed", "fragile", "out"] as const;

export async function makeQueues(broker: Broker): Promise<void> {
  await broker.createQueue({
    queue: "fifo",
    deduplicationWindowMs,
    parkAfterReceives: Number.POSITIVE_INFINITY,
    retry: { minDelayMs: 500 },
  });
  await broker.createQueue({
    queue: "timed",
    deadLetter: { queue: "dead", receiveCountMax: 2 },
    onExpiry: "dead-letter",
  });
  await broker.createQueue({ queue: "fragile", parkAfterReceives: 1 });
}

export class QueueLife implements Worker {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #ledger: QueueLedger;
  readonly #held: { queue: string; delivery: QueueDelivery; message: SentMessage }[] = [];

  constructor(world: World, broker: Broker, ledger: QueueLedger) {
    this.#world = world;
    this.#broker = broker;
    this.#ledger = ledger;
    this.#start(() => makeQueues(broker));
  }

  async step(): Promise<void> {
    const kinds = [
      this.#sendGroup,
      this.#sendGroup,
      this.#sendTimed,
      this.#sendFragile,
      this.#receive,
      this.#receive,
      this.#receive,
      this.#ack,
      this.#ack,
      this.#nack,
      this.#nack,
      this.#handOver,
      this.#cancel,
      this.#redrive,
      this.#pause,
    ];
    const kind = kinds[this.#world.pick(kinds.length)];
    if (kind !== undefined) this.#start(() => kind.call(this));
    if (this.#world.pick(3) > 0)
      await this.#world.clock.advance(this.#world.pick(4) === 0 ? this.#world.pick(8000) : 0);
  }

  #start(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.#world.failure ??= error;
    });
  }

  get #nowMs(): number {
    return this.#world.clock.now().wallMs;
  }

  async #send(queue: string, group: string | undefined, delayMs: number, timeToLiveMs: number, id?: string) {
    const body = this.#world.body(queue);
    const message = this.#ledger.sent({ queue, body, askedAtMs: this.#nowMs, delayMs, timeToLiveMs, group });
    message.mayBeRepeat = id !== undefined;
    const options = { delayMs, timeToLiveMs, groupId: group, deduplicationId: id };
    const answer = await this.#broker.send({
      queue,
      messages: [{ body: Buffer.from(body), attributes: noAttributes, ...options }],
    });
    if (!answer.ok) return;
    message.answeredAtMs = this.#nowMs;
    const messageId = answer.messageIds[0] ?? "";
    if (id === undefined) message.id = messageId;
    else this.#remember(`${queue}/${id}`, messageId, message.askedAtMs);
  }

  /** A repeat within the window is answered with the id of the first, also when that was asked for in another life. */
  #remember(key: string, messageId: string, askedAtMs: number): void {
    const before = this.#ledger.remembered.get(key);
    const isWithin = before !== undefined && askedAtMs < before.atMs + deduplicationWindowMs;
    if (isWithin) ok(before.id === messageId, `a repeat of ${key} got another id`);
    else this.#ledger.remembered.set(key, { id: messageId, atMs: askedAtMs });
  }

  async #sendGroup(): Promise<void> {
    const group = `group-${this.#world.pick(3)}`;
    const id = this.#world.pick(4) === 0 ? `id-${this.#world.pick(4)}` : undefined;
    await this.#send("fifo", group, this.#world.pick(6) === 0 ? 3000 : 0, Number.POSITIVE_INFINITY, id);
  }

  async #sendTimed(): Promise<void> {
    const timeToLiveMs = this.#world.pick(3) === 0 ? 10_000 : Number.POSITIVE_INFINITY;
    await this.#send("timed", undefined, this.#world.pick(3) * 4000, timeToLiveMs);
  }

  #sendFragile(): Promise<void> {
    return this.#send("fragile", undefined, 0, Number.POSITIVE_INFINITY);
  }

  async #receive(): Promise<void> {
    const queue = [...lifeQueues, "dead"][this.#world.pick(5)] ?? "fifo";
    const askedAtMs = this.#nowMs;
    const answer = await this.#broker.receive({
      queue,
      max: 1 + this.#world.pick(4),
      waitMs: this.#world.pick(2) * 3000,
      visibilityTimeoutMs: 1000 + this.#world.pick(9000),
    });
    if (!answer.ok) return;
    for (const delivery of answer.deliveries) {
      const message = this.#ledger.received(queue, delivery, askedAtMs, this.#nowMs);
      this.#held.push({ queue, delivery, message });
    }
  }

  #take() {
    return this.#held.splice(this.#world.pick(this.#held.length), 1)[0];
  }

  async #ack(): Promise<void> {
    const held = this.#take();
    if (held === undefined || held.message.gone === "answered") return;
    held.message.gone = "asked";
    const answer = await this.#broker.ack({ queue: held.queue, receipt: held.delivery.receipt });
    if (answer.ok) held.message.gone = "answered";
  }

  async #nack(): Promise<void> {
    const held = this.#take();
    if (held === undefined) return;
    await this.#broker.nack({
      queue: held.queue,
      receipt: held.delivery.receipt,
      ...(this.#world.pick(2) === 0 && { delayMs: this.#world.pick(3) * 1000 }),
      ...(this.#world.pick(2) === 0 && { error: "did not work" }),
    });
  }

  async #handOver(): Promise<void> {
    const held = this.#take();
    if (held === undefined || held.message.gone !== "no") return;
    const body = this.#world.body("out");
    const about = { queue: "out", body, askedAtMs: this.#nowMs, delayMs: 0, group: undefined };
    const to = this.#ledger.sent({ ...about, timeToLiveMs: Number.POSITIVE_INFINITY });
    const handover = { from: held.message, to, isAnswered: false };
    held.message.gone = "asked";
    this.#ledger.handovers.push(handover);
    const answer = await this.#broker.transact({
      publishes: [],
      acks: [{ queue: held.queue, receipts: [held.delivery.receipt] }],
      sends: [{ queue: "out", messages: [{ body: Buffer.from(body), attributes: noAttributes }] }],
    });
    if (!answer.ok) return;
    handover.isAnswered = true;
    held.message.gone = "answered";
    to.answeredAtMs = this.#nowMs;
  }

  async #cancel(): Promise<void> {
    const all = [...this.#ledger.messages.values()].filter(
      ({ id, gone }) => id !== undefined && gone === "no",
    );
    const message = all[this.#world.pick(all.length)];
    if (message?.id === undefined) return;
    message.gone = "asked";
    const answer = await this.#broker.cancelMessage({ queue: message.queue, messageId: message.id });
    if (answer.ok) message.gone = "answered";
  }

  async #redrive(): Promise<void> {
    const queue = this.#world.pick(2) === 0 ? "fragile" : "dead";
    const perSecondMax = this.#world.pick(2) === 0 ? 5 : undefined;
    await this.#broker.startRedrive({ queue, perSecondMax });
  }

  async #pause(): Promise<void> {
    const queue = lifeQueues[this.#world.pick(4)] ?? "fifo";
    await this.#broker.pauseQueue({ queue, paused: this.#world.pick(3) === 0 });
  }
}
