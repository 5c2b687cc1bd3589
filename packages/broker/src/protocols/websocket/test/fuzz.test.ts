/**
 * Requests that fit the schemas of the ops more or less, in any order, over several connections that come and go, on a real broker in virtual
 * time: each is answered once, and nobody is pushed more than its credit. `SLUICE_FUZZ_SEED=<seed>` replays what it finds;
 * `SLUICE_FUZZ=<count>` makes it longer or shorter.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createMetrics, type Random, type Registry, seededRandom, silentLog } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import { Broker } from "../../../broker/broker.ts";
import { MemoryJournal } from "../../../journal/memory-journal.ts";
import { asSchema, oddValue, pick, valueFor } from "../../http/test/schema-values.ts";
import { TotalBytes } from "../../tcp/total-bytes.ts";
import { JsonConnection } from "../json/connection.ts";
import { type Operation, operations } from "../json/operations.ts";
import { QueueRounds } from "../json/queue-rounds.ts";
import { defaultJsonLimits } from "../limits.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const inputCount = Number(process.env.SLUICE_FUZZ ?? 100_000);
const firstSeed = Number(process.env.SLUICE_FUZZ_SEED ?? 1);
/** Requests to one broker; then another one begins, so that neither grows. */
const lifeCount = 20_000;

/** What consumers do all the time comes up more often, so that the others find something there. */
const usual = new Set(["enqueue", "dequeue", "ack", "nack", "extend", "credit"]);
const ops = [...operations].flatMap((each) => (usual.has(each[0]) ? Array(4).fill(each) : [each])) as [
  string,
  Operation,
][];
const oddities = [0, 0, 0, 0.02, 0.1, 0.4];

interface Shared {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly metrics: Registry;
  readonly rounds: QueueRounds;
  readonly random: Random;
  /** How often each code was answered; `ok` is one. */
  readonly codes: Map<string, number>;
  /** Names, and receipts of late. */
  readonly words: { readonly [field: string]: readonly string[]; readonly receipt: string[] };
}

type Said = Readonly<Record<string, unknown>>;

/** A client that asks at random and keeps the books. */
class Client {
  readonly #shared: Shared;
  readonly #webSocket: FakeWebSocket;
  readonly #connection: JsonConnection;
  /** Requests without an answer. */
  readonly #asked = new Map<number, Said>();
  readonly #credit = new Map<unknown, number>();
  #lastId = 0;

  constructor(shared: Shared) {
    this.#shared = shared;
    this.#webSocket = new FakeWebSocket((text) => this.#heard(JSON.parse(text)));
    const { broker, clock, metrics, rounds } = shared;
    this.#connection = new JsonConnection(this.#webSocket.asWebSocket, this.#webSocket.socket, {
      ...{ broker, clock, metrics, rounds, log: silentLog },
      limits: { ...defaultJsonLimits, creditMax: 2 ** 31, subscriptionCountMax: 8 },
      totalBytes: new TotalBytes(2 ** 30),
    });
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  get unanswered(): readonly Said[] {
    return this.isOpen ? [...this.#asked.values()] : [];
  }

  ask(): void {
    const { random, words } = this.#shared;
    const oddity = pick(random, oddities);
    if (random.unit() < oddity / 20) {
      this.#webSocket.say(JSON.stringify(oddValue(random, 2)).slice(0, 1 + random.unit() * 40));
      return;
    }
    const [op, { schema }] = pick(random, ops);
    const fields = valueFor(asSchema(schema), random, words, oddity);
    const id = ++this.#lastId;
    const request: Record<string, unknown> = { ...(typeof fields === "object" ? fields : {}), id, op };
    if (typeof request.subscription === "number") request.subscription = Math.floor(random.unit() * 12);
    // What no schema says: which fields do not go together.
    if (oddity === 0 && op !== "transact") delete request[pick(random, ["messages", "receipts"])];
    this.#asked.set(id, request);
    if (op === "credit") this.#lend(request.subscription, request.credit);
    this.#webSocket.say(JSON.stringify(request));
  }

  async leave(): Promise<void> {
    this.#webSocket.terminate();
    await this.#connection.over;
  }

  #learn({ receipt }: Said): void {
    const { words, random } = this.#shared;
    if (typeof receipt === "string") words.receipt[Math.floor(random.unit() * 8)] = receipt;
  }

  /** Also to one that is not known yet: its answer may be on the way. */
  #lend(subscription: unknown, credit: unknown): void {
    if (typeof credit !== "number") return;
    this.#credit.set(subscription, (this.#credit.get(subscription) ?? 0) + credit);
  }

  #heard(said: Said): void {
    const { codes } = this.#shared;
    if (said.op === "message") {
      const left = (this.#credit.get(said.subscription) ?? 0) - 1;
      ok(left >= 0, `subscription ${said.subscription} was pushed more than its credit`);
      this.#credit.set(said.subscription, left);
      this.#learn(said);
      return;
    }
    if (said.op === "ended" || said.id === null) return;
    const request = this.#asked.get(said.id as number);
    ok(request, `nobody asked ${JSON.stringify(said).slice(0, 200)}`);
    this.#asked.delete(said.id as number);
    equal(typeof said.ok, "boolean");
    const code = said.ok === true ? "ok" : String(said.code);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    for (const message of Array.isArray(said.messages) ? said.messages : []) this.#learn(message);
    if (said.ok === false && request.op === "credit" && typeof request.credit === "number") {
      this.#lend(request.subscription, -request.credit);
    }
    if (said.ok === true && request.op === "subscribe") {
      this.#lend(said.subscription, request.credit ?? 100);
    }
  }
}

async function live(seed: number, count: number, codes: Map<string, number>): Promise<void> {
  const [random, clock, metrics] = [seededRandom(seed), new VirtualClock(), createMetrics()];
  const broker = await Broker.open({
    ...{ clock, metrics, journal: new MemoryJournal(), random: seededRandom(seed) },
    autoCreate: seed % 3 > 0,
    limits: { nameCountMax: 40 },
  });
  for (const queue of ["jobs", "dead"]) await broker.createQueue({ queue });
  const receipt = Array<string>(8).fill("none");
  const few = ["a", "b"];
  const words = { queue: ["jobs", "dead"], topic: ["news"], receipt, receipts: receipt, groupId: few };
  const shared = { broker, clock, metrics, random, codes, words, rounds: new QueueRounds(broker) };
  let clients = Array.from({ length: 4 }, () => new Client(shared));
  for (let asked = 0; asked < count; asked++) {
    const client = pick(random, clients);
    client.ask();
    if (random.unit() < 0.001) await client.leave();
    clients = clients.map((each) => (each.isOpen ? each : new Client(shared)));
    if (asked % 16 === 0) await settle();
    if (asked % 500 === 0) await clock.advance(pick(random, [1, 100, 9_000]));
  }
  // The longest that anybody may wait.
  for (let second = 0; second < 61; second++) await clock.advance(1_000);
  deepEqual(clients.flatMap(({ unanswered }) => unanswered).slice(0, 3), [], "each request was answered");
  await Promise.all(clients.map((client) => client.leave()));
  // What came to somebody who had just left is on its way back, and leases of no time at all are over.
  await clock.advance(1);
  for (const queue of broker.listQueues()) {
    const result = await broker.describeQueue(queue);
    equal(result.ok && result.description.inFlight, 0, `all that was held of ${queue} went back`);
  }
  await broker[Symbol.asyncDispose]();
}

test(`${inputCount.toLocaleString("en-US")} messages: each request is answered once, and credit holds`, async () => {
  const codes = new Map<string, number>();
  for (let done = 0, seed = firstSeed; done < inputCount; done += lifeCount, seed++) {
    await live(seed, Math.min(lifeCount, inputCount - done), codes).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
  if (inputCount < lifeCount) return;
  const total = [...codes.values()].reduce((sum, count) => sum + count, 0);
  // A fuzz that only ever hears that a field is wrong tests one thing.
  for (const code of ["ok", "invalid-field", "unknown-message", "unknown-subscription", "stale-receipt"]) {
    ok((codes.get(code) ?? 0) > total / 1000, `${code}: ${JSON.stringify([...codes])}`);
  }
});
