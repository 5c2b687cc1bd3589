/** Topics as a broker serves them: reading, live subscribers with bounded buffers, groups, and transactions that are whole. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import {
  decodeBatch,
  type MemberAssignment,
  noAttributes,
  type TopicRecord,
  withOwnedTopics,
} from "@sluice/broker";
import { granted, refused, VirtualBroker } from "./world.ts";

const text = (record: TopicRecord): string => Buffer.from(record.body).toString();
const all = { recordsMax: 100, bytesMax: 1_000_000, waitMs: 0 };
const record = (body: string, key?: string) => ({
  key: key === undefined ? undefined : Buffer.from(key),
  body: Buffer.from(body),
  attributes: noAttributes,
});

test("a fetch at the end waits for the next record", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("news", "one");
  const waiting = world.broker.fetch({ topic: "news", partition: 0, offset: 1, ...all, waitMs: 30_000 });
  await world.clock.advance(1000);
  await world.publish("news", "two");
  deepEqual(granted(await world.answer(waiting)).records.map(text), ["two"]);
});

test("batches are handed out whole and as they were written, beginning with the one that holds the offset", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("news", "a", "b", "c");
  await world.publish("news", "d");
  await world.publish("news", "e");
  const ask = { topic: "news", partition: 0, offset: 1, waitMs: 0 };
  const read = async (bounds: { recordsMax: number; bytesMax: number }) => {
    const { batches, startOffset, endOffset } = granted(
      await world.answer(world.broker.fetchBatches({ ...ask, ...bounds })),
    );
    deepEqual([startOffset, endOffset], [0, 5]);
    return batches.map(({ firstOffset, count, publishedAtMs, bytes }) => {
      equal(publishedAtMs, world.clock.now().wallMs);
      const bodies = decodeBatch(bytes)?.map(({ body }) => Buffer.from(body).toString());
      return [firstOffset, count, bodies?.join("")];
    });
  };
  const [first, second, third] = [
    [0, 3, "abc"],
    [3, 1, "d"],
    [4, 1, "e"],
  ];
  deepEqual(await read({ recordsMax: 100, bytesMax: 1_000_000 }), [first, second, third]);
  deepEqual(await read({ recordsMax: 3, bytesMax: 1_000_000 }), [first, second]);
  deepEqual(await read({ recordsMax: 2, bytesMax: 1_000_000 }), [first]);
  deepEqual(await read({ recordsMax: 100, bytesMax: 1 }), [first]);
});

test("a record has at most 64 attributes", async () => {
  await using world = await VirtualBroker.open();
  const attributes = (count: number, value = "v") =>
    new Map(Array.from({ length: count }, (_, i) => [`name-${i}`, { type: "string", value }] as const));
  const publish = (given: ReturnType<typeof attributes>) =>
    world.answer(world.broker.publish({ topic: "news", records: [{ ...record("a"), attributes: given }] }));
  granted(await publish(attributes(64)));
  refused(await publish(attributes(65)), "limit-exceeded");
  refused(await publish(attributes(1, "é".repeat(32 * 1024))), "limit-exceeded");
  const publishes = [{ topic: "news", records: [{ ...record("a"), attributes: attributes(65) }] }];
  refused(await world.answer(world.broker.transact({ publishes })), "limit-exceeded");
});

test("a record is read only when it is on the disk", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  await world.publish("news", "one");
  let synced = false;
  world.disk.onCall = ({ operation }) => {
    synced ||= operation === "sync";
    return undefined;
  };
  void world.broker.publish({ topic: "news", records: [record("two")] });
  const { records } = granted(
    await world.answer(world.broker.fetch({ topic: "news", partition: 0, offset: 0, ...all })),
  );
  equal(records.length === 1 || synced, true, "the second record was handed out before its sync");
});

test("live subscribers hear what is published from now on; a full buffer costs the one who is slow", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createTopic({ topic: "live", retention: "live", durability: "memory" }));
  await world.publish("live", "missed");
  let closed = "";
  const subscribe = (overflow: "drop" | "block" | "disconnect", bufferCountMax: number) =>
    granted(
      world.broker.subscribeLive({
        topic: "live",
        overflow,
        bufferCountMax,
        subscriberCountMax: 10,
        onReadable: () => {},
        onClosed: (why) => {
          closed = why;
        },
      }),
    ).subscription;
  using fast = subscribe("drop", 100);
  using slow = subscribe("drop", 2);
  using brittle = subscribe("disconnect", 2);
  await world.publish("live", "a", "b", "c");
  deepEqual(fast.take(10).map(text), ["a", "b", "c"]);
  deepEqual([slow.take(10).map(text), slow.dropped], [["a", "b"], 1]);
  deepEqual([brittle.take(10).map(text), closed], [["a", "b"], "overflow"]);
});

test("a blocking subscriber slows the publishers and loses nothing", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createTopic({ topic: "live", retention: "live" }));
  const request = {
    topic: "live",
    bufferCountMax: 2,
    subscriberCountMax: 1,
    onReadable: () => {},
    onClosed: () => {},
  };
  using slow = granted(world.broker.subscribeLive({ ...request, overflow: "block" })).subscription;
  refused(world.broker.subscribeLive({ ...request, overflow: "block" }), "too-many-consumers");
  await world.publish("live", "a", "b");
  let published = false;
  const publishing = world.broker.publish({ topic: "live", records: [record("c")] }).then(() => {
    published = true;
  });
  await world.clock.advance(60_000);
  equal(published, false);
  deepEqual(slow.take(1).map(text), ["a"]);
  await world.answer(publishing);
  deepEqual(slow.take(10).map(text), ["b", "c"]);
});

test("members of a group share the partitions; each change is a new generation, told to all", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createTopic({ topic: "news", partitionCount: 4 }));
  const told: [string, number, number[]][] = [];
  const join = (member: string) =>
    world.answer(
      world.broker.joinGroup({
        group: "readers",
        member,
        topics: ["news"],
        onAssigned: ({ generation, partitions }: MemberAssignment) =>
          told.push([member, generation, partitions.map(({ partition }) => partition)]),
      }),
    );
  granted(await join("a"));
  granted(await join("b"));
  granted(await world.answer(world.broker.leaveGroup({ group: "readers", member: "a" })));
  deepEqual(told, [
    ["a", 1, [0, 1, 2, 3]],
    ["a", 2, [0, 1]],
    ["b", 2, [2, 3]],
    ["b", 3, [0, 1, 2, 3]],
  ]);
  const commit = (generation: number) =>
    world.answer(
      world.broker.commitOffsets({
        group: "readers",
        generation,
        offsets: [{ topic: "news", partition: 0, offset: 0 }],
      }),
    );
  refused(await commit(2), "stale-generation");
  granted(await commit(3));
});

test("a refused transaction leaves no trace, a granted one is whole", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("orders", "first");
  granted(
    await world.answer(
      world.broker.joinGroup({ group: "g", member: "m", topics: ["orders"], onAssigned: () => {} }),
    ),
  );
  const fence = { group: "g", generation: 1, topic: "orders", partition: 0, expectedOffset: 1 };
  const transact = (change: object) =>
    world.answer(
      world.broker.transact({
        publishes: [{ topic: "orders", records: [record("second")] }],
        sends: [{ queue: "mail", messages: [{ body: Buffer.from("letter"), attributes: noAttributes }] }],
        commit: { group: "g", generation: 1, offsets: [{ topic: "orders", partition: 0, offset: 1 }] },
        fence,
        ...change,
      }),
    );
  refused(await transact({ fence: { ...fence, expectedOffset: 0 } }), "unexpected-offset");
  refused(await transact({ fence: { ...fence, generation: 2 } }), "stale-generation");
  refused(
    await transact({
      sends: [{ queue: "mail", messages: [{ body: Buffer.alloc(2 ** 20 + 1), attributes: noAttributes }] }],
    }),
    "body-too-large",
  );
  deepEqual(await world.bodies("mail"), []);
  equal(
    granted(await world.answer(world.broker.committedOffset({ group: "g", topic: "orders", partition: 0 })))
      .offset,
    undefined,
  );

  deepEqual(granted(await transact({})).places, [[{ partition: 0, offset: 1 }]]);
  deepEqual(await world.bodies("mail"), ["letter"]);
  const { records } = granted(
    await world.answer(world.broker.fetch({ topic: "orders", partition: 0, offset: 0, ...all })),
  );
  deepEqual(records.map(text), ["first", "second"]);
});

test("a topic that a service owns can be read by outsiders, and not written", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("room.records", "own");
  const outside = withOwnedTopics(world.broker, new Set(["room.records"]));
  const publishes = [{ topic: "room.records", records: [record("strange")] }];
  refused(await outside.publish({ topic: "room.records", records: [record("strange")] }), "owned-topic");
  refused(await outside.transact({ publishes }), "owned-topic");
  const mine = { topic: "room.records" };
  refused(await outside.deleteRecordsBefore({ ...mine, partition: 0, offset: 1 }), "owned-topic");
  refused(await outside.configureTopic({ ...mine, retentionMs: 1 }), "owned-topic");
  granted(await world.answer(outside.publish({ topic: "news", records: [record("fine")] })));
  const { records } = granted(
    await world.answer(outside.fetch({ topic: "room.records", partition: 0, offset: 0, ...all })),
  );
  deepEqual(records.map(text), ["own"]);
});
