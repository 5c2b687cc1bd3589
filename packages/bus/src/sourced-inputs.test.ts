/** What makes commands beside callers: input events, each exactly once, and deadlines, by one timer. And what a bug of the rules does. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import test from "node:test";
import { settle } from "@sluice/testkit";
import {
  type CounterCommand,
  count,
  countAsked,
  counted,
  counterRules,
  openCounters,
  valueIn,
  wentUp,
} from "../test/counters.ts";
import { contentsOf, createWorld, dataOf } from "../test/world.ts";
import { FaultyEngine } from "./engines/faulty.ts";
import { partitionOf } from "./engines/partition.ts";

const topics = [counted, countAsked, wentUp].map(({ topic }) => topic);

test("an input event is a command: its records, its offset and the public events are one transaction", async () => {
  const world = createWorld();
  const engine = FaultyEngine.over({ ...world, fateOf: () => "works" });
  await using feed = await world.bus();
  await using bus = await world.bus({ engine });
  const answered: unknown[] = [];
  await using counters = await openCounters(bus, {
    onInputAnswered: (command, reply) => void answered.push([command.kind, reply]),
  });
  await bus.topics.ensure(wentUp.topic);
  const before = engine.appendCount;
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await feed.publish(countAsked, { name: "a", by: 5 }, { traceparent });
  await settle();
  equal(engine.appendCount - before, 1);
  equal(await counters.read("a", valueIn("a")), 5);
  equal(await world.engine.committedOffset("counters", countAsked.topic, 0), 1);
  const [up] = await contentsOf(world.engine, wentUp.topic);
  deepEqual(up && [dataOf(up), up.headers.get("traceparent")], [{ name: "a", by: 5 }, traceparent]);
  deepEqual(answered, [["count", 5]]);
});

test("an event that decides nothing still commits its offset", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using _counters = await openCounters(bus);
  await bus.publish(countAsked, { name: "a", by: 0 });
  await settle();
  equal((await contentsOf(world.engine, counted.topic)).length, 0);
  equal(await world.engine.committedOffset("counters", countAsked.topic, 0), 1);
});

test("events that came while nobody was there are taken once somebody is, each once", async () => {
  const world = createWorld();
  const partitionCounts = new Map(topics.map((topic) => [topic, 3]));
  await using bus = await world.bus({ partitionCounts });
  const names = ["a", "b", "c", "d", "e", "f"];
  for (let round = 1; round <= 3; round++) {
    for (const name of names) await bus.publish(countAsked, { name, by: 1 });
    await using counters = await openCounters(bus);
    await settle();
    for (const name of names) equal(await counters.read(name, valueIn(name)), round);
  }
  equal(new Set(names.map((name) => partitionOf(name, 3))).size, 3);
});

const poison: readonly [
  why: string,
  body: string,
  type: string | undefined,
  reason: string,
  attempts: string,
][] = [
  ["no JSON", "{", undefined, "invalid-event", "0"],
  ["a field of the wrong type", '{"name":7}', undefined, "invalid-event", "0"],
  ["a type that is no input", '{"name":"a","by":1}', "count.burnt", "unknown-type", "0"],
  ["what the rules choke on", '{"name":"a","by":13}', undefined, "handler-failed", "1"],
];
for (const [why, body, type, reason, attempts] of poison) {
  test(`an event that cannot be a command is a dead letter, with its offset: ${why}`, async () => {
    const world = createWorld();
    await using bus = await world.bus();
    await using counters = await openCounters(bus, {
      rules: {
        ...counterRules,
        decide(state, command: CounterCommand, now) {
          const isUnlucky = command.kind === "count" && command.records[0]?.by === 13;
          return counterRules.decide(state, isUnlucky ? { kind: "bug" } : command, now);
        },
      },
    });
    const headers = new Map(type === undefined ? [] : [["ce_type", type]]);
    const value = new TextEncoder().encode(body);
    await world.engine.publish([{ topic: countAsked.topic, key: "a", value, headers }]);
    await bus.publish(countAsked, { name: "a", by: 2 });
    await settle();
    equal(await counters.read("a", valueIn("a")), 2, "what came behind it was taken");
    equal(await world.engine.committedOffset("counters", countAsked.topic, 0), 2);
    const letters = await contentsOf(world.engine, "count.asked.dlq");
    deepEqual(
      letters.map(({ headers, value }) => [
        headers.get("dlq-reason"),
        headers.get("dlq-attempts"),
        headers.get("dlq-offset"),
        new TextDecoder().decode(value),
      ]),
      [[reason, attempts, "0", body]],
    );
  });
}

test("an input topic has to have as many partitions as the records", async () => {
  const world = createWorld();
  await using bus = await world.bus({
    partitionCounts: new Map([[countAsked.topic, 2]]),
    defaultPartitionCount: 3,
  });
  await rejects(openCounters(bus), { code: "topic-differs" });
});

test("a deadline is one more command, fired when it is due, by one timer for all partitions", async () => {
  const world = createWorld();
  await using bus = await world.bus({ partitionCounts: new Map(topics.map((topic) => [topic, 4])) });
  await using counters = await openCounters(bus);
  const startMs = world.clock.now().wallMs;
  const names = ["a", "b", "c", "d", "e"];
  for (const [i, name] of names.entries()) {
    await counters.submit(name, { kind: "tick-at", name, dueMs: startMs + 1_000 * (5 - i) });
  }
  equal(world.clock.armedCount, 1);
  const ticked = async (): Promise<string[]> => {
    const values = await Promise.all(names.map((name) => counters.read(name, valueIn(name))));
    return names.filter((_, i) => values[i] === 1);
  };
  await world.clock.advance(999);
  deepEqual(await ticked(), []);
  await world.clock.advance(1);
  deepEqual(await ticked(), ["e"]);
  await world.clock.advance(2_500);
  deepEqual(await ticked(), ["c", "d", "e"]);
  await world.clock.advance(10_000);
  deepEqual(await ticked(), names);
  equal(world.clock.armedCount, 0);
});

test("a deadline that fell due while nobody was there fires when the state is folded", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  {
    await using counters = await openCounters(bus);
    await counters.submit("a", { kind: "tick-at", name: "a", dueMs: world.clock.now().wallMs + 1_000 });
  }
  equal(world.clock.armedCount, 0, "nothing is left behind");
  await world.clock.advance(5_000);
  await using counters = await openCounters(bus);
  await world.clock.advance(0);
  equal(await counters.read("a", valueIn("a")), 1);
});

test("a deadline holds when the wall clock is set", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using counters = await openCounters(bus);
  const dueMs = world.clock.now().wallMs + 3_600_000;
  await counters.submit("a", { kind: "tick-at", name: "a", dueMs });
  await world.clock.advance(1_000);
  world.clock.jumpWall(3_600_000);
  await world.clock.advance(60_000);
  equal(await counters.read("a", valueIn("a")), 1, "a jump forward is noticed within a minute");
  await counters.submit("a", { kind: "tick-at", name: "a", dueMs: world.clock.now().wallMs + 1_000 });
  world.clock.jumpWall(-500);
  await world.clock.advance(1_499);
  equal(await counters.read("a", valueIn("a")), 1, "after a jump back it waits until the wall clock says so");
  await world.clock.advance(1);
  equal(await counters.read("a", valueIn("a")), 2);
});

test("a bug while deciding is the caller's answer, and nothing has happened", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using counters = await openCounters(bus);
  await rejects(counters.submit("a", { kind: "bug" }), RangeError);
  deepEqual(counters.readiness(), { ready: true });
  equal((await counters.submit("a", count("a"))).reply, 1);
});

test("a record that does not fit its schema, or has the key of another partition, is refused before it is applied", async () => {
  const world = createWorld();
  await using bus = await world.bus({ partitionCounts: new Map(topics.map((topic) => [topic, 2])) });
  await using counters = await openCounters(bus);
  const here = "a";
  const there = ["b", "c", "d", "e"].find((name) => partitionOf(name, 2) !== partitionOf(here, 2)) ?? here;
  await rejects(counters.submit(here, count(here, 0.5)), { code: "invalid-event", field: "by" });
  await rejects(counters.submit(here, count(there)), TypeError);
  equal(await counters.read(here, valueIn(here)), undefined);
});

test("a command of more than 4 MiB is refused before it is applied; smaller ones are divided among transactions", async () => {
  const world = createWorld();
  const engine = FaultyEngine.over({ ...world, fateOf: () => "works" });
  await using bus = await world.bus({ engine });
  await using counters = await openCounters(bus);
  await bus.topics.ensure(wentUp.topic);
  const record = { name: "a", by: 1, filler: "x".repeat(1_000_000) };
  const large = (recordCount: number): CounterCommand => ({
    kind: "count",
    records: Array.from({ length: recordCount }, () => record),
  });
  await rejects(counters.submit("a", large(5)), { code: "transaction-too-large" });
  equal(await counters.read("a", valueIn("a")), undefined);
  const before = engine.appendCount;
  const answers = await Promise.all([
    counters.submit("a", large(3)),
    counters.submit("a", large(3)),
    counters.submit("a", large(1)),
  ]);
  deepEqual(
    answers.map(({ reply }) => reply),
    [3, 6, 7],
  );
  equal(engine.appendCount - before, 2);
});

test("a bug while applying throws the state away, so that nothing half done is ever shown", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using counters = await openCounters(bus);
  await counters.submit("a", count("a"));
  const halfDone: CounterCommand = {
    kind: "count",
    records: [
      { name: "a", by: 1 },
      { name: "a", by: 666 },
    ],
  };
  await rejects(counters.submit("a", halfDone), { code: "state-unavailable" });
  await settle();
  equal(await counters.read("a", valueIn("a")), 1);
});
