/** What the clients of a simulated broker do while one process lives: random work, whose answers go to the ledger. */
import { ok } from "node:assert/strict";
import { type Broker, noAttributes, type QueueDelivery, type RecordPlace } from "@sluice/broker";
import type { Worker, World } from "./simulated-world.ts";

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The work of one process. Nothing is awaited: the answers find their way to the ledger if they come. */
export class Life implements Worker {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #held: { readonly queue: string; readonly delivery: QueueDelivery; readonly body: string }[] = [];
  /** The highest generation that was announced in the lives before. */
  readonly #generationBefore: number;
  #generation = 0;
  /** Who was told that a partition is its own in that generation. */
  readonly #owners = new Map<number, string>();

  constructor(world: World, broker: Broker) {
    this.#world = world;
    this.#broker = broker;
    this.#generationBefore = world.ledger.generation;
  }

  async step(): Promise<void> {
    const { clock } = this.#world;
    const kinds = [
      this.#send,
      this.#send,
      this.#receive,
      this.#receive,
      this.#ack,
      this.#ack,
      this.#nack,
      this.#publish,
      this.#publish,
      this.#fetch,
      this.#delete,
      this.#transact,
      this.#join,
      this.#leave,
      this.#commit,
    ];
    kinds[this.#world.pick(kinds.length)]?.call(this).catch((error: unknown) => {
      this.#world.failure ??= error;
    });
    if (this.#world.pick(3) > 0)
      await clock.advance(this.#world.pick(4) === 0 ? this.#world.pick(20_000) : 0);
  }

  async #send(): Promise<void> {
    const { ledger } = this.#world;
    const queue = this.#world.pick(2) === 0 ? "jobs" : "mail";
    const bodies = range(1, 1 + this.#world.pick(4)).map(() => this.#world.body(queue));
    const messages = bodies.map((body) => {
      const message = { queue, promised: false, ack: "none" as const, hiddenUntilWallMs: 0 };
      ledger.messages.set(body, message);
      return message;
    });
    const answer = await this.#broker.send({
      queue,
      messages: bodies.map((body) => ({ body: Buffer.from(body), attributes: noAttributes })),
    });
    if (answer.ok) for (const message of messages) message.promised = true;
  }

  async #receive(): Promise<void> {
    const { ledger, clock, random } = this.#world;
    const queue = ["jobs", "mail", "dead"][this.#world.pick(3)] ?? "jobs";
    const visibilityTimeoutMs = 1000 + Math.floor(random.unit() * 30_000);
    const asked = clock.now().wallMs;
    const waitMs = this.#world.pick(2) * 5000;
    const answer = await this.#broker.receive({
      queue,
      max: 1 + this.#world.pick(5),
      waitMs,
      visibilityTimeoutMs,
    });
    if (!answer.ok) return;
    for (const delivery of answer.deliveries) {
      // A long poll is served later than it was asked: the lease began at some time in between.
      const body = ledger.received(queue, delivery, asked + visibilityTimeoutMs);
      this.#held.push({ queue, delivery, body });
    }
  }

  async #ack(): Promise<void> {
    const held = this.#held.splice(this.#world.pick(this.#held.length), 1)[0];
    const message = held && this.#world.ledger.messages.get(held.body);
    if (held === undefined || message === undefined || message.ack === "answered") return;
    message.ack = "asked";
    const answer = await this.#broker.ack({ queue: held.queue, receipt: held.delivery.receipt });
    // A stale receipt changed nothing, but an ack of another life may still be under way.
    if (answer.ok) message.ack = "answered";
  }

  async #nack(): Promise<void> {
    const held = this.#held.splice(this.#world.pick(this.#held.length), 1)[0];
    const message = held && this.#world.ledger.messages.get(held.body);
    if (held === undefined || message === undefined) return;
    message.hiddenUntilWallMs = 0;
    await this.#broker.nack({
      queue: held.queue,
      receipt: held.delivery.receipt,
      delayMs: this.#world.pick(3) * 1000,
      counts: this.#world.pick(2) === 0,
    });
  }

  async #publish(): Promise<void> {
    const { ledger } = this.#world;
    const body = this.#world.body("record");
    const record = { topic: "news", promised: undefined as RecordPlace | undefined };
    ledger.records.set(body, record);
    const key = Buffer.from(`key-${this.#world.pick(5)}`);
    const answer = await this.#broker.publish({
      topic: "news",
      records: [{ key, body: Buffer.from(body), attributes: noAttributes }],
    });
    if (answer.ok) record.promised = answer.places[0];
  }

  /** Nothing is missing but what was deleted, whatever is moved or deleted while it is read. */
  async #fetch(): Promise<void> {
    const { trimmed } = this.#world.ledger;
    const described = await this.#broker.describeTopic("news");
    if (!described.ok) return;
    const partition = this.#world.pick(3);
    const { startOffset = 0, endOffset = 0 } = described.description.partitions[partition] ?? {};
    const offset = startOffset + this.#world.pick(endOffset - startOffset + 1);
    const [recordsMax, bytesMax] = [1 + this.#world.pick(20), this.#world.pick(3000)];
    const answer = await this.#broker.fetch({
      topic: "news",
      partition,
      offset,
      recordsMax,
      bytesMax,
      waitMs: 0,
    });
    if (!answer.ok) return;
    const { asked = 0 } = trimmed.get(partition) ?? {};
    let expected = offset;
    for (const record of answer.records) {
      ok(record.offset === expected || record.offset <= asked, `${record.offset} follows ${expected - 1}`);
      expected = record.offset + 1;
    }
    ok(expected > offset || offset === endOffset || offset < asked, `nothing at ${offset} of ${endOffset}`);
  }

  async #delete(): Promise<void> {
    const { trimmed } = this.#world.ledger;
    const described = await this.#broker.describeTopic("news");
    if (!described.ok) return;
    const partition = this.#world.pick(3);
    const { startOffset = 0, endOffset = 0 } = described.description.partitions[partition] ?? {};
    const offset = startOffset + this.#world.pick(endOffset - startOffset + 1);
    const { asked = 0, answered = 0 } = trimmed.get(partition) ?? {};
    trimmed.set(partition, { asked: Math.max(asked, offset), answered });
    const answer = await this.#broker.deleteRecordsBefore({ topic: "news", partition, offset });
    if (!answer.ok) return;
    const now = trimmed.get(partition);
    trimmed.set(partition, { asked: now?.asked ?? 0, answered: Math.max(now?.answered ?? 0, offset) });
  }

  async #transact(): Promise<void> {
    const { ledger } = this.#world;
    const id = this.#world.body("transaction");
    const transaction: { id: string; promised: RecordPlace | undefined } = { id, promised: undefined };
    ledger.transactions.set(id, transaction);
    const records = [{ key: undefined, body: Buffer.from(id), attributes: noAttributes }];
    const sent = this.#world.body("jobs");
    const message = { queue: "jobs", promised: false, ack: "none" as const, hiddenUntilWallMs: 0 };
    ledger.messages.set(sent, message);
    const answer = await this.#broker.transact({
      publishes: [
        { topic: "news", records },
        { topic: "audit", records },
      ],
      sends: [{ queue: "jobs", messages: [{ body: Buffer.from(sent), attributes: noAttributes }] }],
    });
    if (!answer.ok) return;
    transaction.promised = answer.places[0]?.[0];
    message.promised = true;
  }

  async #join(): Promise<void> {
    const { ledger } = this.#world;
    const member = { group: "readers", member: `member-${this.#world.pick(3)}` };
    const keepsStill = this.#world.pick(3) === 0;
    await this.#broker.joinGroup({
      ...member,
      topics: ["news"],
      rebalanceTimeoutMs: 5_000,
      ...(this.#world.pick(2) === 0 && { sessionTimeoutMs: 15_000 }),
      onAssigned: ({ generation, partitions }) => {
        ok(generation > this.#generationBefore, `generation ${generation} was given out in an earlier life`);
        ledger.generation = Math.max(ledger.generation, generation);
        if (generation !== this.#generation) this.#owners.clear();
        this.#generation = generation;
        for (const { partition } of partitions) {
          const owner = this.#owners.get(partition) ?? member.member;
          ok(owner === member.member, `partition ${partition} has two owners in generation ${generation}`);
          this.#owners.set(partition, owner);
        }
      },
      onRevoke: ({ generation }) => {
        if (!keepsStill) void this.#broker.releasePartitions({ ...member, generation });
      },
    });
  }

  async #leave(): Promise<void> {
    await this.#broker.leaveGroup({ group: "readers", member: `member-${this.#world.pick(3)}` });
  }

  async #commit(): Promise<void> {
    const { ledger } = this.#world;
    const described = await this.#broker.describeTopic("news");
    if (!described.ok || this.#generation === 0) return;
    const offset = described.description.partitions[0]?.endOffset ?? 0;
    ledger.committed.asked = Math.max(ledger.committed.asked, offset);
    const answer = await this.#broker.commitOffsets({
      group: "readers",
      generation: this.#generation,
      offsets: [{ topic: "news", partition: 0, offset }],
    });
    if (answer.ok) ledger.committed.answered = Math.max(ledger.committed.answered, offset);
  }
}
