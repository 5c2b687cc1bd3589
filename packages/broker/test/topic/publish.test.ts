/** Topics: what is published comes to lie in partitions, and can be fetched from any offset again and again. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  decideConfigureTopic,
  decidePublish,
  defaultTopicSettings,
  type Fetch,
  snapshotTopic,
  type TopicSettings,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const news = 1;

/** Publishes each text and returns the places as `partition@offset`. */
function publish(world: TopicWorld, ...texts: string[]): string[] {
  const reply = world.submit(
    decidePublish(world.theTopic(news), { records: texts.map(outgoing) }, world.now),
  );
  world.audit();
  return "refusal" in reply
    ? [reply.refusal]
    : reply.places.map(({ partition, offset }) => `${partition}@${offset}`);
}

/** Fetches and returns `offset body` of each record, or the refusal. */
function read(world: TopicWorld, ask: Partial<Fetch>): string[] | string {
  const records = world.read(news, { partition: 0, offset: 0, recordsMax: 100, bytesMax: 1e6, ...ask });
  if (typeof records === "string") return records;
  return records.map(({ offset, body }) => `${offset} ${new TextDecoder().decode(body)}`);
}

function worldWith(settings: Partial<TopicSettings> = {}): TopicWorld {
  const world = new TopicWorld();
  world.createTopic(news, settings);
  return world;
}

suite("publish", () => {
  test("T1: the key decides the partition, and a partition keeps the order", () => {
    const world = worldWith({ partitionCount: 4 });
    deepEqual(publish(world, "abc:1", "21:2", "abc:3", "foobar:4"), ["3@0", "0@0", "3@1", "2@0"]);
    deepEqual(publish(world, "abc:5"), ["3@2"]);
    deepEqual(read(world, { partition: 3 }), ["0 1", "1 3", "2 5"]);
  });

  test("T1: records without a key take turns over the partitions, also over batches and restarts", () => {
    const world = worldWith({ partitionCount: 3 });
    deepEqual(publish(world, "a", "b"), ["0@0", "1@0"]);
    deepEqual(publish(world, "c", "abc:keyed", "d"), ["2@0", "0@1", "0@2"]);
    deepEqual(publish(world.restarted(), "e"), ["1@1"]);
    deepEqual(publish(world.checkpointed(), "e"), ["1@1"]);
  });

  test("a batch with a body over 1 MiB is refused whole", () => {
    const world = worldWith();
    const [small, large] = [outgoing("a"), { ...outgoing("a"), body: new Uint8Array(1024 * 1024 + 1) }];
    const decided = decidePublish(world.theTopic(news), { records: [small, large] }, world.now);
    equal(decided.ok ? "done" : decided.refusal, "body-too-large");
    const fits = { ...small, body: new Uint8Array(1024 * 1024) };
    ok(decidePublish(world.theTopic(news), { records: [fits] }, world.now).ok);
  });

  test("an empty batch is no record", () => {
    const world = worldWith();
    const decided = decidePublish(world.theTopic(news), { records: [] }, world.now);
    deepEqual(decided, { ok: true, records: [], reply: { places: [] } });
  });

  test("keys, attributes, times and positions are kept", () => {
    const world = worldWith();
    const attributes = new Map([["ce_type", { type: "string", value: "seat.taken" }]]);
    const record = { key: Uint8Array.of(0, 255), body: Uint8Array.of(7), attributes };
    world.submit(decidePublish(world.theTopic(news), { records: [record] }, world.now));
    const kept = { ...record, partition: 0, offset: 0, publishedAtMs: world.wallMs };
    const ask = { partition: 0, offset: 0, recordsMax: 1, bytesMax: 1 };
    deepEqual(world.restarted().read(news, ask), [kept]);
  });
});

suite("fetch", () => {
  test("T5: reads from any offset, again and again, over the borders of batches", () => {
    const world = worldWith();
    publish(world, "a", "b", "c");
    publish(world, "d");
    publish(world, "e", "f");
    deepEqual(read(world, { offset: 1, recordsMax: 4 }), ["1 b", "2 c", "3 d", "4 e"]);
    deepEqual(read(world, { offset: 1, recordsMax: 4 }), ["1 b", "2 c", "3 d", "4 e"]);
    deepEqual(read(world, { offset: 5 }), ["5 f"]);
    deepEqual(read(world, { offset: 6 }), []);
    deepEqual(read(world.checkpointed(), { offset: 2 }), ["2 c", "3 d", "4 e", "5 f"]);
  });

  test("stops before the record that would be too much, but gives at least one", () => {
    const world = worldWith();
    publish(world, "k:12345", "k:123", "k:1");
    deepEqual(read(world, { bytesMax: 9 }), ["0 12345"]);
    deepEqual(read(world, { bytesMax: 10 }), ["0 12345", "1 123"]);
    deepEqual(read(world, { bytesMax: 0, offset: 1 }), ["1 123"]);
  });

  test("refuses what cannot be", () => {
    const world = worldWith({ partitionCount: 2 });
    publish(world, "abc:1");
    equal(read(world, { partition: 2 }), "unknown-partition");
    equal(read(world, { partition: -1 }), "unknown-partition");
    equal(read(world, { partition: 1, offset: 2 }), "offset-out-of-range");
    equal(read(world, { offset: -1 }), "offset-out-of-range");
    equal(read(world, { offset: Number.NaN }), "offset-out-of-range");
  });

  test("after damage the offsets of what was lost are missing, and reading goes on behind them", () => {
    const world = worldWith();
    publish(world, "a");
    publish(world, "b", "c");
    publish(world, "d");
    const damaged = world.restarted(world.journal.toSpliced(2, 1));
    deepEqual(read(damaged, { offset: 0 }), ["0 a", "3 d"]);
    deepEqual(read(damaged, { offset: 1 }), ["3 d"]);
    deepEqual(publish(damaged, "e"), ["0@4"]);
  });

  test("a topic whose creation was lost still holds what was published to it", () => {
    const world = worldWith({ partitionCount: 4 });
    publish(world, "abc:1", "foobar:2");
    const damaged = world.restarted(world.journal.slice(1));
    deepEqual(read(damaged, { partition: 3 }), ["0 1"]);
    deepEqual(read(damaged, { partition: 2 }), ["0 2"]);
  });

  test("a journal that repeats itself does not publish twice", () => {
    const world = worldWith();
    publish(world, "a", "b");
    const again = world.restarted([...world.journal, ...world.journal.slice(1)]);
    deepEqual(read(again, {}), ["0 a", "1 b"]);
    equal(again.theTopic(news).orphanRecords, 1);
  });
});

test("a checkpoint comes in records of bounded size and holds every batch", () => {
  const world = worldWith({ partitionCount: 3 });
  for (let batch = 0; batch < 1200; batch++) {
    world.submit(decidePublish(world.theTopic(news), { records: [outgoing(`${batch}`)] }, world.now));
  }
  const sizes = [...snapshotTopic(world.theTopic(news))].flatMap((record) =>
    record.kind === "restored-batches" ? [record.batches.length] : [],
  );
  deepEqual(sizes, [500, 500, 200]);
  world.audit();
});

suite("T6: a live-only topic", () => {
  test("counts offsets and keeps nothing", () => {
    const world = worldWith({ retention: "live" });
    deepEqual(publish(world, "a", "b"), ["0@0", "0@1"]);
    deepEqual(publish(world, "c"), ["0@2"]);
    equal(read(world, {}), "not-a-log");
    equal(world.journal.length, 1, "its creation is all that was written");
  });
});

suite("configure", () => {
  const cases: readonly (readonly [string, Partial<TopicSettings>, string])[] = [
    ["the same again", {}, "done"],
    ["another durability", { durability: "buffered" }, "done"],
    ["another number of partitions", { partitionCount: 3 }, "invalid-setting"],
    ["another retention", { retention: "live" }, "invalid-setting"],
  ];
  for (const [name, change, expected] of cases) {
    test(`${name} -> ${expected}`, () => {
      const world = worldWith({ partitionCount: 2 });
      const settings = { ...defaultTopicSettings, partitionCount: 2, ...change };
      const decided = decideConfigureTopic(world.theTopic(news), settings);
      equal(decided.ok ? "done" : decided.refusal, expected);
      if (decided.ok) world.append(decided.records);
      world.audit();
    });
  }

  for (const partitionCount of [0, -1, 1.5, 1025, Number.NaN]) {
    test(`${partitionCount} partitions -> invalid-setting`, () => {
      const world = worldWith();
      const decided = decideConfigureTopic(world.theTopic(news), { ...defaultTopicSettings, partitionCount });
      equal(decided.ok ? "done" : decided.refusal, "invalid-setting");
    });
  }
});
