/** Records that were deleted before somebody had read them: a consumer goes on and says so, a state that needs them does not pretend. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import test from "node:test";
import { createMetrics, type Log, silentLog } from "@sluice/runtime";
import { settle } from "@sluice/testkit";
import { count, countAsked, counted, openCounters, valueIn } from "../test/counters.ts";
import { createWorld, order, orderPlaced, type World } from "../test/world.ts";
import type { Bus } from "./bus.ts";
import { on } from "./handler.ts";

/** A log that keeps its warnings. */
function warningsOf(): { readonly log: Log; readonly warnings: object[] } {
  const warnings: object[] = [];
  const log = Object.create(silentLog) as Log;
  log.warn = (fields: unknown) => void warnings.push(fields as object);
  return { log, warnings };
}

const deleteBefore = (world: World, topic: string, offset: number): Promise<void> =>
  world.engine.deleteRecordsBefore({ topic, partition: 0, offset });

async function publish(bus: Bus, ...ids: string[]): Promise<void> {
  for (const id of ids) await bus.publish(orderPlaced, order(id));
}

const goneIn = async (metrics: ReturnType<typeof createMetrics>): Promise<unknown> => {
  const found = await metrics.getSingleMetric("sluice_bus_gone_records_total")?.get();
  return found?.values.map(({ labels, value }) => ({ ...labels, value }));
};

test("a group that was away too long goes on with the first record that is kept, warns and counts", async () => {
  const world = createWorld();
  const metrics = createMetrics();
  const { log, warnings } = warningsOf();
  await using bus = await world.bus({ metrics, log });
  const heard: string[] = [];
  const subscribe = () =>
    bus.subscribe({
      group: "g",
      handlers: [on(orderPlaced, ({ data }) => void heard.push(data.orderId))],
    });
  await publish(bus, "0", "1");
  const first = await subscribe();
  await settle();
  await first[Symbol.asyncDispose]();
  await publish(bus, "2", "3", "4", "5");
  await deleteBefore(world, "orders", 4);
  await using _ = await subscribe();
  await settle();
  deepEqual(heard, ["0", "1", "4", "5"]);
  deepEqual(warnings, [{ group: "g", topic: "orders", partition: 0, offset: 2, startOffset: 4, count: 2 }]);
  deepEqual(await goneIn(metrics), [{ group: "g", topic: "orders", value: 2 }]);
  equal(await world.engine.committedOffset("g", "orders", 0), 6);
});

test("what is passed over is committed, also when nothing is left: it is told once", async () => {
  const world = createWorld();
  const { log, warnings } = warningsOf();
  await using bus = await world.bus({ log });
  const subscribe = () => bus.subscribe({ group: "g", handlers: [on(orderPlaced, () => undefined)] });
  await publish(bus, "0");
  const first = await subscribe();
  await settle();
  await first[Symbol.asyncDispose]();
  equal(await world.engine.committedOffset("g", "orders", 0), 1);
  await publish(bus, "1", "2");
  await deleteBefore(world, "orders", 3);
  for (let i = 0; i < 2; i++) {
    const again = await subscribe();
    await settle();
    await again[Symbol.asyncDispose]();
  }
  equal(warnings.length, 1);
  equal(await world.engine.committedOffset("g", "orders", 0), 3);
});

test("a new group has missed nothing: it begins with the oldest that there is, without a word", async () => {
  const world = createWorld();
  const metrics = createMetrics();
  const { log, warnings } = warningsOf();
  await using bus = await world.bus({ metrics, log });
  await publish(bus, "0", "1", "2");
  await deleteBefore(world, "orders", 2);
  const heard: string[] = [];
  await bus.subscribe({
    group: "new",
    handlers: [on(orderPlaced, ({ data }) => void heard.push(data.orderId))],
  });
  await settle();
  deepEqual([heard, warnings, await goneIn(metrics)], [["2"], [], []]);
});

test("an input of a state goes on with the first event that is kept", async () => {
  const world = createWorld();
  const metrics = createMetrics();
  const { log, warnings } = warningsOf();
  await using bus = await world.bus({ metrics, log });
  const ask = (by: number) => bus.publish(countAsked, { name: "a", by });
  await ask(1);
  const first = await world.pass(openCounters(bus));
  await settle();
  await world.pass(first[Symbol.asyncDispose]());
  for (const by of [10, 100, 1_000]) await ask(by);
  await deleteBefore(world, countAsked.topic, 3);
  const again = await world.pass(openCounters(bus));
  await settle();
  equal(await world.pass(again.read("a", valueIn("a"))), 1_001);
  equal(warnings.length, 1);
  deepEqual(await goneIn(metrics), [{ group: "counters", topic: countAsked.topic, value: 2 }]);
  await world.pass(again[Symbol.asyncDispose]());
});

const lost = {
  code: "records-gone",
  message:
    "the state of counter.records/0 cannot be folded: its first records were deleted, what is left begins at offset 1",
};

test("a state whose first records were deleted does not open: what is left is not the state", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const first = await openCounters(bus);
  for (let i = 0; i < 3; i++) await first.submit("a", count("a"));
  await first[Symbol.asyncDispose]();
  await deleteBefore(world, counted.topic, 1);
  await rejects(world.pass(openCounters(bus)), lost);
  equal(await world.engine.endOffset(counted.topic, 0), 3, "and nothing was written");
});

test("a state that loses its first records while it is open goes on; when it has to fold anew it says what is wrong", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const counters = await openCounters(bus);
  for (let i = 0; i < 2; i++) await counters.submit("a", count("a"));
  await deleteBefore(world, counted.topic, 1);
  equal((await counters.submit("a", count("a"))).reply, 3);
  // A bug of the rules throws the state away.
  await rejects(counters.submit("a", { kind: "count", records: [{ name: "a", by: 666 }] }), {
    code: "state-unavailable",
  });
  await world.clock.advance(10_000);
  deepEqual(counters.readiness(), { ready: false, reason: lost.message });
  await rejects(counters.submit("a", count("a")), {
    code: "state-unavailable",
    message: `the state of counter.records/0 is not available: ${lost.message}`,
  });
  await world.pass(counters[Symbol.asyncDispose]());
});
