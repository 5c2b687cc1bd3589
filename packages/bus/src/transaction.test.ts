/** Transactions: collected at once, landing whole and in order. */
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import test from "node:test";
import { contentsOf, createWorld, dataOf, order, orderPlaced, orderShipped } from "../test/world.ts";
import type { Transaction } from "./transaction.ts";

test("a transaction publishes to several topics at once", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  const ids: string[] = [];
  const { places, durability } = await bus.transaction((tx) => {
    ids.push(
      tx.publish(orderPlaced, order("7")),
      tx.publish(orderShipped, { orderId: "7", customer: "ada" }),
    );
  });
  deepEqual(places, [
    { topic: "orders", partition: 0, offset: 0 },
    { topic: "shipments", partition: 0, offset: 0 },
  ]);
  equal(durability, "memory");
  const records = [...(await contentsOf(engine, "orders")), ...(await contentsOf(engine, "shipments"))];
  deepEqual(
    records.map(({ headers }) => headers.get("ce_id")),
    ids,
  );
});

test("when the collecting fails, nothing is sent", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  const failures: [why: object, collect: (tx: Transaction) => void][] = [
    [
      { code: "invalid-event" },
      (tx) => tx.publish(orderShipped, { orderId: "7", customer: JSON.parse("7") }),
    ],
    [
      { code: "transaction-too-large" },
      (tx) => {
        const large = {
          ...order("7"),
          lines: Array.from({ length: 40_000 }, () => ({ article: "x", count: 1 })),
        };
        for (let i = 0; i < 5; i++) tx.publish(orderPlaced, large);
      },
    ],
    [
      { message: "changed my mind" },
      () => {
        throw new Error("changed my mind");
      },
    ],
  ];
  for (const [why, fail] of failures) {
    await rejects(
      bus.transaction((tx) => {
        tx.publish(orderPlaced, order("7"));
        fail(tx);
      }),
      why,
    );
  }
  await rejects(engine.endOffset("orders", 0), { code: "unknown-topic" });
});

test("a transaction takes one offset commit, and nothing once it has been sent", async () => {
  const { bus: open } = createWorld();
  await using bus = await open();
  const commit = { group: "g", generation: 0, topic: "orders", partition: 0, offset: 0 };
  const late: Transaction[] = [];
  await bus.transaction((tx) => {
    tx.publish(orderPlaced, order("7"));
    late.push(tx);
  });
  throws(() => late[0]?.publish(orderPlaced, order("8")), TypeError);
  throws(() => late[0]?.commitOffset(commit), TypeError);
  await rejects(
    bus.transaction((tx) => {
      tx.commitOffset(commit);
      tx.commitOffset(commit);
    }),
    TypeError,
  );
});

test("transactions land in the order of the calls; a fence refuses who does not know the end", async () => {
  const { bus: open, engine } = createWorld();
  await using bus = await open();
  await bus.topics.ensure("orders");
  let generation = 0;
  await engine.join("g", ["orders"], (assignment) => {
    generation = assignment.generation;
  });
  const send = (id: string, expectedOffset: number) =>
    bus.transaction((tx) => void tx.publish(orderPlaced, order(id)), {
      group: "g",
      generation,
      topic: "orders",
      partition: 0,
      expectedOffset,
    });
  const outcomes = await Promise.allSettled([send("a", 0), send("b", 1), send("no", 1), send("c", 2)]);
  deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
  const records = await contentsOf(engine, "orders");
  deepEqual(
    records.map((record) => orderPlaced.parse(dataOf(record)).orderId),
    ["a", "b", "c"],
  );
});
