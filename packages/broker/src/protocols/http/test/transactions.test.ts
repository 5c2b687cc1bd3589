/** `POST /v1/transactions`: all of it, or nothing (Q18). */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type Json, openHttp } from "./http-fixture.ts";

test("ack this, send those, publish that: in one append", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { queue: "orders", body: "order 7" });
  const [order] = await api.dequeue("?queue=orders");
  const { status, body } = await api.post("/v1/transactions", {
    acks: [{ queue: "orders", receipts: [order?.receipt] }],
    messages: [
      { queue: "invoices", body: "invoice 7", priority: 5 },
      { queue: "parcels", body: "parcel 7" },
      { queue: "invoices", body: "copy 7" },
    ],
    records: [
      { topic: "sales", key: "7", body: "sold" },
      { topic: "sales", key: "7", body: "paid" },
    ],
  });
  equal(status, 200);
  const sent = (body.messages as Json[]).map(({ messageId }) => messageId);
  const [invoice, copy] = await api.dequeue("?queue=invoices&max=2");
  const [parcel] = await api.dequeue("?queue=parcels");
  deepEqual(
    [invoice, parcel, copy].map((message) => message?.messageId),
    sent,
  );
  deepEqual([invoice?.body, invoice?.priority, copy?.body], ["invoice 7", 5, "copy 7"]);
  deepEqual(body.records, [
    { partition: 0, offset: 0 },
    { partition: 0, offset: 1 },
  ]);
  await api.clock.advance(60_000);
  deepEqual(await api.dequeue("?queue=orders"), []);
});

test("whatever is refused, nothing has happened", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { queue: "orders", body: "order 7" });
  await api.put("/v1/queues/small", { messageCountMax: 1 });
  await api.post("/publish", { topic: "sales", body: "before" });
  const [order] = await api.dequeue("?queue=orders&visibilityTimeoutSeconds=600");
  const good = {
    acks: [{ queue: "orders", receipts: [order?.receipt] }],
    messages: [{ queue: "small", body: "a" }],
    records: [{ topic: "sales", body: "sold" }],
  };
  const rows: readonly (readonly [Json, number, string])[] = [
    [{ acks: [...good.acks, { queue: "orders", receipts: ["nonsense"] }] }, 404, "unknown-message"],
    [{ acks: [...good.acks, ...good.acks] }, 409, "stale-receipt"],
    [{ acks: [...good.acks, { queue: "nowhere", receipts: ["a"] }] }, 404, "unknown-queue"],
    [{ messages: [...good.messages, { queue: "small", body: "b" }] }, 429, "queue-full"],
    [{ messages: [...good.messages, { queue: "no name", body: "b" }] }, 400, "invalid-name"],
    [{ messages: [...good.messages, { body: "?", bodyEncoding: "base64" }] }, 400, "invalid-field"],
    [{ records: [...good.records, { topic: "no name", body: "" }] }, 400, "invalid-name"],
    [{ records: [...good.records, { body: "", key: "\ud800" }] }, 400, "invalid-field"],
    [{ records: [] }, 400, "invalid-field"],
    [{ colour: 1 }, 400, "unknown-field"],
  ];
  for (const [change, status, code] of rows) {
    const answer = await api.post("/v1/transactions", { ...good, ...change });
    deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(change));
  }
  deepEqual((await api.post("/v1/transactions", {})).body.code, "missing-field");
  equal((await api.get("/v1/queues/small")).body.ready, 0);
  equal(((await api.get("/v1/topics/sales/records")).body.records as Json[]).length, 1);
  equal((await api.post("/v1/transactions", good)).status, 200);
});

test("more receipts, messages and records than one append takes are refused", async () => {
  await using api = await openHttp();
  const messages = Array(600).fill({ body: "" });
  const records = Array(401).fill({ body: "" });
  deepEqual((await api.post("/v1/transactions", { messages, records })).body.code, "limit-exceeded");
});
