/**
 * What a client of a broker may rely on, kept outside of it: what was promised by an answer, and what may or may not have happened because
 * the answer never came. After each restart the broker is compared with it.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Broker, QueueDelivery } from "@sluice/broker";
import type { VirtualClock } from "@sluice/testkit";

interface Message {
  readonly queue: string;
  /** True once the send was answered: it must be found until it is acked. */
  promised: boolean;
  /** Asked: it may be gone. Answered: it must be gone. */
  ack: "none" | "asked" | "answered";
  /** Until when, on the wall clock, an answered delivery hides it; 0 when nothing is known. */
  hiddenUntilWallMs: number;
}

interface Transaction {
  readonly id: string;
  promised: boolean;
}

const text = (body: Uint8Array): string => Buffer.from(body).toString();

export class Ledger {
  /** By body: each body is sent once. */
  readonly messages = new Map<string, Message>();
  readonly records = new Map<
    string,
    { readonly topic: string; promised: { partition: number; offset: number } | undefined }
  >();
  readonly transactions = new Map<string, Transaction>();
  /** Highest generation that anybody was told of. */
  generation = 0;
  /** Highest offset that was answered as committed, and the highest that was asked for. */
  committed = { answered: 0, asked: 0 };

  /** A message was handed out: it must be one that was sent, and not one that is gone. */
  received(queue: string, delivery: QueueDelivery, hiddenUntilWallMs: number): string {
    const body = text(delivery.body);
    const message = this.messages.get(body);
    ok(message !== undefined, `'${body}' was never sent`);
    ok(message.ack !== "answered", `'${body}' was acked and came again`);
    ok(message.queue === queue || queue === "dead", `'${body}' came from ${queue}`);
    message.hiddenUntilWallMs = hiddenUntilWallMs;
    return body;
  }

  /** Everything that was promised is there; what is hidden stays hidden until its time; nothing else is there. */
  async check(broker: Broker, clock: VirtualClock): Promise<void> {
    await this.#checkHidden(broker, clock);
    await this.#checkTopics(broker);
    await this.#checkGroup(broker);
  }

  /** Takes everything out of the queues, waiting for all leases, and compares. */
  async checkDrained(broker: Broker, clock: VirtualClock, queues: readonly string[]): Promise<void> {
    const found = new Set<string>();
    await clock.advance(60 * 60 * 1000);
    for (const queue of queues) {
      for (let empty = false; !empty; ) {
        const answer = await settled(clock, broker.receive({ queue, max: 100, waitMs: 0 }));
        ok(answer.ok, `receive from ${queue}`);
        empty = answer.deliveries.length === 0;
        for (const delivery of answer.deliveries) {
          const body = this.received(queue, delivery, 0);
          ok(!found.has(body), `'${body}' is there twice`);
          found.add(body);
          const acked = await settled(clock, broker.ack({ queue, receipt: delivery.receipt }));
          ok(acked.ok, `ack of '${body}'`);
        }
      }
    }
    for (const [body, message] of this.messages) {
      if (message.promised && message.ack === "none")
        ok(found.has(body), `'${body}' was promised and is lost`);
    }
  }

  async #checkHidden(broker: Broker, clock: VirtualClock): Promise<void> {
    for (const queue of ["jobs", "mail"]) {
      const answer = await settled(
        clock,
        broker.receive({ queue, max: 3, waitMs: 0, visibilityTimeoutMs: 1 }),
      );
      if (!answer.ok) continue;
      for (const delivery of answer.deliveries) {
        const message = this.messages.get(text(delivery.body));
        const { wallMs } = clock.now();
        ok(
          message === undefined || message.hiddenUntilWallMs <= wallMs,
          `'${text(delivery.body)}' is hidden until ${message?.hiddenUntilWallMs} and came at ${wallMs}`,
        );
        this.received(queue, delivery, wallMs + 1);
      }
    }
    await clock.advance(2);
  }

  async #checkTopics(broker: Broker): Promise<void> {
    const seen = new Map<string, { topic: string; partition: number; offset: number }>();
    for (const topic of ["news", "audit"]) {
      const described = await broker.describeTopic(topic);
      if (!described.ok) continue;
      for (const [partition, { startOffset, endOffset }] of described.description.partitions.entries()) {
        const answer = await broker.fetch({
          topic,
          partition,
          offset: startOffset,
          recordsMax: 1000,
          bytesMax: 2 ** 30,
          waitMs: 0,
        });
        ok(answer.ok, `fetch of ${topic}/${partition}`);
        deepEqual(
          answer.records.map((record) => record.offset),
          Array.from({ length: endOffset - startOffset }, (_, i) => startOffset + i),
          `offsets of ${topic}/${partition} have no hole`,
        );
        for (const { body, offset } of answer.records)
          seen.set(`${topic}:${text(body)}`, { topic, partition, offset });
      }
    }
    for (const [body, { topic, promised }] of this.records) {
      const found = seen.get(`${topic}:${body}`);
      if (promised !== undefined) deepEqual(found, { topic, ...promised }, `record '${body}' of ${topic}`);
    }
    for (const { id, promised } of this.transactions.values()) {
      const [one, other] = [seen.has(`news:${id}`), seen.has(`audit:${id}`)];
      equal(one, other, `transaction ${id} is in both topics or in none`);
      if (promised) ok(one, `transaction ${id} was promised and is lost`);
    }
  }

  async #checkGroup(broker: Broker): Promise<void> {
    const answer = await broker.committedOffset({ group: "readers", topic: "news", partition: 0 });
    ok(answer.ok);
    ok(
      (answer.offset ?? 0) >= this.committed.answered,
      `offset ${answer.offset} was committed as ${this.committed.answered}`,
    );
    ok((answer.offset ?? 0) <= this.committed.asked, `offset ${answer.offset} was never committed`);
  }
}

/** Waits for an answer, letting the virtual world go on until it comes. */
export async function settled<Answer>(clock: VirtualClock, answer: Promise<Answer>): Promise<Answer> {
  let done = false;
  const marked = answer.finally(() => {
    done = true;
  });
  for (let turns = 0; !done && turns < 10_000; turns++) await clock.advance(0);
  return marked;
}
