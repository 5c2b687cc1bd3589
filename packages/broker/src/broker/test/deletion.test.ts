/** Queues and topics that are deleted: with all that was in them, for good, and under the eyes of those who use them. */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import { granted, refused, VirtualBroker } from "./world.ts";

test("a deleted queue is gone with its messages, also after a restart; its name may be used again", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  await world.send("jobs", "one", "two");
  const [held] = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  ).deliveries;
  const before = held?.messageId ?? "";
  granted(await world.answer(world.broker.deleteQueue("jobs")));
  refused(await world.answer(world.broker.describeQueue("jobs")), "unknown-queue");
  refused(
    await world.answer(world.broker.ack({ queue: "jobs", receipt: held?.receipt ?? "" })),
    "unknown-queue",
  );
  await world.restart();
  deepEqual(world.broker.listQueues(), []);
  await world.send("jobs", "three");
  deepEqual(await world.bodies("jobs"), ["three"]);
  const { messages } = granted(
    await world.answer(world.broker.browseQueue({ queue: "jobs", max: 10, what: "all" })),
  );
  notEqual(messages[0]?.messageId, before);
  // The receipt of the queue that is gone is none of the one that has its name.
  refused(
    await world.answer(world.broker.ack({ queue: "jobs", receipt: held?.receipt ?? "" })),
    "unknown-message",
  );
});

test("numbers are never given twice, also when a checkpoint comes after the deletion", async () => {
  await using world = await VirtualBroker.open({ on: "disk", checkpoints: { everyBytes: 1 } });
  await world.send("jobs", "one");
  granted(await world.answer(world.broker.deleteQueue("jobs")));
  await world.clock.advance(1000);
  await world.restart();
  await world.send("other", "two");
  const receipt = granted(await world.answer(world.broker.receive({ queue: "other", max: 1, waitMs: 0 })))
    .deliveries[0]?.receipt;
  granted(await world.answer(world.broker.ack({ queue: "other", receipt: receipt ?? "" })));
});

test("who waits for a message of a queue that is deleted hears so", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "jobs" }));
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 60_000 });
  await world.clock.advance(1000);
  granted(await world.broker.deleteQueue("jobs"));
  refused(await world.answer(waiting), "unknown-queue");
});

test("a queue whose dead-letter queue was deleted parks what it cannot deliver", async () => {
  await using world = await VirtualBroker.open();
  granted(
    await world.broker.createQueue({
      queue: "jobs",
      deadLetter: { queue: "dead", receiveCountMax: 1 },
      parkAfterReceives: 1,
    }),
  );
  granted(await world.broker.deleteQueue("dead"));
  await world.send("jobs", "one");
  const [delivery] = granted(await world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })).deliveries;
  granted(await world.broker.nack({ queue: "jobs", receipt: delivery?.receipt ?? "" }));
  equal(granted(await world.broker.describeQueue("jobs")).description.parked, 1);
});

test("a deleted topic is gone with its records and what groups had read of it; who waits for a record hears so", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  await world.publish("news", "one", "two");
  const joined = await world.answer(
    world.broker.joinGroup({
      group: "readers",
      member: "a",
      topics: ["news"],
      rebalanceTimeoutMs: 0,
      onAssigned: () => {},
    }),
  );
  const { generation } = granted(joined).assignment;
  granted(
    await world.answer(
      world.broker.commitOffsets({
        group: "readers",
        generation,
        offsets: [{ topic: "news", partition: 0, offset: 2 }],
      }),
    ),
  );
  const ask = { topic: "news", partition: 0, offset: 2, recordsMax: 1, bytesMax: 1000, waitMs: 60_000 };
  const waiting = world.broker.fetch(ask);
  await world.clock.advance(10);
  granted(await world.answer(world.broker.deleteTopic("news")));
  equal(granted(await world.answer(waiting)).records.length, 0);
  refused(await world.answer(world.broker.fetch(ask)), "unknown-topic");
  await world.restart();
  deepEqual(world.broker.listTopics(), []);
  await world.publish("news", "three");
  const { records } = granted(await world.answer(world.broker.fetch({ ...ask, offset: 0, waitMs: 0 })));
  deepEqual(
    records.map(({ body }) => Buffer.from(body).toString()),
    ["three"],
  );
});

test("what a deleted queue or topic held of the disk is free again", async () => {
  await using world = await VirtualBroker.open({
    on: "disk",
    segmentBytes: 20_000,
    checkpoints: { everyBytes: 50_000 },
    archive: { tailBytesMin: 10_000 },
  });
  const bytes = () =>
    world.disk.fileNames().reduce((sum, name) => sum + (world.disk.content(name)?.length ?? 0), 0);
  const big = "x".repeat(1000);
  for (let i = 0; i < 200; i++) {
    await world.send("jobs", big, big);
    await world.publish("news", big, big);
    await world.clock.advance(1);
  }
  const before = bytes();
  granted(await world.answer(world.broker.deleteQueue("jobs")));
  granted(await world.answer(world.broker.deleteTopic("news")));
  ok(
    world.disk.fileNames().every((name) => !name.endsWith(".archive")),
    world.disk.fileNames().join(),
  );
  for (let i = 0; i < 100; i++) {
    await world.send("other", big, big);
    await world.clock.advance(1);
    granted(await world.answer(world.broker.purgeQueue("other")));
  }
  await world.clock.advance(1000);
  ok(bytes() < before / 4, `${bytes()} of ${before} bytes`);
});

test("Q18: acks, sends to several queues and publishes are one append: all of it or none", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  await world.send("orders", "one", "two");
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "orders", max: 2, waitMs: 0 })),
  );
  const [one = "", two = ""] = deliveries.map(({ receipt }) => receipt);
  const out = (body: string) => ({ body: Buffer.from(body), attributes: noAttributes });
  const work = {
    sends: [
      { queue: "bills", messages: [out("bill 1"), out("bill 2")] },
      { queue: "mails", messages: [out("mail")] },
      { queue: "bills", messages: [out("bill 3")] },
    ],
    publishes: [{ topic: "log", records: [{ key: undefined, ...out("done") }] }],
  };
  const done = granted(
    await world.answer(world.broker.transact({ ...work, acks: [{ queue: "orders", receipts: [one] }] })),
  );
  deepEqual(
    done.messageIds.map((ids) => ids.length),
    [2, 1, 1],
  );
  const again = await world.answer(
    world.broker.transact({ ...work, acks: [{ queue: "orders", receipts: [two, one] }] }),
  );
  refused(again, "stale-receipt");
  await world.restart();
  deepEqual(await world.bodies("bills"), ["bill 1", "bill 2", "bill 3"]);
  deepEqual(await world.bodies("mails"), ["mail"]);
  equal(
    granted(await world.answer(world.broker.describeTopic("log"))).description.partitions[0]?.endOffset,
    1,
  );
  const { description } = granted(await world.answer(world.broker.describeQueue("orders")));
  deepEqual([description.ready, description.inFlight], [0, 1]);
  const { messages } = granted(
    await world.answer(world.broker.browseQueue({ queue: "bills", max: 9, what: "all" })),
  );
  deepEqual(
    messages.map(({ messageId }) => messageId),
    [...(done.messageIds[0] ?? []), ...(done.messageIds[2] ?? [])],
  );
});
