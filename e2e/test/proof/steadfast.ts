/**
 * The client as programs use it, over kills: it reconnects by itself and sends again what was not answered. A send that resolved happened once,
 * however often it was sent; nothing is known by a deduplication id here, only by the client's name and its sequence.
 */
import { equal } from "node:assert/strict";
import { Client } from "@sluice/client";
import { Cut, type HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { StableAddress } from "../../src/stable-address.ts";
import { drainDoor } from "./doors/http-door.ts";
import type { QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, take } from "./doors/work-behind.ts";
import { emptied } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "steadfast";
const underWayCount = 5;

export class SteadfastProof implements AsyncDisposable {
  readonly #ledger = new QueueLedger(queue);
  readonly #address: StableAddress;
  readonly #client: Client;
  /** Sends that have not resolved: they outlive processes. */
  readonly #underWay = new Set<Promise<void>>();
  #count = 0;

  private constructor(address: StableAddress, client: Client) {
    this.#address = address;
    this.#client = client;
  }

  static async open(): Promise<SteadfastProof> {
    const address = await StableAddress.open();
    const client = await Client.connect({
      addresses: [address.url.replace("http:", "tcp:")],
      name: "steadfast",
      lazy: true,
      reconnect: { initialDelayMs: 10, delayMaxMs: 50 },
      requestTimeoutMs: 120_000,
    });
    return new SteadfastProof(address, client);
  }

  async prepare(http: HttpClient): Promise<void> {
    equal((await http.put(`/v1/queues/${queue}`, { visibilityTimeoutSeconds: 3 })).status, 201);
  }

  addClients(load: Load): void {
    load.add("steadfast producer", async (at, done) => {
      this.#address.target = at.tcpPort;
      const gone = Promise.withResolvers<never>();
      gone.promise.catch(() => undefined);
      using _listening = this.#client.on("status", ({ state }) => {
        if (at.ending !== undefined && state !== "connected")
          gone.reject(new Cut("the client is on its own"));
      });
      for (;;) {
        while (this.#underWay.size < underWayCount) this.#send(done);
        await Promise.race([...this.#underWay, gone.promise]);
      }
    });
    load.add(
      "steadfast consumer",
      behind("tcp", async (door, done) => {
        for (;;) await this.#consume(door, done);
      }),
    );
  }

  async settle({ http, tcpPort }: Incarnation): Promise<string> {
    this.#address.target = tcpPort;
    await Promise.all(this.#underWay);
    const door = drainDoor(http);
    await emptied(http, queue, () => this.#consume(door));
    this.#ledger.settle();
    return `messages of a client that reconnects ${this.#ledger.size}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#address[Symbol.asyncDispose]();
  }

  #send(done: () => void): void {
    const body = `steadfast-${++this.#count}`;
    this.#ledger.sending(body);
    const sending = this.#client
      .queue(queue)
      .send(body)
      .then(({ messageId }) => {
        this.#ledger.sent(body, messageId);
        this.#underWay.delete(sending);
        done();
      });
    this.#underWay.add(sending);
    // Whoever waits for it next hears of it.
    sending.catch(() => undefined);
  }

  async #consume(door: QueueDoor, done?: () => void): Promise<void> {
    await finishAll(this.#ledger, await take(door, queue, this.#ledger, 20), done);
  }
}
