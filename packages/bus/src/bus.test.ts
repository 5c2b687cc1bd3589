/** Publishing: envelopes, places, and what is refused. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import test from "node:test";
import { Type } from "typebox";
import { contentsOf, createWorld, dataOf, order, orderPlaced, orderShipped } from "../test/world.ts";
import { eventBytesMax } from "./envelope.ts";
import { event } from "./event.ts";
import { hasCode } from "./faults.ts";
import { on } from "./handler.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("an event is a CloudEvent in binary mode: the data plain, the rest in headers", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  const { id, ...place } = await bus.publish(orderPlaced, order("7"), { traceparent });
  deepEqual(place, { partition: 0, offset: 0, durability: "memory" });
  const [record] = await contentsOf(engine, "orders");
  equal(record?.key, "ada");
  deepEqual(record && dataOf(record), order("7"));
  deepEqual(record && Object.fromEntries(record.headers), {
    ce_specversion: "1.0",
    ce_id: id,
    ce_type: "order.placed",
    ce_source: "/test",
    ce_time: "2026-01-01T00:00:00.000Z",
    ce_dataschema: "urn:sluice:event:order.placed",
    "content-type": "application/json",
    traceparent,
  });
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test("a trace context that is none is not passed on", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  await bus.publish(orderPlaced, order("7"), { traceparent: "chrysanthemum" });
  const [record] = await contentsOf(engine, "orders");
  equal(record?.headers.has("traceparent"), false);
});

test("data that does not fit is not published; the fault names the field", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  const misfit = { ...order("7"), lines: [{ article: "tea", count: 0 }] };
  await rejects(bus.publish(orderPlaced, misfit), { code: "invalid-event", field: "lines/0/count" });
  await rejects(engine.partitionCount("orders"), { code: "unknown-topic" });
});

test("an event of more than 1 MiB is refused", async () => {
  const { bus: open } = createWorld();
  await using bus = await open();
  const letter = event({
    type: "letter",
    topic: "letters",
    schema: Type.Object({ text: Type.String() }),
    key: () => "",
  });
  const overhead = JSON.stringify({ text: "" }).length;
  await bus.publish(letter, { text: "x".repeat(eventBytesMax - overhead) });
  await rejects(bus.publish(letter, { text: "x".repeat(eventBytesMax - overhead + 1) }), {
    code: "invalid-event",
  });
});

test("topics get the partitions that they are given, and keep those that they have", async () => {
  const { bus: open, engine } = createWorld();
  await engine.createTopic("shipments", 3);
  await using bus = await open({ partitionCounts: new Map([["orders", 4]]), defaultPartitionCount: 2 });
  await bus.publish(orderPlaced, order("7"));
  await bus.publish(orderShipped, { orderId: "7", customer: "ada" });
  equal(await engine.partitionCount("orders"), 4);
  equal(await engine.partitionCount("shipments"), 3);
  await using other = await open({ partitionCounts: new Map([["orders", 5]]) });
  await rejects(other.publish(orderPlaced, order("8")), { code: "topic-differs" });
});

test("what is published in a row keeps its order, also while its topic is being created", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  const ids = Array.from({ length: 20 }, (_, i) => `${i}`);
  await Promise.all(
    ids.map((id, i) =>
      i === 9
        ? bus.publish(orderShipped, { orderId: id, customer: "ada" })
        : bus.publish(orderPlaced, order(id)),
    ),
  );
  const records = await contentsOf(engine, "orders");
  deepEqual(
    records.map((record) => orderPlaced.parse(dataOf(record)).orderId),
    ids.filter((id) => id !== "9"),
  );
});

test("what is sent later does not overtake a transaction that waits for one of its topics", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  await bus.publish(orderPlaced, order("1"));
  const both = bus.transaction((tx) => {
    tx.publish(orderPlaced, order("2"));
    tx.publish(orderShipped, { orderId: "1", customer: "ada" });
  });
  await Promise.all([both, bus.publish(orderPlaced, order("3"))]);
  const records = await contentsOf(engine, "orders");
  deepEqual(
    records.map((record) => orderPlaced.parse(dataOf(record)).orderId),
    ["1", "2", "3"],
  );
});

test("a topic that cannot be created does not hold up the others", async () => {
  const { bus: open, engine } = createWorld();
  await engine.createTopic("orders", 3);
  await using bus = await open({ partitionCounts: new Map([["orders", 4]]) });
  const [refused, published] = await Promise.allSettled([
    bus.publish(orderPlaced, order("7")),
    bus.publish(orderShipped, { orderId: "7", customer: "ada" }),
  ]);
  equal(refused.status === "rejected" && hasCode(refused.reason, "topic-differs"), true);
  equal(published.status, "fulfilled");
});

test("the bus is not ready while its engine is not there, and takes nothing of it along when it goes", async () => {
  const { bus: open, engine } = createWorld();
  const bus = await open();
  await bus.publish(orderPlaced, order("7"));
  await bus.subscribe({ group: "g", handlers: [on(orderPlaced, () => {})] });
  deepEqual(bus.readiness(), { ready: true });
  await bus[Symbol.asyncDispose]();
  equal(await engine.endOffset("orders", 0), 1, "the engine is still open");
  await engine[Symbol.asyncDispose]();
  await rejects(bus.publish(orderPlaced, order("8")), { code: "engine-unavailable" });
  equal(bus.readiness().ready, false);
});
