/** Purges under kills: what was there when a purge was asked for never comes again once it is answered. */
import { equal } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { drainDoor } from "./doors/http-door.ts";
import type { QueueDoor } from "./doors/queue-door.ts";
import { behind, finish, producer, take } from "./doors/work-behind.ts";
import { emptied, holding } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "swept";
const batchCount = 5;

export class PurgesProof {
  readonly #ledger = new QueueLedger(queue);
  /** Sent, and not known to be out. */
  readonly #inside = new Set<string>();
  /** A purge is under way, or was when its process was killed. */
  #isPurging = false;
  #count = 0;
  #purgeCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    const settings = { visibilityTimeoutSeconds: 3 };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** A producer, a consumer that is slower, and an operator who purges. */
  addClients(load: Load): void {
    load.add(
      "swept producer",
      producer("tcp", queue, (door) => this.#send(door)),
    );
    load.add(
      "swept consumer",
      behind("http", async (door, done) => {
        for (;;) await this.#consume(door, done);
      }),
    );
    load.add("sweeper", async ({ http }, done) => {
      for (;;) {
        await this.#purge(http);
        done();
      }
    });
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await emptied(http, queue, () => this.#consume(door));
    this.#ledger.settle();
    return `messages beside purges ${this.#ledger.size}, purges ${this.#purgeCount}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const bodies = Array.from({ length: batchCount }, () => `swept-${++this.#count}`);
    for (const body of bodies) this.#ledger.sending(body);
    for (const body of bodies) {
      // One that is under way, or asked for from now on, may take these, too.
      if (this.#isPurging) this.#ledger.leaving(body, { mayBeUnderWay: true });
      this.#inside.add(body);
    }
    const ids = await door.send(
      queue,
      bodies.map((body) => ({ body })),
    );
    for (const [i, body] of bodies.entries()) this.#ledger.sent(body, ids[i]);
  }

  async #consume(door: QueueDoor, done?: () => void): Promise<void> {
    const messages = await take(door, queue, this.#ledger, 4);
    await Promise.all(
      messages.map(async (message) => {
        if (await finish(this.#ledger, message)) this.#inside.delete(message.body);
        done?.();
      }),
    );
  }

  async #purge(http: HttpClient): Promise<void> {
    this.#isPurging = false;
    await holding(http, queue);
    this.#isPurging = true;
    const exits = [...this.#inside].map((body) => ({
      body,
      wasSent: this.#ledger.isSent(body),
      exit: this.#ledger.leaving(body, { mayBeUnderWay: true }),
    }));
    const { status } = await http.post(`/v1/queues/${queue}/purge`, undefined);
    equal(status, 200);
    this.#isPurging = false;
    this.#purgeCount++;
    // Whose send had not been answered may have come behind the purge.
    for (const { body, wasSent, exit } of exits) {
      if (!wasSent) continue;
      exit.done();
      this.#inside.delete(body);
    }
  }
}
