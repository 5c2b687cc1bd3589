/** Consumer groups: who hears what, from where on, how often, and who takes over. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import test from "node:test";
import { settle } from "@sluice/testkit";
import { contentsOf, createWorld, dataOf, order, orderPlaced, orderShipped } from "../test/world.ts";
import type { Bus } from "./bus.ts";
import { FaultyEngine } from "./engines/faulty.ts";
import { on } from "./handler.ts";

const publishAll = async (bus: Bus, ids: readonly string[], customer?: string): Promise<void> => {
  for (const id of ids) await bus.publish(orderPlaced, order(id, customer));
};

test("a handler hears its event, typed, with the envelope", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: unknown[] = [];
  await bus.subscribe({ group: "g", handlers: [on(orderPlaced, (event) => void heard.push(event))] });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const { id } = await bus.publish(orderPlaced, order("7"), { traceparent });
  await world.clock.advance(0);
  const timeMs = Date.UTC(2026, 0, 1);
  const place = { topic: "orders", partition: 0, offset: 0, key: "ada" };
  const envelope = { id, type: "order.placed", source: "/test", timeMs, traceparent, attempt: 1 };
  deepEqual(heard, [{ ...envelope, ...place, data: order("7") }]);
});

test("a record without an envelope is the event that is declared for its topic", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: unknown[] = [];
  await bus.subscribe({
    group: "g",
    handlers: [
      on(
        orderPlaced,
        ({ id, type, source, timeMs, data }) => void heard.push([id, type, source, timeMs, data]),
      ),
    ],
  });
  const value = new TextEncoder().encode(JSON.stringify(order("7")));
  await world.engine.publish([{ topic: "orders", key: "ada", value, headers: new Map() }]);
  await world.clock.advance(0);
  deepEqual(heard, [["orders-0-0", "order.placed", "/topics/orders", Date.UTC(2026, 0, 1), order("7")]]);
});

test("one group hears of several events, each handler of its own", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: string[] = [];
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, ({ data }) => void heard.push(`placed ${data.lines.length}`)),
      on(orderShipped, ({ data }) => void heard.push(`shipped ${data.orderId}`)),
    ],
  });
  await bus.publish(orderPlaced, order("7"));
  await world.clock.advance(0);
  await bus.publish(orderShipped, { orderId: "7", customer: "ada" });
  await world.clock.advance(0);
  deepEqual(heard, ["placed 1", "shipped 7"]);
  await rejects(
    bus.subscribe({ group: "h", handlers: [on(orderPlaced, () => {}), on(orderPlaced, () => {})] }),
    TypeError,
  );
});

test("a new group begins with the oldest event; a group goes on where it was", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await publishAll(bus, ["1", "2"]);
  const heard: string[] = [];
  const handlers = [on(orderPlaced, ({ data }) => void heard.push(data.orderId))];
  const first = await bus.subscribe({ group: "g", handlers });
  await world.clock.advance(0);
  await first[Symbol.asyncDispose]();
  await publishAll(bus, ["3"]);
  await bus.subscribe({ group: "g", handlers });
  await world.clock.advance(0);
  deepEqual(heard, ["1", "2", "3"]);
});

test("a handler that fails is called again after a while, and nothing of its partition overtakes", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: string[] = [];
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, ({ data, attempt }) => {
        heard.push(`${data.orderId} attempt ${attempt} at ${Math.round(world.clock.now().monotonicMs)}`);
        if (data.orderId === "1" && attempt < 4) throw new Error("the shop is closed");
      }),
    ],
    retry: { firstDelayMs: 100, delayMsMax: 250 },
  });
  await publishAll(bus, ["1", "2"]);
  await world.clock.advance(10_000);
  deepEqual(
    heard.map((line) => line.replace(/ at .*/, "")),
    ["1 attempt 1", "1 attempt 2", "1 attempt 3", "1 attempt 4", "2 attempt 1"],
  );
  const atMs = heard.map((line) => Number(line.replace(/.* at /, "")));
  const waits = atMs.slice(1, 4).map((ms, i) => ms - (atMs[i] ?? 0));
  for (const [i, cap] of [100, 200, 250].entries()) {
    const waitMs = waits[i] ?? 0;
    ok(waitMs >= cap / 2 && waitMs <= cap, `wait ${i} of ${waitMs} ms is between half of ${cap} ms and that`);
  }
  deepEqual(await world.engine.committedOffset("g", "orders", 0), 2);
});

test("a partition that waits does not hold up the others", async () => {
  const world = createWorld();
  await using bus = await world.bus({ partitionCounts: new Map([["orders", 2]]) });
  const heard: string[] = [];
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, ({ data, key, attempt }) => {
        heard.push(`${key} ${data.orderId}`);
        if (key === "ada" && attempt === 1) throw new Error("not yet");
      }),
    ],
  });
  await publishAll(bus, ["1"], "ada");
  await publishAll(bus, ["2", "3"], "bob");
  equal((await world.engine.endOffset("orders", 0)) > 0, (await world.engine.endOffset("orders", 1)) > 0);
  await world.clock.advance(0);
  deepEqual(heard.toSorted(), ["ada 1", "bob 2", "bob 3"]);
  await world.clock.advance(1_000);
  deepEqual(heard.at(-1), "ada 1");
});

test("two members share the partitions; when one goes, the other takes over where it was", async () => {
  const world = createWorld();
  await using bus = await world.bus({ partitionCounts: new Map([["orders", 4]]) });
  const heard: string[] = [];
  const join = (name: string) =>
    bus.subscribe({
      group: "g",
      handlers: [
        on(orderPlaced, ({ data, partition }) => void heard.push(`${name} ${partition} ${data.orderId}`)),
      ],
    });
  const one = await join("one");
  await join("two");
  const customers = Array.from({ length: 20 }, (_, i) => `customer ${i}`);
  for (const customer of customers) await publishAll(bus, [customer], customer);
  await world.clock.advance(0);
  const readers = new Set(heard.map((line) => line.split(" ").slice(0, 2).join(" ")));
  deepEqual([...readers].toSorted(), ["one 0", "one 2", "two 1", "two 3"]);
  await one[Symbol.asyncDispose]();
  for (const customer of customers) await publishAll(bus, [`${customer} again`], customer);
  await world.clock.advance(0);
  deepEqual(heard.length, 40, "each event once: nothing was under way when the partitions moved");
  ok(heard.slice(20).every((line) => line.startsWith("two")));
});

test("a partition that stays is not disturbed by who joins: no event comes twice", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: string[] = [];
  const gate = Promise.withResolvers<void>();
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, async ({ data }, { signal }) => {
        await gate.promise;
        heard.push(`${data.orderId} ${signal.aborted}`);
      }),
    ],
  });
  await publishAll(bus, ["1"]);
  await settle();
  await bus.subscribe({ group: "g", handlers: [on(orderPlaced, () => void heard.push("the wrong member"))] });
  gate.resolve();
  await world.clock.advance(0);
  deepEqual(heard, ["1 false"]);
  equal(await world.engine.committedOffset("g", "orders", 0), 1, "committed under the new generation");
});

test("disposing waits for the handler that runs, commits what it did, and takes no more", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: string[] = [];
  const gate = Promise.withResolvers<void>();
  const subscription = await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, async ({ data }) => {
        await gate.promise;
        heard.push(data.orderId);
      }),
    ],
  });
  await publishAll(bus, ["1", "2"]);
  await settle();
  let disposed = false;
  const disposing = subscription[Symbol.asyncDispose]().then(() => {
    disposed = true;
  });
  await settle();
  equal(disposed, false);
  gate.resolve();
  await disposing;
  deepEqual(heard, ["1"]);
  equal(await world.engine.committedOffset("g", "orders", 0), 1);
});

test("a handler that gives up because it is asked to is not counted as failed: the next member gets the event", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const attempts: number[] = [];
  const subscribe = () =>
    bus.subscribe({
      group: "g",
      handlers: [
        on(orderPlaced, async ({ attempt }, { signal }) => {
          attempts.push(attempt);
          if (attempts.length > 1) return;
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }),
      ],
      retry: { attemptsMax: 1 },
    });
  const subscription = await subscribe();
  await publishAll(bus, ["1"]);
  await settle();
  await subscription[Symbol.asyncDispose]();
  equal(await world.engine.committedOffset("g", "orders", 0), undefined);
  await subscribe();
  await world.clock.advance(0);
  deepEqual(attempts, [1, 1]);
  await rejects(world.engine.partitionCount("orders.dlq"), { code: "unknown-topic" });
});

test("an engine that fails for a while is asked until it answers", async () => {
  const world = createWorld();
  const engine = FaultyEngine.over({
    ...world,
    fateOf: ({ kind, number }) => (kind === "commit" && number < 4 ? "lost" : "works"),
  });
  await using feed = await world.bus();
  await using bus = await world.bus({ engine });
  const heard: string[] = [];
  await bus.subscribe({
    group: "g",
    handlers: [on(orderPlaced, ({ data }) => void heard.push(data.orderId))],
  });
  await publishAll(feed, ["1", "2", "3"]);
  await world.clock.advance(10_000);
  deepEqual(heard, ["1", "2", "3"], "handling does not wait for the commit");
  equal(await world.engine.committedOffset("g", "orders", 0), 3);
  const data = (await contentsOf(world.engine, "orders")).map(dataOf);
  equal(data.length, 3);
});
