/** Times to live under kills: nothing is received after its time, and what ran out is a dead letter that says so. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { systemClock } from "@sluice/runtime";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import { drainDoor } from "./doors/http-door.ts";
import { doorKinds } from "./doors/open-door.ts";
import type { Handed, QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, producer, take } from "./doors/work-behind.ts";
import { holding } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "fleeting";
const graveyard = `${queue}-dead`;
const lifetimesMs = [60, 400, 3_000];
/** More than the consumer takes, so that some are always left behind. */
const batchCount = 4;
const toleranceMs = 5;

interface Lifetime {
  readonly sentMs: number;
  readonly lifetimeMs: number;
  /** Once the sender knows it. */
  endMs: number;
}

export class LifetimesProof {
  readonly #ledger = new QueueLedger(queue);
  readonly #lifetimes = new Map<string, Lifetime>();
  #count = 0;
  #expiredCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    equal((await http.put(`/v1/queues/${graveyard}`, { visibilityTimeoutSeconds: 3 })).status, 201);
    const deadLetter = { queue: graveyard, receiveCountMax: 1_000 };
    const settings = { visibilityTimeoutSeconds: 3, deadLetter, onExpiry: "dead-letter" };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** For each door a producer, which waits for who buries what it sent, a consumer that is too slow, and one of the dead letters. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      load.add(
        "mortal producer",
        producer(kind, graveyard, (door) => this.#send(door)),
      );
    }
    load.add(
      "mortal consumer",
      behind("http", async (door, done) => {
        for (;;) await this.#consume(door, 2, done);
      }),
    );
    load.add(
      "mortal undertaker",
      behind("tcp", async (door, done) => {
        for (;;) await this.#bury(door, done);
      }),
    );
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await until(`${queue} is empty`, async () => {
      if ((await holding(http, queue)) > 0) {
        if ((await holding(http, graveyard)) > 0) await this.#bury(door);
        else await this.#consume(door, 100);
        return false;
      }
      if ((await holding(http, graveyard)) === 0) return true;
      await this.#bury(door);
      return false;
    });
    this.#ledger.settle();
    return `messages with a time to live ${this.#ledger.size}, expired ${this.#expiredCount}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const sentMs = systemClock.now().wallMs;
    const messages = Array.from({ length: batchCount }, () => {
      const timeToLiveMs = lifetimesMs[this.#count % lifetimesMs.length] ?? 0;
      const body = `mortal-${++this.#count} for ${timeToLiveMs} ms`;
      this.#ledger.sending(body);
      this.#lifetimes.set(body, { sentMs, lifetimeMs: timeToLiveMs, endMs: Number.POSITIVE_INFINITY });
      return { body, timeToLiveMs };
    });
    const ids = await door.send(queue, messages);
    const answeredMs = systemClock.now().wallMs;
    for (const [i, { body, timeToLiveMs }] of messages.entries()) {
      this.#ledger.sent(body, ids[i]);
      this.#of(body).endMs = answeredMs + timeToLiveMs;
    }
  }

  async #consume(door: QueueDoor, max: number, done?: () => void): Promise<void> {
    const askedMs = systemClock.now().wallMs;
    const messages = await take(door, queue, this.#ledger, max);
    for (const { body } of messages) {
      const lateMs = askedMs - this.#of(body).endMs;
      ok(lateMs <= toleranceMs, `${body} is received by who asked ${lateMs} ms after its time to live`);
    }
    await finishAll(this.#ledger, messages, done);
  }

  async #bury(door: QueueDoor, done?: () => void): Promise<void> {
    const messages = await take(door, graveyard, this.#ledger, 50, { isDead: true });
    for (const message of messages) this.#expectExpired(message);
    this.#expiredCount += messages.length;
    await finishAll(this.#ledger, messages, done);
  }

  #expectExpired({ body, movedFrom }: Handed): void {
    const { reason, queue: from, originQueue, movedAtMs = 0 } = movedFrom ?? {};
    deepEqual([reason, from, originQueue], ["expired", queue, queue], body);
    const { sentMs, lifetimeMs } = this.#of(body);
    ok(movedAtMs - sentMs >= lifetimeMs - toleranceMs, `${body} was given up after ${movedAtMs - sentMs} ms`);
  }

  #of(body: string): Lifetime {
    const lifetime = this.#lifetimes.get(body);
    ok(lifetime, body);
    return lifetime;
  }
}
