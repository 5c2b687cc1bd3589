/** The shop behind the waiting room: reads QUEUE_READY, lets people pay, and says how it ended. It keeps its own offsets. */
import { equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Load } from "../../src/load.ts";
import { readRecords } from "./records.ts";
import { isLeaver } from "./visitors.ts";
import {
  type CheckoutEvent,
  type CheckoutTopic,
  checkoutOf,
  checkoutTopics,
  type QueueReady,
} from "./waitroom-events.ts";

const partitionCount = 8;
const topics = Object.keys(checkoutTopics) as CheckoutTopic[];

export class Shop {
  /** QUEUE_READY by session id. */
  readonly ready = new Map<string, QueueReady>();
  readonly #desks = Array.from({ length: partitionCount }, (_, partition) => new Desk(this, partition));

  addClients(load: Load): void {
    for (const desk of this.#desks) {
      load.add("shop", async ({ http }, done) => {
        for (;;) {
          await desk.serve(http, 20);
          done();
        }
      });
    }
  }

  /** Serves whoever is ready now. */
  async serve(http: HttpClient): Promise<void> {
    for (const desk of this.#desks) await desk.serve(http, 0);
  }
}

/** One partition's worth of the shop. */
class Desk {
  readonly #shop: Shop;
  readonly #partition: number;
  #offset = 0;
  #count = 0;
  /** Events that are to be published, the first of them perhaps for the second time: a kill may have cut off its answer. */
  readonly #owed: CheckoutEvent[] = [];

  constructor(shop: Shop, partition: number) {
    this.#shop = shop;
    this.#partition = partition;
  }

  async serve(http: HttpClient, waitSeconds: number): Promise<void> {
    await this.#publish(http);
    const { records } = await readRecords(http, "QUEUE_READY", this.#partition, this.#offset, waitSeconds);
    for (const { offset, body } of records) {
      equal(offset, this.#offset++);
      this.#sell(JSON.parse(body) as QueueReady);
    }
    await this.#publish(http);
  }

  #sell(ready: QueueReady): void {
    ok(!this.#shop.ready.has(ready.session_id), `${ready.session_id} is ready twice`);
    this.#shop.ready.set(ready.session_id, ready);
    if (isLeaver(ready.user_id)) return;
    const count = ++this.#count;
    const topic = topics[count % topics.length] ?? "CHECKOUT_COMPLETED";
    const event = checkoutOf(topic, ready, `order-${ready.session_id}`);
    this.#owed.push(event);
    // At least once: a shop may say it again, and may speak of sessions that nobody knows.
    if (count % 7 === 0) this.#owed.push(event);
    if (count % 11 === 0)
      this.#owed.push(checkoutOf(topic, { ...ready, session_id: "nobody" }, `order-${count}`));
  }

  async #publish(http: HttpClient): Promise<void> {
    for (;;) {
      const [event] = this.#owed;
      if (event === undefined) return;
      const { topic, data } = event;
      const content = { topic, key: data.event_id, body: JSON.stringify(data) };
      equal((await http.post("/publish", content)).status, 201);
      this.#owed.shift();
    }
  }
}
