/** Producers and consumers of queues over HTTP, and the draining at the end. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Answer, HttpClient } from "../../src/http-client.ts";
import type { Load, Work } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import type { Exit, QueueLedger } from "./queue-ledger.ts";

export interface Delivery {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
  readonly receiveCount: number;
}

export interface Deliveries {
  readonly messages: readonly Delivery[];
}

interface QueueView {
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
}

/** Short, because what a killed process had handed out comes again only after it. */
const visibilityTimeoutSeconds = 3;
const receiveCountMax = 3;

/** What no consumer wants: it is given back until it is a dead letter. */
const isPoison = (body: string): boolean => body.startsWith("poison");
const poisonEvery = 20;

export async function createQueues(http: HttpClient, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await http.put(`/v1/queues/${name}-dead`, {});
    const deadLetter = { queue: `${name}-dead`, receiveCountMax };
    const { status } = await http.put(`/v1/queues/${name}`, { visibilityTimeoutSeconds, deadLetter });
    equal(status, 201);
  }
}

/** Three producers, one of which sends in batches, and three consumers, which give some messages back. */
export function addQueueClients(load: Load, queue: string, ledger: QueueLedger): void {
  for (const [name, batchCount] of [
    ["a", 1],
    ["b", 1],
    ["batch", 10],
  ] as const) {
    load.add(
      "queue producer",
      producer(queue, ledger, batchCount, (count) => {
        return `${count % poisonEvery === 0 ? "poison" : "work"}-${name}-${count}`;
      }),
    );
  }
  for (let i = 0; i < 3; i++) load.add("queue consumer", consumer(queue, ledger, i === 2));
}

/** One producer and one consumer: what comes for the first time comes in the order in which it was sent. */
export function addOrderedClients(load: Load, queue: string, ledger: QueueLedger): void {
  load.add(
    "ordered producer",
    producer(queue, ledger, 1, (count) => `ordered-${count}`),
  );
  let last = 0;
  load.add("ordered consumer", async ({ http }, done) => {
    for (;;) {
      const messages = await receive(http, queue, ledger, 5);
      for (const message of messages) {
        const number = Number(message.body.split("-").at(-1));
        if (message.receiveCount === 1) {
          ok(number > last, `${message.body} comes after ${last}`);
          last = number;
        }
      }
      for (const message of messages) {
        await ack(http, queue, ledger, message);
        done();
      }
    }
  });
}

function producer(
  queue: string,
  ledger: QueueLedger,
  batchCount: number,
  nameOf: (count: number) => string,
): Work {
  let count = 0;
  return async ({ http }, done) => {
    for (;;) {
      const bodies = Array.from({ length: batchCount }, () => nameOf(++count));
      for (const body of bodies) ledger.sending(body);
      const content = batchCount === 1 ? { body: bodies[0] } : { messages: bodies.map((body) => ({ body })) };
      const answer = await http.post<{ durability?: string }>("/enqueue", { queue, ...content });
      equal(answer.status, 201, JSON.stringify(answer.body));
      for (const body of bodies) ledger.sent(body);
      done();
    }
  };
}

interface Owed {
  readonly receipt: string;
  readonly body: string;
  readonly exit: Exit;
}

/** Acks what it gets, one by one or all at once. An ack that a kill cut off is sent again to the next process. */
function consumer(queue: string, ledger: QueueLedger, allAtOnce: boolean): Work {
  let owed: readonly Owed[] = [];
  let count = 0;
  return async ({ http }, done) => {
    for (const each of owed) await ackAgain(http, queue, each);
    owed = [];
    for (;;) {
      const messages = await receive(http, queue, ledger, 10);
      const unwanted = messages.filter(({ body }) => isPoison(body) || ++count % 10 === 0);
      for (const { receipt } of unwanted) await nack(http, queue, receipt);
      const wanted = messages.filter((message) => !unwanted.includes(message));
      if (allAtOnce && wanted.length > 0) {
        owed = wanted.map((each) => ({ ...each, exit: ledger.leaving(each.body) }));
        await ackAll(http, queue, owed);
      }
      for (const each of allAtOnce ? [] : wanted) {
        const exit = ledger.leaving(each.body);
        owed = [{ ...each, exit }];
        await ack(http, queue, ledger, each, exit);
      }
      owed = [];
      for (const _ of messages) done();
    }
  };
}

export async function receive(
  http: HttpClient,
  queue: string,
  ledger: QueueLedger,
  max: number,
): Promise<readonly Delivery[]> {
  ledger.receiving();
  const { status, body } = await http.get<Deliveries>(`/dequeue?queue=${queue}&max=${max}&waitSeconds=20`);
  equal(status, 200);
  for (const message of body.messages) ledger.delivered(message);
  ledger.received();
  return body.messages;
}

export async function ack(
  http: HttpClient,
  queue: string,
  ledger: QueueLedger,
  { receipt, body }: Delivery,
  exit: Exit = ledger.leaving(body),
): Promise<void> {
  if (await isAcked(http, queue, receipt, body)) exit.done();
  else exit.refused();
}

/** The same ack had been sent before and was not answered, so a refusal may mean that it did happen. */
async function ackAgain(http: HttpClient, queue: string, { receipt, body, exit }: Owed): Promise<void> {
  if (await isAcked(http, queue, receipt, body)) exit.done();
}

async function isAcked(http: HttpClient, queue: string, receipt: string, body: string): Promise<boolean> {
  const answer = await http.post<{ code?: string }>("/ack", { queue, receipt });
  if (answer.status !== 200) expectStale(answer, body);
  return answer.status === 200;
}

async function ackAll(http: HttpClient, queue: string, wanted: readonly Owed[]): Promise<void> {
  const receipts = wanted.map(({ receipt }) => receipt);
  const answer = await http.post<{ results: { durability?: string }[] }>("/ack", { queue, receipts });
  equal(answer.status, 200);
  wanted.forEach(({ exit }, i) => {
    if (answer.body.results[i]?.durability === "synced") exit.done();
    else exit.refused();
  });
}

async function nack(http: HttpClient, queue: string, receipt: string): Promise<void> {
  const answer = await http.post<{ code?: string }>("/nack", { queue, receipt });
  if (answer.status !== 200) expectStale(answer, receipt);
}

/** On a busy machine a lease may run out before the ack: then, and only then, a receipt is refused. */
function expectStale(answer: Answer<{ code?: string }>, body: string): void {
  const { code = "" } = answer.body;
  ok(["stale-receipt", "unknown-message"].includes(code), `${body}: ${answer.status} ${code}`);
}

/**
 * Takes and acks everything that is left in the queue, dead letters included. What was handed out when a process was killed comes
 * when its lease has run out: the long poll waits for that.
 */
export async function drainQueue(http: HttpClient, queue: string, ledger: QueueLedger): Promise<void> {
  for (const [name, isDead] of [
    [queue, false],
    [`${queue}-dead`, true],
  ] as const) {
    await until(`${name} is empty`, async () => {
      const { body } = await http.get<Deliveries>(`/dequeue?queue=${name}&max=100&waitSeconds=1`);
      for (const message of body.messages) ledger.delivered(message, { isDead });
      const unwanted = body.messages.filter((message) => isPoison(message.body) && !isDead);
      for (const { receipt } of unwanted) await nack(http, name, receipt);
      const wanted = body.messages.filter((message) => !unwanted.includes(message));
      const owed = wanted.map((each) => ({ ...each, exit: ledger.leaving(each.body) }));
      if (owed.length > 0) await ackAll(http, name, owed);
      return !(await isHolding(http, name));
    });
  }
  deepEqual(
    ledger.names((entry, body) => isPoison(body) && entry.isOut && !entry.isDead),
    [],
    "what nobody acked ended in the dead letters",
  );
}

/** Whether anything is in the queue, also hidden. */
export async function isHolding(http: HttpClient, queue: string): Promise<boolean> {
  const { body } = await http.get<QueueView>(`/v1/queues/${queue}`);
  return body.ready + body.delayed + body.inFlight > 0;
}
