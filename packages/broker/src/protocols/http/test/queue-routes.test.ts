/** The life of a message over HTTP. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { type Json, openHttp } from "./http-fixture.ts";

test("enqueue, dequeue, ack", async () => {
  await using api = await openHttp();
  const sent = await api.post("/enqueue", { queue: "jobs", body: "resize photo 7" });
  equal(sent.status, 201);
  deepEqual(Object.keys(sent.body), ["messageId", "durability"]);
  equal(sent.body.durability, "memory");

  const received = await api.get("/dequeue?queue=jobs");
  equal(received.status, 200);
  equal(received.headers["cache-control"], "no-store");
  const [message] = received.body.messages as Json[];
  ok(message);
  const { receipt, ...rest } = message;
  deepEqual(rest, {
    messageId: sent.body.messageId,
    body: "resize photo 7",
    bodyEncoding: "utf8",
    attributes: {},
    receiveCount: 1,
    enqueuedAt: "2026-01-01T00:00:00.000Z",
    priority: 0,
    groupId: null,
    movedFrom: null,
  });

  deepEqual((await api.post("/ack", { queue: "jobs", receipt })).body, { durability: "memory" });
  await api.clock.advance(60_000);
  deepEqual(await api.dequeue("?queue=jobs"), []);
});

test("the queue is default when none is named", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "x" });
  equal((await api.dequeue("?queue=default"))[0]?.body, "x");
});

test("a message that is not acked comes again, and the old receipt is stale", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "x" });
  const [first] = await api.dequeue("?visibilityTimeoutSeconds=1.5");
  deepEqual(await api.dequeue(), []);
  await api.clock.advance(1_500);
  const [second] = await api.dequeue();
  equal(second?.receiveCount, 2);
  const stale = await api.post("/ack", { receipt: first?.receipt });
  deepEqual([stale.status, stale.body.code], [409, "stale-receipt"]);
  match(String(stale.headers["content-type"]), /^application\/problem\+json/);
  equal((await api.post("/ack", { receipt: second?.receipt })).status, 200);
});

test("nack gives a message back, at once or after a delay; extend keeps it longer", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "x" });
  const [first] = await api.dequeue();
  deepEqual((await api.post("/nack", { receipt: first?.receipt })).body, { durability: "memory" });
  const [second] = await api.dequeue();
  equal((await api.post("/nack", { receipt: second?.receipt, delaySeconds: 5 })).status, 200);
  deepEqual(await api.dequeue(), []);
  await api.clock.advance(5_000);
  const [third] = await api.dequeue("?visibilityTimeoutSeconds=1");
  equal((await api.post("/extend", { receipt: third?.receipt, visibilityTimeoutSeconds: 10 })).status, 200);
  await api.clock.advance(9_999);
  deepEqual(await api.dequeue(), []);
  await api.clock.advance(1);
  equal((await api.dequeue())[0]?.receiveCount, 4);
});

test("several messages are sent in order, each with its answer; a bad one does not keep the others back", async () => {
  await using api = await openHttp();
  const messages = [
    { body: "one" },
    { body: "no base64", bodyEncoding: "base64" },
    { body: "dHdv", bodyEncoding: "base64" },
    { body: "x".repeat(1024 * 1024 + 1) },
  ];
  const sent = await api.post("/enqueue", { messages });
  equal(sent.status, 201);
  const entries = sent.body.messages as Json[];
  deepEqual(
    entries.map(({ code, durability }) => code ?? durability),
    ["memory", "invalid-field", "memory", "body-too-large"],
  );
  match(String(entries[1]?.detail), /messages\[1\]\.body/);
  const received = await api.dequeue("?max=10");
  deepEqual(
    received.map(({ body }) => body),
    ["one", "two"],
  );
  deepEqual(
    received.map(({ messageId }) => messageId),
    [entries[0]?.messageId, entries[2]?.messageId],
  );
});

test("an atomic batch with a bad message is refused whole", async () => {
  await using api = await openHttp();
  const refused = await api.post("/enqueue", { atomic: true, messages: [{ body: "a" }, { body: "\ud800" }] });
  deepEqual(
    [refused.status, refused.body.code, refused.body.field],
    [400, "invalid-field", "messages[1].body"],
  );
  deepEqual(await api.dequeue(), []);
});

test("several receipts are acked with one result each", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { messages: [{ body: "a" }, { body: "b" }] });
  const [a, b] = await api.dequeue("?max=2");
  const acked = await api.post("/ack", { receipts: [a?.receipt, "nonsense", b?.receipt, a?.receipt] });
  equal(acked.status, 200);
  const results = acked.body.results as Json[];
  deepEqual(
    results.map(({ durability, code }) => code ?? durability),
    ["memory", "unknown-message", "memory", "stale-receipt"],
  );
});

test("bytes that are not UTF-8 come back as base64, whatever they were sent as", async () => {
  await using api = await openHttp();
  const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28]).toString("base64");
  await api.post("/enqueue", { body: bytes, bodyEncoding: "base64" });
  await api.post("/enqueue", { body: Buffer.from("plain").toString("base64"), bodyEncoding: "base64" });
  await api.post("/enqueue", { body: "snowman \u2603 and \u{1f600}\u0000" });
  const received = await api.dequeue("?max=3");
  deepEqual(
    received.map(({ body, bodyEncoding }) => [body, bodyEncoding]),
    [
      [bytes, "base64"],
      ["plain", "utf8"],
      ["snowman \u2603 and \u{1f600}\u0000", "utf8"],
    ],
  );
});

test("attributes come back as they were sent, whatever they are called", async () => {
  await using api = await openHttp();
  const attributes: Json = JSON.parse(
    `{"colour": "red", "__proto__": "kept", "constructor": {"type": "string.label", "value": "x"},
      "size": {"type": "number.int", "value": "42"}, "raw": {"type": "binary", "value": "/wA="}}`,
  );
  equal((await api.post("/enqueue", { body: "x", attributes })).status, 201);
  const [message] = await api.dequeue();
  deepEqual(Object.entries(message?.attributes ?? {}), Object.entries(attributes));
  equal(Object.getPrototypeOf({}), Object.prototype);
});

test("an attribute of type string is answered as text", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "x", attributes: { a: { type: "string", value: "text" } } });
  deepEqual((await api.dequeue())[0]?.attributes, { a: "text" });
});

test("a long poll waits for the first message, or until its time is over", async () => {
  await using api = await openHttp();
  const waiting = api.dequeue("?waitSeconds=20");
  await settle();
  await api.post("/enqueue", { body: "at last" });
  equal((await waiting)[0]?.body, "at last");
  const inVain = api.dequeue("?waitSeconds=20");
  for (let i = 0; i < 5; i++) await settle();
  await api.clock.advance(20_000);
  deepEqual(await inVain, []);
});

test("an answer holds what fits into it; the rest stays in the queue, in order and uncounted", async () => {
  await using api = await openHttp();
  const body = "x".repeat(1024 * 1024);
  for (let i = 0; i < 6; i++) await api.post("/enqueue", { body });
  const first = await api.dequeue("?max=6");
  equal(first.length, 4);
  const second = await api.dequeue("?max=6");
  deepEqual(
    second.map(({ receiveCount }) => receiveCount),
    [1, 1],
  );
});
