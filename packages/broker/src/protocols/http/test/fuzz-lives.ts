/** The lives of brokers that are asked at random, as a worker: outside of the test runner, which would look after each promise of a million requests. */
import { equal } from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { createMetrics, type Random, seededRandom } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import { Broker } from "../../../broker/broker.ts";
import { MemoryJournal } from "../../../journal/memory-journal.ts";
import { inProcessRoutes, type Parts, type Route } from "./in-process-routes.ts";
import { asSchema, oddValue, pick, valueFor } from "./schema-values.ts";

/** What the worker is given: it lives through the seeds one after the other. */
export interface Lives {
  readonly seeds: readonly { readonly seed: number; readonly requestCount: number }[];
}

/** What it says at the end: how often each status was answered. */
export type Statuses = ReadonlyMap<number, number>;

// Of a problem that is answered nobody wants to know where it was made, and finding that out is dear.
Error.stackTraceLimit = 0;

const statuses = new Map<number, number>();

/** Requests between two looks at the clock. */
const stepCount = 500;

/** What means something to the broker: names, and the last ids, receipts and cursors that it has given out. */
class Memory {
  static readonly #queues = ["jobs", "dead"];
  static readonly #topics = ["news"];
  readonly words = {
    queue: Memory.#queues,
    to: Memory.#queues,
    topic: Memory.#topics,
    groupId: ["a", "b"],
    deduplicationId: ["a", "b"],
    receipt: [] as string[],
    receipts: [] as string[],
    messageId: [] as string[],
    after: [] as string[],
  };
  #next = 0;

  /** Looks into the first of a list alone, as a client in a hurry would. */
  learn(answer: unknown): void {
    if (typeof answer !== "object" || answer === null) return;
    for (const name in answer) {
      const value: unknown = (answer as Readonly<Record<string, unknown>>)[name];
      if (Array.isArray(value)) this.learn(value[0]);
      else if (typeof value !== "string") continue;
      // Of what was looked at: it is there still, most of the time.
      else if (name === "messageId" && "state" in answer) this.#keep(this.words.messageId, value);
      else if (name === "next") this.#keep(this.words.after, value);
      else if (name === "receipt") {
        this.#keep(this.words.receipt, value);
        this.#keep(this.words.receipts, value);
      }
    }
  }

  #keep(words: string[], word: string): void {
    if (words.length < 8) words.push(word);
    else words[this.#next++ % 8] = word;
  }
}

const oddities = [0, 0, 0, 0.02, 0.1, 0.4];

function partsFor({ schemas }: Route, random: Random, { words }: Memory): Parts {
  const oddity = pick(random, oddities);
  const texts = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, textOf(inner)]))
      : {};
  const part = (name: keyof Parts): unknown => {
    const schema = schemas[name];
    if (schema !== undefined) return fitting(valueFor(asSchema(schema), random, words, oddity), oddity);
    return random.unit() < oddity ? oddValue(random, 1) : undefined;
  };
  return { params: texts(part("params")), querystring: texts(part("querystring")), body: part("body") };
}

/** What no schema says: which fields of an enqueue and of an ack do not go together. */
function fitting(value: unknown, oddity: number): unknown {
  if (oddity > 0 || typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if ("messages" in fields && "queue" in fields) return { queue: fields.queue, messages: fields.messages };
  if ("receipts" in fields) delete fields.receipt;
  if (!("messages" in fields)) delete fields.atomic;
  return value;
}

/** What a path or a query can say: texts, and several of them. */
const textOf = (value: unknown): unknown => {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map((each) => JSON.stringify(each)) : JSON.stringify(value);
};

async function openLife(seed: number) {
  const clock = new VirtualClock();
  const broker = await Broker.open({
    journal: new MemoryJournal(),
    clock,
    random: seededRandom(seed),
    metrics: createMetrics(),
    autoCreate: seed % 3 > 0,
    limits: { nameCountMax: 40 },
  });
  const all = await inProcessRoutes({ broker });
  // Dead letters come to be at once, until somebody changes that.
  await broker.createQueue({ queue: "dead", parkAfterReceives: 1 });
  await broker.createQueue({ queue: "jobs", deadLetter: { queue: "dead", receiveCountMax: 1 } });
  await broker.createTopic({ topic: "news", partitionCount: 2 });
  // What consumers do all the time, so that the others find something there; and what takes all of it away, now and then.
  const often = all.filter(({ name }) => / \/(enqueue|dequeue|nack|ack)$|\/resume$/.test(name));
  const seldom = (name: string): boolean => /^DELETE .*:(queue|topic)$|\/(purge|pause)$/.test(name);
  const usual = all.filter(({ name }) => !seldom(name));
  return {
    clock,
    broker,
    routes: [...all, ...Array(4).fill(usual).flat(), ...Array(30).fill(often).flat()] as readonly Route[],
  };
}

/** One broker, and what happens to it. Answers how often each status was answered. */
async function live(seed: number, count: number): Promise<void> {
  const random = seededRandom(seed);
  const memory = new Memory();
  const { clock, broker, routes } = await openLife(seed);
  let [asked, answered] = [0, 0];
  let failure: { readonly name: string; readonly parts: Parts; readonly error: unknown } | undefined;
  while (asked < count && failure === undefined) {
    const route = pick(random, routes);
    const parts = partsFor(route, random, memory);
    asked++;
    route.ask(parts).then(
      (answer) => {
        answered++;
        const status = answer?.status ?? 0;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 && status !== 503) failure = { name: route.name, parts, error: answer };
        const wrong = answer && route.wrongWith(answer);
        if (wrong !== undefined) failure = { name: route.name, parts, error: wrong };
        memory.learn(answer?.body);
      },
      (error: unknown) => {
        failure = { name: route.name, parts, error };
      },
    );
    if (asked % 16 === 0) await settle();
    if (asked % stepCount === 0) await clock.advance(pick(random, [1, 100, 30_000]));
  }
  // The longest that anybody may wait.
  await clock.advance(60_000);
  await settle();
  if (failure !== undefined) {
    throw new Error(`seed ${seed}, ${failure.name}: ${JSON.stringify(failure.parts).slice(0, 2000)}`, {
      cause: failure.error,
    });
  }
  equal(answered, asked, `seed ${seed}: each request was answered`);
  await broker[Symbol.asyncDispose]();
}

const { seeds } = workerData as Lives;
for (const { seed, requestCount } of seeds) await live(seed, requestCount);
parentPort?.postMessage(statuses satisfies Statuses);
