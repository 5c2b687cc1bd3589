/** Queues over `sluice.json`: requests and their answers, and messages that are pushed as far as there is credit. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import type { JsonClient, Message } from "./json-client.ts";
import { openWebSockets, type WebSocketFixture } from "./websocket-fixture.ts";

const bodies = (messages: readonly Message[]): unknown[] => messages.map(({ body }) => body);

const send = (client: JsonClient, queue: string, ...texts: readonly string[]): Promise<Message> =>
  client.ask("enqueue", { queue, messages: texts.map((body) => ({ body })) });

/** So many pushes. */
async function take(client: JsonClient, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  while (messages.length < count) messages.push(await client.push());
  return messages;
}

/** Waits until the server has nothing more to say. */
async function quiet({ clock }: WebSocketFixture): Promise<void> {
  for (let i = 0; i < 20; i++) await settle();
  await clock.advance(0);
}

/** Messages that nobody has. */
async function ready({ broker }: WebSocketFixture, queue: string): Promise<number> {
  const result = await broker.describeQueue(queue);
  ok(result.ok);
  return result.description.ready;
}

test("a message is sent, received, extended, given back and acked", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  const sent = await client.ask("enqueue", { queue: "jobs", body: "photo 7", attributes: { size: "big" } });
  equal(sent.ok, true);
  const first = await client.ask("dequeue", { queue: "jobs" });
  const [{ receipt, ...delivery } = {}] = first.messages as Message[];
  deepEqual(delivery, {
    messageId: sent.messageId,
    body: "photo 7",
    bodyEncoding: "utf8",
    attributes: { size: "big" },
    receiveCount: 1,
    enqueuedAt: "2026-01-01T00:00:00.000Z",
    priority: 0,
    groupId: null,
    movedFrom: null,
  });
  const extended = await client.ask("extend", { queue: "jobs", receipt, visibilityTimeoutSeconds: 60 });
  deepEqual(extended, { ok: true, durability: "memory" });
  deepEqual(await client.ask("nack", { queue: "jobs", receipt, reason: "no disk" }), {
    ok: true,
    durability: "memory",
  });
  const stale = await client.ask("ack", { queue: "jobs", receipt });
  deepEqual([stale.ok, stale.code], [false, "stale-receipt"]);
  const again = await client.ask("dequeue", { queue: "jobs" });
  const [{ receipt: newer, receiveCount } = {}] = again.messages as Message[];
  equal(receiveCount, 2);
  deepEqual(await client.ask("ack", { queue: "jobs", receipts: [newer, receipt] }), {
    ok: true,
    results: [
      { durability: "memory" },
      { code: "stale-receipt", detail: "Message 1 is no longer in the queue." },
    ],
  });
  deepEqual(await client.ask("dequeue", { queue: "jobs" }), { ok: true, messages: [] });
});

test("a dequeue waits, and a request behind it is answered meanwhile", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  const waiting = client.tell("dequeue", { queue: "jobs", waitSeconds: 20 });
  equal((await client.ask("ping")).ok, true);
  await send(client, "jobs", "one");
  const answer = await client.answer(waiting);
  deepEqual(bodies(answer.messages as Message[]), ["one"]);
  const inVain = client.tell("dequeue", { queue: "jobs", waitSeconds: 20 });
  equal((await client.ask("ping")).ok, true);
  await fixture.clock.advance(19_000);
  await fixture.clock.advance(1_000);
  deepEqual(await client.answer(inVain), { ok: true, messages: [] });
});

test("a subscription is pushed what was there and what comes, as far as there is credit", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await send(client, "jobs", "one", "two", "three");
  deepEqual(await client.ask("subscribe", { queue: "jobs", credit: 2 }), { ok: true, subscription: 1 });
  deepEqual(bodies(await take(client, 2)), ["one", "two"]);
  await quiet(fixture);
  equal(client.arrived.length, 0);
  equal(await ready(fixture, "jobs"), 1);
  deepEqual(await client.ask("credit", { subscription: 1, credit: 2 }), { ok: true });
  const [third] = await take(client, 1);
  deepEqual([third?.op, third?.subscription, third?.body], ["message", 1, "three"]);
  await send(client, "jobs", "four", "five");
  deepEqual(bodies(await take(client, 1)), ["four"]);
  await quiet(fixture);
  equal(client.arrived.length, 0);
});

test("two subscribers are served in turn, however many messages come at once", async () => {
  await using fixture = await openWebSockets();
  const [one, other, sender] = [await fixture.client(), await fixture.client(), await fixture.client()];
  for (const client of [one, other]) await client.ask("subscribe", { queue: "jobs", credit: 100 });
  await send(sender, "jobs", "1", "2", "3", "4", "5", "6");
  deepEqual(bodies(await take(one, 3)), ["1", "3", "5"]);
  deepEqual(bodies(await take(other, 3)), ["2", "4", "6"]);
  for (const text of ["7", "8", "9", "10"]) await send(sender, "jobs", text);
  deepEqual(bodies(await take(one, 2)), ["7", "9"]);
  deepEqual(bodies(await take(other, 2)), ["8", "10"]);
});

test("who has no credit is passed over, and what it leaves goes to the others", async () => {
  await using fixture = await openWebSockets();
  const [poor, rich] = [await fixture.client(), await fixture.client()];
  await poor.ask("subscribe", { queue: "jobs", credit: 1 });
  await rich.ask("subscribe", { queue: "jobs", credit: 100 });
  await send(rich, "jobs", "1", "2", "3", "4");
  deepEqual(bodies(await take(poor, 1)), ["1"]);
  deepEqual(bodies(await take(rich, 3)), ["2", "3", "4"]);
});

test("what was taken for a subscriber that has just left, and that the others have no credit for, goes back", async () => {
  await using fixture = await openWebSockets();
  const [staying, leaving] = [await fixture.client(), await fixture.client()];
  for (const client of [staying, leaving]) await client.ask("subscribe", { queue: "jobs", credit: 3 });
  await send(leaving, "jobs", "0");
  deepEqual(bodies(await take(staying, 1)), ["0"]);
  leaving.tell("enqueue", { queue: "jobs", messages: ["1", "2", "3", "4"].map((body) => ({ body })) });
  leaving.tell("unsubscribe", { subscription: 1 });
  deepEqual(bodies(await take(staying, 2)), ["1", "2"]);
  await quiet(fixture);
  equal(await ready(fixture, "jobs"), 2);
  await leaving.ask("subscribe", { queue: "jobs", credit: 2 });
  const rest = await take(leaving, 2);
  deepEqual(
    rest.map(({ body, receiveCount }) => [body, receiveCount]),
    [
      ["3", 1],
      ["4", 1],
    ],
  );
});

test("what a connection held goes back when it ends, whoever ends it", async () => {
  await using fixture = await openWebSockets();
  for (const end of ["terminate", "close"] as const) {
    const client = await fixture.client();
    await send(client, `jobs-${end}`, "one", "two", "three", "four");
    await client.ask("subscribe", { queue: `jobs-${end}`, credit: 3 });
    const [first] = await take(client, 3);
    await client.ask("ack", { queue: `jobs-${end}`, receipt: first?.receipt });
    client.webSocket[end]();
    while ((await ready(fixture, `jobs-${end}`)) < 3) await settle();
    const next = await fixture.client();
    await next.ask("subscribe", { queue: `jobs-${end}`, credit: 10 });
    const again = await take(next, 3);
    deepEqual(bodies(again), ["two", "three", "four"]);
    deepEqual(
      again.map(({ receiveCount }) => receiveCount),
      [2, 2, 1],
    );
  }
});

test("a subscription that ended is pushed nothing; what it brought stays until it is acked", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await send(client, "jobs", "one");
  await client.ask("subscribe", { queue: "jobs", credit: 10 });
  const [one] = await take(client, 1);
  deepEqual(await client.ask("unsubscribe", { subscription: 1 }), { ok: true });
  await send(client, "jobs", "two");
  await quiet(fixture);
  equal(client.arrived.length, 0);
  equal((await client.ask("ack", { queue: "jobs", receipt: one?.receipt })).ok, true);
  equal((await client.ask("credit", { subscription: 1, credit: 1 })).code, "unknown-subscription");
  equal((await client.ask("unsubscribe", { subscription: 1 })).code, "unknown-subscription");
});

test("the queue of a subscription is deleted: it is told, and the connection goes on", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("subscribe", { queue: "jobs" });
  await fixture.broker.deleteQueue("jobs");
  const { detail, ...ended } = await client.push();
  deepEqual(ended, { op: "ended", subscription: 1, code: "unknown-queue" });
  match(String(detail), /jobs/);
  deepEqual(await client.ask("subscribe", { queue: "jobs" }), { ok: true, subscription: 2 });
});

test("ack this and send those, all of it or nothing", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await send(client, "orders", "order 1");
  await client.ask("subscribe", { queue: "orders", credit: 10 });
  const [order] = await take(client, 1);
  const step = {
    acks: [{ queue: "orders", receipts: [order?.receipt] }],
    messages: [{ queue: "parcels", body: "parcel 1" }],
  };
  equal((await client.ask("transact", step)).ok, true);
  equal((await client.ask("transact", step)).ok, false);
  equal(await ready(fixture, "parcels"), 1);
});
