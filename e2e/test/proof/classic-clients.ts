/**
 * Classic TCP clients in both modes, on raw sockets.
 *
 * A classic producer gets no confirmation. What it may know: when it has closed its side and the server answers with its own end of the
 * connection, everything was taken; but a killed process ends its connections just the same, so only the test, which knows when it
 * killed, can tell. Whatever was sent over a connection that was open at a kill may be missing.
 * A classic consumer acks nothing: a message is out of the queue once its frame is handed over. Around a kill it may come twice.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { FramedSocket } from "../../src/framed-socket.ts";
import { Cut, type HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import { type Deliveries, isHolding } from "./queue-clients.ts";

const batchCount = 20;
/** Nothing is synced on a live topic, so that a batch is quickly through. */
const liveBatchCount = 500;
const queue = "default";

interface Entry {
  confirmed: boolean;
  /** The processes that handed it over. */
  readonly from: Incarnation[];
}

/** Producers and consumers of the queue `default`: with a bare role while the delivery mode is `queue`, named in the role otherwise. */
export class ClassicQueueProof {
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  addClients(load: Load): void {
    load.add("classic queue producer", (at, done) => this.#produce(at, done));
    for (let i = 0; i < 2; i++) load.add("classic queue consumer", (at, done) => this.#consume(at, done));
  }

  /** Takes what is left, over HTTP, and compares. */
  async settle(last: Incarnation): Promise<{ readonly messages: number; readonly twice: number }> {
    const { http } = last;
    await until(`${queue} is empty`, async () => {
      const { body } = await http.get<Deliveries>(`/dequeue?queue=${queue}&max=100&waitSeconds=1`);
      for (const message of body.messages) this.#received(message.body, last);
      const receipts = body.messages.map(({ receipt }) => receipt);
      if (receipts.length > 0) equal((await http.post("/ack", { queue, receipts })).status, 200);
      return !(await isHolding(http, queue));
    });
    const lost = [...this.#entries].filter(([, { confirmed, from }]) => confirmed && from.length === 0);
    deepEqual(lost, [], "what was taken is handed over");
    const twice = [...this.#entries].filter(([, { from }]) => from.length > 1);
    for (const [body, { from }] of twice) {
      const [again, ...before] = from.toReversed();
      ok(again !== undefined && !before.includes(again), `${body} came twice from process ${again?.number}`);
      ok(
        before.every(({ ending }) => ending === "kill"),
        `${body} came again, and there was no kill`,
      );
    }
    return { messages: this.#entries.size, twice: twice.length };
  }

  async #produce(at: Incarnation, done: () => void): Promise<never> {
    for (;;) {
      await using socket = await this.#open(at, "PRODUCER");
      const bodies = Array.from({ length: batchCount }, () => `classic-${++this.#count}`);
      for (const body of bodies) this.#entries.set(body, { confirmed: false, from: [] });
      socket.send(bodies);
      socket.end();
      const answer = await socket.rest();
      if (at.ending !== undefined) throw new Cut("the connection ended with the process");
      deepEqual(answer, [], "a producer that ends in order is told nothing");
      equal(socket.fault, undefined);
      for (const body of bodies) this.#entry(body).confirmed = true;
      done();
    }
  }

  async #consume(at: Incarnation, done: () => void): Promise<never> {
    await using socket = await this.#open(at, "CONSUMER");
    for (;;) {
      const bodies = await socket.frames();
      if (bodies.length === 0) throw new Cut("the consumer's connection ended");
      for (const body of bodies) this.#received(body, at);
      done();
    }
  }

  async #open({ tcpPort, deliveryMode }: Incarnation, role: string): Promise<FramedSocket> {
    const socket = await FramedSocket.open(tcpPort);
    if (deliveryMode === "queue") socket.write(`${role}\n`);
    else socket.send([`${role} queue=${queue}`]);
    return socket;
  }

  #received(body: string, at: Incarnation): void {
    this.#entry(body).from.push(at);
  }

  #entry(body: string): Entry {
    const entry = this.#entries.get(body);
    ok(entry, `the queue ${queue} gives ${body}, which nobody sent`);
    return entry;
  }
}

/** One producer and two consumers of a topic. A live topic promises nothing across a kill: what is checked is that nothing is missing before. */
export function addBroadcastClients(load: Load): void {
  let count = 0;
  load.add("broadcast", async (at, done) => {
    const isBare = at.deliveryMode === "broadcast";
    const topic = isBare ? "default" : "news";
    const open = async (role: string): Promise<FramedSocket> => {
      const socket = await FramedSocket.open(at.tcpPort);
      if (isBare) socket.write(role);
      else socket.send([`${role} topic=${topic}`]);
      return socket;
    };
    const before = await subscriberCount(at.http, topic);
    await using first = await open("CONSUMER");
    await using second = await open("CONSUMER");
    await subscribed(at.http, topic, before + 2);
    await using producer = await open("PRODUCER");
    for (;;) {
      const bodies = Array.from({ length: liveBatchCount }, () => `live-${++count}`);
      producer.send(bodies);
      deepEqual(await take(first, bodies.length), bodies, "every consumer hears everything, in order");
      deepEqual(await take(second, bodies.length), bodies, "every consumer hears everything, in order");
      done();
    }
  });
}

/** A classic consumer is not told when it has begun to listen; the topic's description says so. */
export async function subscribed(http: HttpClient, topic: string, count: number): Promise<void> {
  await until(`${topic} has ${count} consumers`, async () => (await subscriberCount(http, topic)) >= count);
}

async function subscriberCount(http: HttpClient, topic: string): Promise<number> {
  const { body } = await http.get<{ readonly liveSubscribers?: number }>(`/v1/topics/${topic}`);
  return body.liveSubscribers ?? 0;
}

async function take(socket: FramedSocket, count: number): Promise<readonly string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) {
    const frames = await socket.frames();
    if (frames.length === 0) throw new Cut("the consumer's connection ended");
    bodies.push(...frames);
  }
  return bodies;
}
