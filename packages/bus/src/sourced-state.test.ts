/** Decide, append, apply, one promise at a time. The simulation in test/ holds them all at once. */
import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import test from "node:test";
import { settle } from "@sluice/testkit";
import { count, countAsked, counted, openCounters, valueIn, wentUp } from "../test/counters.ts";
import { contentsOf, createWorld, dataOf, type World } from "../test/world.ts";
import { type Fate, type FaultyCall, FaultyEngine } from "./engines/faulty.ts";
import { partitionOf } from "./engines/partition.ts";

const unavailable = { code: "state-unavailable" };

/** Counters over an engine that goes wrong as the test says; every topic is there before the first command. */
async function openOver(
  world: World,
  options: { fateOf?: (call: FaultyCall) => Fate; delayMsMax?: number } = {},
) {
  const engine = FaultyEngine.over({ ...world, fateOf: () => "works", ...options });
  const bus = await world.bus({ engine });
  await world.pass(bus.topics.ensure(wentUp.topic));
  const counters = await world.pass(openCounters(bus));
  return { engine, counters, close: () => world.pass(counters[Symbol.asyncDispose]()) };
}

test("a command is answered with its reply when its records are in the log", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using counters = await openCounters(bus);
  deepEqual(await counters.submit("a", count("a", 2)), { reply: 2, durability: "memory" });
  deepEqual(await counters.submit("a", count("a", 3)), { reply: 5, durability: "memory" });
  deepEqual((await contentsOf(world.engine, counted.topic)).map(dataOf), [
    { name: "a", by: 2 },
    { name: "a", by: 3 },
  ]);
});

test("a record and its public event are one transaction, and carry the trace", async () => {
  const world = createWorld();
  const { engine, counters, close } = await openOver(world);
  const before = engine.appendCount;
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await counters.submit("a", count("a"), { traceparent });
  equal(engine.appendCount - before, 1);
  const [up] = await contentsOf(world.engine, wentUp.topic);
  deepEqual(up && dataOf(up), { name: "a", by: 1 });
  equal(up?.headers.get("traceparent"), traceparent);
  await close();
});

test("the second command sees the first, though nothing is in the log yet", async () => {
  const world = createWorld();
  const { counters, close } = await openOver(world, { delayMsMax: 5 });
  const answers = Promise.all([counters.submit("a", count("a")), counters.submit("a", count("a"))]);
  equal((await contentsOf(world.engine, counted.topic)).length, 0);
  await world.clock.advance(10);
  deepEqual(
    (await world.pass(answers)).map(({ reply }) => reply),
    [1, 2],
  );
  await close();
});

test("a lone command does not wait; those of one turn share a transaction; those behind gather for 1 ms", async () => {
  const world = createWorld();
  const { engine, counters, close } = await openOver(world, { delayMsMax: 0.01 });
  const from = engine.appendCount;
  const sent = (): number => engine.appendCount - from;
  const answers = [counters.submit("a", count("a")), counters.submit("b", count("b"))];
  await settle();
  equal(sent(), 1, "one transaction at the end of the turn");
  answers.push(counters.submit("a", count("a")));
  await settle();
  equal(sent(), 1, "one is in flight: the next gathers");
  await world.clock.advance(0.1);
  equal(sent(), 2, "and goes as soon as the line is empty");
  await world.clock.advance(1);
  await Promise.all(answers);
  await close();
});

test("transactions are in flight together: a slow engine does not make the next one wait", async () => {
  const world = createWorld();
  const { engine, counters, close } = await openOver(world, { delayMsMax: 50 });
  const from = engine.appendCount;
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++) {
    answers.push(counters.submit("a", count("a")));
    await world.clock.advance(1);
  }
  equal(engine.appendCount - from, 5);
  await world.clock.advance(500);
  await Promise.all(answers);
  await close();
});

test("a read is answered when what it saw is in the log, and not before", async () => {
  const world = createWorld();
  const { counters, close } = await openOver(world, { delayMsMax: 20 });
  equal(await counters.read("a", valueIn("a")), undefined, "at once when nothing is under way");
  void counters.submit("a", count("a"));
  let seen: number | undefined;
  const reading = counters.read("a", valueIn("a")).then((value) => {
    seen = value;
  });
  void counters.submit("a", count("a"));
  await settle();
  equal(seen, undefined);
  await world.clock.advance(100);
  await reading;
  equal(seen, 1, "and says what it saw, not what came later");
  await close();
});

test("a reply that needs no record waits for what it was decided on", async () => {
  const world = createWorld();
  const { counters, close } = await openOver(world, {
    fateOf: ({ kind, number }) => (kind === "append" && number === 1 ? "lost" : "works"),
  });
  const [first, second] = await Promise.allSettled([
    counters.submit("a", count("a")),
    counters.submit("a", { kind: "count", records: [] }),
  ]);
  deepEqual([first.status, second.status], ["rejected", "rejected"]);
  await close();
});

for (const fate of ["lost", "answer-lost"] as const) {
  test(`when a transaction is ${fate}, the later ones fail, and the state is folded anew under a new generation`, async () => {
    const world = createWorld();
    const { counters, close } = await openOver(world, {
      fateOf: ({ kind, number }) => (kind === "append" && number === 2 ? fate : "works"),
      delayMsMax: 5,
    });
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = counters.submit("a", count("a"));
      answers.push(
        answer.then(
          ({ reply }) => reply,
          (fault: { readonly code: string }) => fault.code,
        ),
      );
      // Each goes in a transaction of its own.
      await world.clock.advance(1);
    }
    const outcomes = await world.pass(Promise.all(answers));
    deepEqual(outcomes, [1, "state-unavailable", "state-unavailable", "state-unavailable"]);
    await world.clock.advance(500);
    deepEqual(counters.readiness(), { ready: true });
    const recordCount = (await contentsOf(world.engine, counted.topic)).length;
    // After an answer that was lost those behind it land as well; nobody may be told so, because nobody knows.
    equal(recordCount, fate === "lost" ? 1 : 4);
    equal(await world.pass(counters.read("a", valueIn("a"))), recordCount, "the state is what the log says");
    let generation = 0;
    await world.engine.join("counters", [counted.topic], (assignment) => {
      generation = assignment.generation;
    });
    equal(generation, 4, "it joined, left, joined again, and now somebody else did");
    await close();
  });
}

test("a state that opens is the fold of what was there", async () => {
  const world = createWorld();
  await using bus = await world.bus({
    partitionCounts: new Map([counted, countAsked, wentUp].map((type) => [type.topic, 3])),
  });
  const names = ["a", "b", "c", "d", "e", "f"];
  {
    await using counters = await openCounters(bus);
    for (const [i, name] of names.entries()) await counters.submit(name, count(name, i + 1));
  }
  await using counters = await openCounters(bus);
  for (const [i, name] of names.entries()) equal(await counters.read(name, valueIn(name)), i + 1);
  equal(
    new Set(names.map((name) => partitionOf(name, 3))).size,
    3,
    "and the names are in all of the partitions",
  );
});

test("a record that cannot be read costs that record only", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await using first = await openCounters(bus);
  await first.submit("a", count("a"));
  await first[Symbol.asyncDispose]();
  const value = new TextEncoder().encode("{");
  await world.engine.publish([{ topic: counted.topic, key: "a", value, headers: new Map() }]);
  await using counters = await openCounters(bus);
  deepEqual(await counters.submit("a", count("a")), { reply: 2, durability: "memory" });
});

test("who is not the owner says so", async () => {
  const world = createWorld();
  const topics = [counted, countAsked, wentUp].map(({ topic }) => topic);
  const partitionCounts = new Map(topics.map((topic) => [topic, 2]));
  const [one, other] = [await world.bus({ partitionCounts }), await world.bus({ partitionCounts })];
  await using first = await openCounters(one);
  await using second = await openCounters(other);
  await settle();
  const name = ["a", "b", "c"].find((candidate) => partitionOf(candidate, 2) === 1) ?? "";
  await rejects(first.submit(name, count(name)), unavailable);
  await rejects(first.read(name, valueIn(name)), unavailable);
  equal((await second.submit(name, count(name))).reply, 1);
  await second[Symbol.asyncDispose]();
  await settle();
  equal(
    (await first.submit(name, count(name))).reply,
    2,
    "the partition came back, with what the other wrote",
  );
  await rejects(second.submit(name, count(name)), unavailable);
  notEqual(second.readiness().ready, true);
});
