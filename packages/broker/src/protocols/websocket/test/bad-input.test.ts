/** What nobody should send over `sluice.json`: a clear answer each time, nothing lost, and others undisturbed. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { JsonClient } from "./json-client.ts";
import { openWebSockets } from "./websocket-fixture.ts";

const deep = "[".repeat(100_000);

const noRequests: readonly [what: string, message: string, code: string][] = [
  ["half an object", '{"id": 1', "malformed-json"],
  ["nothing", "", "malformed-json"],
  ["a deep pit", deep, "malformed-json"],
  ["two bodies", '{"id": 1, "op": "enqueue", "body": "a", "body": "b"}', "malformed-json"],
  ["a list", "[]", "invalid-field"],
  ["null", "null", "invalid-field"],
  ["a word", '"enqueue"', "invalid-field"],
  ["no id", '{"op": "ping"}', "missing-field"],
  ["an object as id", '{"id": {}, "op": "ping"}', "invalid-field"],
  ["null as id", '{"id": null, "op": "ping"}', "invalid-field"],
  ["an endless number as id", '{"id": 1e999, "op": "ping"}', "invalid-field"],
  ["a long id", JSON.stringify({ id: "x".repeat(129), op: "ping" }), "invalid-field"],
];

for (const [what, message, code] of noRequests) {
  test(`${what}: ${code}, without an id, and the connection goes on`, async () => {
    await using fixture = await openWebSockets();
    const client = await fixture.client();
    const { detail, field, ...answer } = await client.say(message).next();
    deepEqual(answer, { id: null, ok: false, code });
    ok(String(detail).length > 10);
    deepEqual(await client.ask("ping"), { ok: true });
  });
}

const refusals: readonly [op: string, fields: object, code: string, field?: string][] = [
  ["dance", {}, "unknown-op", "op"],
  ["", {}, "missing-field", "op"],
  ["__proto__", {}, "unknown-op", "op"],
  ["ping", { colour: "red" }, "unknown-field", "colour"],
  ["enqueue", {}, "missing-field", "body"],
  ["enqueue", { body: 5 }, "invalid-field", "body"],
  ["enqueue", { body: "x", queue: "no name!" }, "invalid-name"],
  ["enqueue", { body: "x", colour: "red" }, "unknown-field", "colour"],
  ["enqueue", { body: "%", bodyEncoding: "base64" }, "invalid-field", "body"],
  ["enqueue", { body: "x".repeat(1024 * 1024 + 1) }, "body-too-large", "body"],
  ["enqueue", { body: "x", delaySeconds: -1 }, "invalid-field", "delaySeconds"],
  ["enqueue", { body: "x", priority: 10 }, "invalid-field", "priority"],
  ["enqueue", { messages: [] }, "invalid-field", "messages"],
  ["enqueue", { messages: [{ body: "x" }, { body: 5 }] }, "invalid-field", "messages[1].body"],
  ["dequeue", { max: 0 }, "invalid-field", "max"],
  ["dequeue", { max: "1" }, "invalid-field", "max"],
  ["dequeue", { waitSeconds: 3_600 }, "invalid-field", "waitSeconds"],
  ["ack", {}, "missing-field", "receipt"],
  ["ack", { queue: "nobodys", receipt: "x" }, "unknown-queue"],
  ["nack", { queue: "work", receipt: "nonsense" }, "unknown-message"],
  ["extend", { queue: "work", receipt: "nonsense" }, "missing-field", "visibilityTimeoutSeconds"],
  ["publish", { topic: "news", key: 5, body: "x" }, "invalid-field", "key"],
  ["transact", {}, "missing-field", "messages"],
  ["credit", { subscription: 7, credit: 1 }, "unknown-subscription"],
  ["credit", { subscription: 7 }, "missing-field", "credit"],
  ["unsubscribe", { subscription: "7" }, "invalid-field", "subscription"],
];

test("each wrong request is refused by its id, with a code, the field and a sentence", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await fixture.broker.createQueue({ queue: "work" });
  for (const [op, fields, code, field] of refusals) {
    const { detail, ...answer } = await client.ask(op, fields);
    deepEqual(
      answer,
      { ok: false, code, ...(field !== undefined && { field }) },
      `${op} ${JSON.stringify(fields).slice(0, 60)}`,
    );
    ok(String(detail).length > 10);
  }
});

test("ten messages that are no requests end the connection; a request in between forgives", async () => {
  await using fixture = await openWebSockets();
  const [client, other] = [await fixture.client(), await fixture.client()];
  for (let i = 0; i < 9; i++) client.say("{");
  deepEqual(await client.ask("ping"), { ok: true });
  for (let i = 0; i < 10; i++) client.say("{");
  equal(await client.closed, "1008 10 messages one after the other were no requests.");
  deepEqual(await other.ask("ping"), { ok: true });
});

test("bytes over JSON, and text over frames, end the connection with 1003", async () => {
  await using fixture = await openWebSockets();
  const json = await fixture.client();
  json.webSocket.send(new Uint8Array(10));
  equal(await json.closed, "1003 The subprotocol sluice.json is text.");
  const framed = await new JsonClient(fixture.knock({ protocols: ["sluice.1"] })).opened();
  framed.webSocket.send("text");
  equal(await framed.closed, "1003 The subprotocol sluice.1 is binary.");
});

test("a message that is too long ends the connection with 1009", async () => {
  await using fixture = await openWebSockets();
  const json = await fixture.client();
  json.say("x".repeat(8 * 1024 * 1024 + 1));
  match(await json.closed, /^1009/);
  const framed = await new JsonClient(fixture.knock({ protocols: ["sluice.1"] })).opened();
  framed.webSocket.send(new Uint8Array(4 * 1024 * 1024 + 5));
  match(await framed.closed, /^1009/);
});

test("text that is no UTF-8 ends the connection with 1007", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  client.webSocket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  match(await client.closed, /^1007/);
});

test("subscriptions and waiting dequeues have bounds", async () => {
  await using fixture = await openWebSockets({ limits: { subscriptionCountMax: 2, readCountMax: 2 } });
  const client = await fixture.client();
  for (let i = 0; i < 2; i++) await client.ask("subscribe", { queue: "jobs" });
  const third = await client.ask("subscribe", { topic: "news" });
  equal(third.code, "limit-exceeded");
  await client.ask("unsubscribe", { subscription: 1 });
  equal((await client.ask("subscribe", { topic: "news" })).ok, true);
  for (let i = 0; i < 2; i++) client.tell("dequeue", { queue: "other", waitSeconds: 60 });
  equal((await client.ask("dequeue", { queue: "other", waitSeconds: 60 })).code, "limit-exceeded");
});

test("credit is cut to what there may be, however often it is given", async () => {
  await using fixture = await openWebSockets({ limits: { creditMax: 3 } });
  const client = await fixture.client();
  await client.ask("subscribe", { queue: "jobs", credit: 1_000_000 });
  for (let i = 0; i < 5; i++) await client.ask("credit", { subscription: 1, credit: 2_147_483_647 });
  await client.ask("enqueue", { queue: "jobs", messages: Array(10).fill({ body: "x" }) });
  for (let i = 0; i < 20; i++) await settle();
  equal(client.arrived.length, 3);
});
