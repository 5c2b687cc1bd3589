/** Topics over the full protocol: publish, fetch, live subscribers, transactions, what exists. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { bytesOf, textOf } from "../../test/tcp-fixture.ts";
import type { FullClient } from "./full-client.ts";
import { messages, openFullFixture, publish, receive, records, texts } from "./full-fixture.ts";

const fetch =
  (topic: string, more: Partial<full.FetchRequest> = {}) =>
  (to: full.FrameWriter, id: number): void =>
    full.writeFetch(to, {
      topic,
      partition: 0,
      offset: 0,
      recordsMax: 100,
      bytesMax: 1_000_000,
      waitMs: 0,
      ...more,
      id,
    });

const createTopic = (client: FullClient, topic: string, more: Partial<full.CreateTopicRequest> = {}) =>
  client.ask("created", (to, id) =>
    full.writeCreateTopic(to, {
      topic,
      partitionCount: undefined,
      retention: undefined,
      durability: undefined,
      ...more,
      id,
    }),
  );

const listen = (topic: string, more: Partial<full.ListenRequest> = {}) => {
  return (to: full.FrameWriter, id: number): void =>
    full.writeListen(to, { topic, credit: 1_000, bufferCountMax: 1_000, overflow: "drop", ...more, id });
};

test("publish says where each record came to lie, and a fetch reads from any of these places", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const published = await publish(client, "news", "a", "b", "c");
  deepEqual(
    published.places,
    [0, 1, 2].map((offset) => ({ partition: 0, offset })),
  );
  await publish(client, "news", "d");
  const all = await client.ask("fetched", fetch("news"));
  deepEqual(texts(all.records), ["a", "b", "c", "d"]);
  deepEqual([all.startOffset, all.endOffset], [0, 4]);
  const some = await client.ask("fetched", fetch("news", { offset: 1, recordsMax: 2 }));
  deepEqual(texts(some.records), ["b", "c"], "from the middle of one batch");
  deepEqual(
    some.records.map(({ offset, partition }) => [partition, offset]),
    [
      [0, 1],
      [0, 2],
    ],
  );
});

test("keys, attributes and the time travel with a record", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const attributes = new Map([
    ["colour", { type: "string", value: "red" }],
    ["__proto__", { type: "binary", value: bytesOf("x") }],
  ]);
  const record = { key: bytesOf("k"), body: bytesOf("b"), attributes };
  await client.ask("published", (to, id) =>
    full.writePublish(to, { id, topic: "news", sequence: undefined, records: [record] }),
  );
  const [found] = (await client.ask("fetched", fetch("news"))).records;
  ok(found?.key !== undefined);
  equal(textOf(found.key), "k");
  equal(found.publishedAtMs, port.clock.now().wallMs);
  deepEqual([...found.attributes.keys()], ["colour", "__proto__"]);
});

test("a fetch waits for a first record, and can be cancelled", async () => {
  await using port = await openFullFixture();
  const [reader, writer] = [await port.client(), await port.client()];
  await createTopic(writer, "news");
  const waiting = reader.say(fetch("news", { waitMs: 60_000 }));
  const cancelled = reader.say(fetch("news", { offset: 0, waitMs: 60_000 }));
  reader.tell((to) => full.writeCancel(to, cancelled));
  equal((await reader.expect("refused")).code, "cancelled");
  await publish(writer, "news", "a");
  deepEqual(texts((await reader.expect("fetched", waiting)).records), ["a"]);
});

test("a batch that is larger than a frame is taken apart", async () => {
  await using port = await openFullFixture();
  const body = new Uint8Array(1024 * 1024);
  const batch = Array.from({ length: 4 }, () => ({ key: undefined, body, attributes: new Map() }));
  ok((await port.broker.publish({ topic: "big", records: batch })).ok);
  const client = await port.client();
  let offset = 0;
  while (offset < 4) {
    const { records: found } = await client.ask("fetched", fetch("big", { offset, bytesMax: 10_000_000 }));
    ok(found.length > 0 && found.every((one) => one.bodyBytes === body.length));
    equal(found[0]?.offset, offset);
    offset += found.length;
  }
  equal(offset, 4);
});

test("the offset of a time is that of the first record published then or later", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const startMs = port.clock.now().wallMs;
  for (let i = 0; i < 20; i++) {
    await publish(client, "news", "a", "b");
    await port.clock.advance(1_000);
  }
  const offsetAt = async (timeMs: number): Promise<number> =>
    (
      await client.ask("offset", (to, id) =>
        full.writeOffsetAt(to, { id, topic: "news", partition: 0, timeMs }),
      )
    ).offset;
  equal(await offsetAt(0), 0);
  equal(await offsetAt(startMs + 5_000), 10);
  equal(await offsetAt(startMs + 5_001), 12);
  equal(await offsetAt(startMs + 1_000_000), 40);
});

test("a live subscriber hears what is published from now on, as far as it has credit", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await publish(client, "news", "before");
  const id = client.say(listen("news", { credit: 3 }));
  await client.expect("listening", id);
  await publish(client, "news", "a", "b");
  await publish(client, "news", "c", "d", "e");
  deepEqual(texts((await client.expect("records", id)).records), ["a", "b"]);
  deepEqual(texts((await client.expect("records", id)).records), ["c"]);
  await settle();
  client.tell((to) => full.writeCredit(to, { id, add: 10 }));
  const rest = await client.expect("records", id);
  deepEqual(
    rest.records.map(({ offset, body }) => [offset, textOf(body)]),
    [
      [4, "d"],
      [5, "e"],
    ],
  );
  client.tell((to) => full.writeCancel(to, id));
  equal((await client.expect("ended", id)).code, "cancelled");
});

test("a live subscriber without credit loses its own copies, and hears how many", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await createTopic(client, "live", { retention: "live" });
  const id = client.say(listen("live", { credit: 0, bufferCountMax: 2 }));
  await client.expect("listening", id);
  await publish(client, "live", "a", "b", "c", "d");
  client.tell((to) => full.writeCredit(to, { id, add: 10 }));
  const push = await client.expect("records", id);
  deepEqual([texts(push.records), push.dropped], [["a", "b"], 2]);
});

test("with overflow `end` it is the subscription that a slow subscriber loses, not the connection", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await createTopic(client, "live", { retention: "live" });
  const id = client.say(listen("live", { credit: 0, bufferCountMax: 2, overflow: "end" }));
  await client.expect("listening", id);
  await publish(client, "live", "a", "b", "c");
  equal((await client.expect("ended", id)).code, "slow-consumer");
  await publish(client, "live", "d");
});

test("publishes, sends and an offset commit are one transaction; a fence that does not hold refuses all of it", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await publish(client, "orders", "1");
  const joined = client.say((to, id) =>
    full.writeJoin(to, {
      id,
      group: "shop",
      member: "m1",
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      topics: ["orders"],
    }),
  );
  await client.expect("joined", joined);
  const { generation } = await client.expect("assigned", joined);
  const transact = (expectedOffset: number) => (to: full.FrameWriter, id: number) =>
    full.writeTransact(to, {
      id,
      sequence: undefined,
      commit: { group: "shop", generation, offsets: [{ topic: "orders", partition: 0, offset: 1 }] },
      fence: { group: "shop", generation, topic: "orders", partition: 0, expectedOffset },
      publishes: [{ topic: "bills", records: records("x", "y") }],
      acks: [],
      sends: [{ queue: "mails", messages: messages("m") }],
    });
  equal((await client.ask("refused", transact(7))).code, "unexpected-offset");
  equal((await client.ask("received", receive("mails"))).deliveries.length, 0);
  const done = await client.ask("transacted", transact(1));
  deepEqual(done.places, [[0, 1].map((offset) => ({ partition: 0, offset }))]);
  deepEqual(texts((await client.ask("received", receive("mails"))).deliveries), ["m"]);
  const committed = await client.ask("committedOffsets", (to, id) =>
    full.writeCommitted(to, { id, group: "shop", partitions: [{ topic: "orders", partition: 0 }] }),
  );
  deepEqual(committed.offsets, [{ topic: "orders", partition: 0, offset: 1 }]);
});

test("what lies before an offset can be deleted, and how long a topic keeps its records be changed", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await publish(client, "news", "a");
  await publish(client, "news", "b", "c");
  await client.ask("changed", (to, id) =>
    full.writeDeleteBefore(to, { id, topic: "news", partition: 0, offset: 1 }),
  );
  const refused = await client.ask("refused", fetch("news", { offset: 0 }));
  equal(refused.code, "offset-out-of-range");
  deepEqual(texts((await client.ask("fetched", fetch("news", { offset: 1 }))).records), ["b", "c"]);
  await client.ask("changed", (to, id) =>
    full.writeConfigureTopic(to, {
      id,
      topic: "news",
      retentionMs: Number.POSITIVE_INFINITY,
      retentionBytes: 5_000,
    }),
  );
  const topic = await client.ask("topic", (to, id) => full.writeDescribeTopic(to, { id, topic: "news" }));
  deepEqual([topic.retentionMs, topic.retentionBytes], [Number.POSITIVE_INFINITY, 5_000]);
  deepEqual(
    topic.partitions.map(({ startOffset }) => startOffset),
    [1],
  );
});

test("queues and topics are created, described and listed in pages", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const queue = {
    queue: "jobs",
    settings: { visibilityTimeoutMs: 5_000, messageCountMax: 10 },
  } as const;
  const create = () => client.ask("created", (to, id) => full.writeCreateQueue(to, { ...queue, id }));
  deepEqual([(await create()).created, (await create()).created], [true, false]);
  const described = await client.ask("queue", (to, id) => full.writeDescribeQueue(to, { id, queue: "jobs" }));
  deepEqual([described.visibilityTimeoutMs, described.messageCountMax], [5_000, 10]);
  await createTopic(client, "t1", { partitionCount: 3 });
  await createTopic(client, "t2", { retention: "live" });
  const topic = await client.ask("topic", (to, id) => full.writeDescribeTopic(to, { id, topic: "t1" }));
  deepEqual([topic.retention, topic.partitions.length], ["log", 3]);
  const list = (after: string) =>
    client.ask("names", (to, id) => full.writeList(to, { id, what: "topics", after, max: 2 }));
  const first = await list("");
  deepEqual([first.names, first.more], [["default", "t1"], true]);
  const second = await list("t1");
  deepEqual([second.names, second.more], [["t2"], false]);
  const unknown = await client.ask("refused", (to, id) => full.writeDescribeQueue(to, { id, queue: "none" }));
  equal(unknown.code, "unknown-queue");
});
