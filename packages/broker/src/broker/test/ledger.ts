/**
 * What a client of a broker may rely on, kept outside of it: what was promised by an answer, and what may or may not have happened because
 * the answer never came. After each restart the broker is compared with it.
 */
import { deepEqual, ok } from "node:assert/strict";
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
  /** Where its record in the topic news was said to lie. */
  promised: { readonly partition: number; readonly offset: number } | undefined;
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
  /** By partition of the topic news: before which offset records were asked to be deleted, and were said to be. */
  readonly trimmed = new Map<number, { readonly asked: number; readonly answered: number }>();
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
    await this.#checkTopics(broker, clock);
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

  async #checkTopics(broker: Broker, clock: VirtualClock): Promise<void> {
    const seen = new Map<string, { topic: string; partition: number; offset: number }>();
    for (const topic of ["news", "audit"]) {
      const described = await broker.describeTopic(topic);
      if (!described.ok) continue;
      for (const [partition, { startOffset, endOffset }] of described.description.partitions.entries()) {
        const { asked, answered } = this.#trimmedIn(topic, partition);
        ok(
          startOffset >= answered,
          `${topic}/${partition} starts at ${startOffset}, deleted before ${answered}`,
        );
        ok(
          startOffset <= asked,
          `${topic}/${partition} starts at ${startOffset}, nothing behind ${asked} was deleted`,
        );
        const ask = { topic, partition, offset: startOffset, recordsMax: 1000, bytesMax: 2 ** 30, waitMs: 0 };
        const answer = await settled(clock, broker.fetch(ask));
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
      if (promised === undefined) continue;
      const isDeleted = promised.offset < this.#trimmedIn(topic, promised.partition).asked;
      if (found === undefined && isDeleted) continue;
      deepEqual(found, { topic, ...promised }, `record '${body}' of ${topic}`);
    }
    // Nothing of the topic audit is ever deleted.
    for (const { id, promised } of this.transactions.values()) {
      const [one, other] = [seen.has(`news:${id}`), seen.has(`audit:${id}`)];
      ok(other || !one, `transaction ${id} is in news and not in audit`);
      if (promised === undefined) continue;
      ok(other, `transaction ${id} was promised and is not in audit`);
      if (promised.offset >= this.#trimmedIn("news", promised.partition).asked)
        ok(one, `transaction ${id} was promised and is not in news`);
    }
  }

  #trimmedIn(topic: string, partition: number): { readonly asked: number; readonly answered: number } {
    const trimmed = topic === "news" ? this.trimmed.get(partition) : undefined;
    return trimmed ?? { asked: 0, answered: 0 };
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
