/** What becomes of events that a group cannot handle: they go on to the dead-letter topic, whole, once, and with the reason. */
import { deepEqual, equal, ok } from "node:assert/strict";
import test from "node:test";
import { contentsOf, createWorld, order, orderPlaced, type World } from "../test/world.ts";
import type { Bus } from "./bus.ts";
import { FaultyEngine } from "./engines/faulty.ts";
import { InvalidEvent } from "./faults.ts";
import { on } from "./handler.ts";

const publishAll = async (bus: Bus, ids: readonly string[], customer?: string): Promise<void> => {
  for (const id of ids) await bus.publish(orderPlaced, order(id, customer));
};

/** What became of a dead letter, without the envelope. */
async function deadLetters({ engine }: World): Promise<object[]> {
  const records = await contentsOf(engine, "orders.dlq");
  return records.map((record) => ({
    body: new TextDecoder().decode(record.value),
    key: record.key,
    ...Object.fromEntries([...record.headers].filter(([name]) => name.startsWith("dlq-"))),
  }));
}

test("after the last attempt the event becomes a dead letter that says why, where from, how often and when", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  const heard: string[] = [];
  await bus.subscribe({
    group: "billing",
    handlers: [
      on(orderPlaced, ({ data }) => {
        heard.push(data.orderId);
        if (data.orderId === "2") throw new Error("no such customer");
      }),
    ],
    retry: { attemptsMax: 3, firstDelayMs: 1_000, delayMsMax: 1_000 },
  });
  await publishAll(bus, ["1", "2", "3"]);
  await world.clock.advance(10_000);
  deepEqual(heard, ["1", "2", "2", "2", "3"]);
  const [letter, ...others] = await deadLetters(world);
  deepEqual(others, []);
  const { "dlq-time": time, ...rest } = { "dlq-time": "", ...letter };
  ok(Date.parse(time) > Date.UTC(2026, 0, 1));
  deepEqual(rest, {
    body: JSON.stringify(order("2")),
    key: "ada",
    "dlq-reason": "handler-failed",
    "dlq-error": "no such customer",
    "dlq-topic": "orders",
    "dlq-partition": "0",
    "dlq-offset": "1",
    "dlq-group": "billing",
    "dlq-attempts": "3",
  });
  const [original] = (await contentsOf(world.engine, "orders")).slice(1);
  const [copy] = await contentsOf(world.engine, "orders.dlq");
  equal(copy?.headers.get("ce_id"), original?.headers.get("ce_id"), "the envelope goes along");
  equal(await world.engine.committedOffset("billing", "orders", 0), 3);
});

const poison: readonly [
  why: string,
  body: string,
  type: string | undefined,
  reason: string,
  error: RegExp,
][] = [
  ["no JSON", "{", undefined, "invalid-event", /not JSON/],
  ["no UTF-8", "\xff", undefined, "invalid-event", /not JSON in UTF-8/],
  ["a field of the wrong type", '{"orderId":7}', undefined, "invalid-event", /customer is missing/],
  ["a type that nobody handles", JSON.stringify(order("7")), "order.burnt", "unknown-type", /no handler/],
];
for (const [why, body, type, reason, error] of poison) {
  test(`what can never be handled is a dead letter at once: ${why}`, async () => {
    const world = createWorld();
    await using bus = await world.bus();
    const heard: string[] = [];
    await bus.subscribe({
      group: "g",
      handlers: [on(orderPlaced, ({ data }) => void heard.push(data.orderId))],
    });
    const headers = new Map(type === undefined ? [] : [["ce_type", type]]);
    await world.engine.publish([
      { topic: "orders", key: "ada", value: Buffer.from(body, "latin1"), headers },
    ]);
    await publishAll(bus, ["8"]);
    await world.clock.advance(0);
    deepEqual(heard, ["8"]);
    const letters = await contentsOf(world.engine, "orders.dlq");
    deepEqual(
      letters.map(({ value }) => Buffer.from(value).toString("latin1")),
      [body],
    );
    equal(letters[0]?.headers.get("dlq-reason"), reason);
    ok(error.test(letters[0]?.headers.get("dlq-error") ?? ""));
    equal(letters[0]?.headers.get("dlq-attempts"), "0");
  });
}

test("a handler that finds the event invalid is not asked again", async () => {
  const world = createWorld();
  await using bus = await world.bus();
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, () => {
        throw new InvalidEvent("an order for a day that is over", "");
      }),
    ],
  });
  await publishAll(bus, ["1"]);
  await world.clock.advance(0);
  const letters = await contentsOf(world.engine, "orders.dlq");
  deepEqual(
    letters.map(({ headers }) => [headers.get("dlq-reason"), headers.get("dlq-attempts")]),
    [["invalid-event", "1"]],
  );
});

test("the dead letter and the offset go together: when that transaction fails it is tried again, under no older commit", async () => {
  const world = createWorld();
  const engine = FaultyEngine.over({
    ...world,
    fateOf: ({ kind, number }) => (kind !== "ask" && number <= 2 ? "lost" : "works"),
  });
  await using feed = await world.bus();
  await publishAll(feed, ["1", "2"]);
  await using bus = await world.bus({ engine });
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, ({ data }) => {
        if (data.orderId === "2") throw new InvalidEvent("no", "");
      }),
    ],
  });
  await world.clock.advance(10_000);
  equal((await deadLetters(world)).length, 1);
  equal(await world.engine.committedOffset("g", "orders", 0), 2);
});

test("the dead letter waits for the offset commit that is under way, so that no older offset is committed after it", async () => {
  const world = createWorld();
  const gate = Promise.withResolvers<void>();
  const held = FaultyEngine.over({ ...world, fateOf: () => "works" });
  const join = held.join.bind(held);
  held.join = async (...args) => {
    const membership = await join(...args);
    const commit: typeof membership.commit = async (...place) => {
      await gate.promise;
      await membership.commit(...place);
    };
    return { ...membership, commit };
  };
  await using feed = await world.bus();
  await publishAll(feed, ["1", "2"]);
  await using bus = await world.bus({ engine: held });
  using opener = { [Symbol.dispose]: gate.resolve };
  await bus.subscribe({
    group: "g",
    handlers: [
      on(orderPlaced, ({ data }) => {
        if (data.orderId === "2") throw new InvalidEvent("no", "");
      }),
    ],
  });
  await world.clock.advance(1_000);
  equal(held.appendCount, 0);
  opener[Symbol.dispose]();
  await world.clock.advance(0);
  equal((await deadLetters(world)).length, 1);
  equal(await world.engine.committedOffset("g", "orders", 0), 2);
});
