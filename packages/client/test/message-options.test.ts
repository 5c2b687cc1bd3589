/** What messages are sent with and come with, and a message that is done together with what came of it, on a real server. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { Client, Delivery } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";

async function withClient(run: (client: Client, server: RestartableServer) => Promise<void>): Promise<void> {
  await using server = new RestartableServer();
  await server.start();
  await using client = await server.connect();
  await run(client, server);
}

const textsOf = (deliveries: readonly Delivery[]) => deliveries.map((delivery) => delivery.text());
const refusal = (code: string) => ({ name: "RefusedError", code });
const lost = { name: "ClientFault", code: "lease-lost" };

/** The one message that is there. */
async function one(client: Client, queue: string): Promise<Delivery> {
  const [delivery] = await client.queue(queue).receive({ waitMs: 10_000 });
  if (delivery === undefined) throw new Error(`nothing came from ${queue}`);
  return delivery;
}

test("priority, group and deduplication, alone and in a batch with one result each", () =>
  withClient(async (client) => {
    const jobs = client.queue("jobs");
    const first = await jobs.send("pay", { deduplicationId: "7", priority: 9 });
    const results = await jobs.sendBatch([
      { body: "pay again", deduplicationId: "7" },
      { body: "too urgent", priority: 10 },
      { body: "g1", groupId: "g", timeToLiveMs: 60_000 },
      { body: "g2", groupId: "g" },
    ]);
    deepEqual(
      results.map((result) => (result.ok ? result.messageId === first.messageId : result.error.code)),
      [true, "invalid-message", false, false],
    );
    const { messages } = await jobs.browse();
    deepEqual(
      messages.map(
        ({ expiresAtMs, enqueuedAtMs }) => expiresAtMs && Math.round((expiresAtMs - enqueuedAtMs) / 10_000),
      ),
      [undefined, 6, undefined],
    );
    const deliveries = await jobs.receive({ max: 10 });
    deepEqual(
      deliveries.map((each) => [each.text(), each.priority, each.groupId, each.movedFrom]),
      [
        ["pay", 9, undefined, undefined],
        ["g1", 0, "g", undefined],
      ],
    );
    await deliveries[1]?.ack();
    deepEqual(textsOf(await jobs.receive({ max: 10 })), ["g2"]);
    await jobs.send("later", { delayMs: 3_600_000 });
    equal((await jobs.describe()).delayed, 1);
  }));

test("a message and what came of it are one step; it is settled when that is done, and in hand when it is refused", () =>
  withClient(async (client) => {
    const [orders, mails] = [client.queue("orders"), client.queue("mails")];
    await orders.send("order 1");
    const delivery = await one(client, "orders");
    const [mail, record] = [{ body: "thanks" }, { body: "order 1" }];
    await rejects(
      delivery.ackWith({ sends: [{ queue: "no name", messages: [mail] }] }),
      refusal("invalid-name"),
    );
    equal(delivery.isSettled, false);
    const { messageIds, places } = await delivery.ackWith({
      sends: [{ queue: "mails", messages: [mail, mail] }],
      publishes: [{ topic: "paid", records: [record] }],
    });
    deepEqual(places, [[{ partition: 0, offset: 0 }]]);
    const came = await mails.receive({ max: 10 });
    deepEqual(messageIds, [came.map(({ messageId }) => messageId)]);
    equal(delivery.isSettled, true);
    await delivery.ack();
    await rejects(delivery.nack(), { code: "already-settled" });
    await rejects(client.transact({ acks: [delivery] }), { code: "already-settled" });
    const { ready, inFlight } = await orders.describe();
    deepEqual([ready, inFlight], [0, 0]);
  }));

test("several deliveries of several queues in one step; one that is lost refuses it for all, and the others are still in hand", () =>
  withClient(async (client) => {
    for (const queue of ["left", "right"]) await client.queue(queue).send(queue);
    const [left, right] = [await one(client, "left"), await one(client, "right")];
    await client.queue("right").purge();
    const sends = [{ queue: "both", messages: [{ body: "done" }] }];
    await rejects(client.transact({ acks: [left, right], sends }), lost);
    deepEqual(await client.queue("both").receive(), []);
    await client.queue("right").send("right");
    await client.transact({ acks: [left, await one(client, "right")], sends });
    deepEqual(textsOf(await client.queue("both").receive()), ["done"]);
  }));

test("a step that is repeated after a lost connection has one effect", () =>
  withClient(async (client, server) => {
    const orders = client.queue("orders");
    await orders.send("order 1");
    const step = (await one(client, "orders")).ackWith({
      sends: [{ queue: "mails", messages: [{ body: "thanks" }] }],
    });
    await server.stop("cut");
    await server.start();
    // Either it was carried out before the cut, or the message was given back and comes again.
    const isDone = await step.then(
      () => true,
      ({ code }) => code !== "lease-lost",
    );
    const { ready } = await client
      .queue("mails")
      .describe()
      .catch(() => ({ ready: 0 }));
    const orderCount = (await orders.describe()).ready;
    deepEqual([ready, orderCount], isDone ? [1, 0] : [0, 1]);
  }));

test("a worker: what its handler acks with a step is not acked again, and what it throws is kept with the message", () =>
  withClient(async (client) => {
    const [orders, mails] = [client.queue("orders"), client.queue("mails")];
    await orders.create({ parkAfterReceives: 2, retry: { minDelayMs: 0, maxDelayMs: 0 } });
    const errors: unknown[] = [];
    const worker = orders.consume(
      async (delivery) => {
        if (delivery.text() === "broken") throw new Error(`no stock, time ${delivery.receiveCount}`);
        await delivery.ackWith({ sends: [{ queue: "mails", messages: [{ body: delivery.text() }] }] });
      },
      { onError: (error) => errors.push(error) },
    );
    await orders.sendBatch([{ body: "broken" }, { body: "fine" }]);
    equal((await one(client, "mails")).text(), "fine");
    for (let parked = 0; parked === 0; ) ({ parked } = await orders.describe());
    await worker.stop();
    const letters = [];
    for await (const letter of orders.deadLetters()) letters.push(letter);
    deepEqual(
      letters.map(({ lastError, receiveCount, parked }) => [lastError, receiveCount, parked?.reason]),
      [["no stock, time 2", 2, "max-receives"]],
    );
    equal(errors.length, 2);
    equal((await mails.describe()).ready, 0);
  }));
