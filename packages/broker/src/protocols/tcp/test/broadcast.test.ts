/** Broadcast mode: every consumer hears every message that is published while it is there. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { openFixture, textOf } from "./tcp-fixture.ts";

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `message ${from + i}`);

test("each frame of a producer reaches every consumer, in order", async () => {
  await using port = await openFixture();
  const [first, second] = [await port.consumer(), await port.consumer()];
  port.producer().send(...numbered(500));
  deepEqual(await first.take(500), numbered(500));
  deepEqual(await second.take(500), numbered(500));
});

test("bare roles with any line end are as good as framed ones", async () => {
  await using port = await openFixture();
  const consumers = ["CONSUMER", "CONSUMER\n", "CONSUMER\r\n"].map((role) => port.connect().write(role));
  await settle();
  port.connect().write("PRODUCER\r\n").send("one", "two");
  for (const consumer of consumers) deepEqual(await consumer.take(2), ["one", "two"]);
});

test("an empty message and one of exactly 1 MiB arrive as they are", async () => {
  await using port = await openFixture();
  const consumer = await port.consumer();
  const largest = "x".repeat(1024 * 1024);
  port.producer().send("", largest, "after");
  const [empty, large, after] = await consumer.take(3);
  deepEqual([empty, large === largest, after], ["", true, "after"]);
});

test("what is published with no consumer there is gone: a later consumer hears what comes after it", async () => {
  await using port = await openFixture();
  const producer = port.producer().send("nobody hears this");
  await settle();
  const consumer = await port.consumer();
  producer.send("somebody hears this");
  equal(await consumer.next(), "somebody hears this");
});

test("one consumer more than allowed is told so and let go; when one leaves, its place is free", async () => {
  await using port = await openFixture({ consumerCountMax: 2 });
  const [first, second] = [await port.consumer(), await port.consumer()];
  const third = await port.consumer();
  match((await third.next()) ?? "", /^ERROR too-many-consumers ./);
  equal(await third.next(), undefined, "the connection has ended");
  first.destroy();
  await settle();
  const fourth = await port.consumer();
  port.producer().send("hello");
  deepEqual([await second.next(), await fourth.next()], ["hello", "hello"]);
});

test("a role may name another topic; it is retained, and a consumer hears it from now on", async () => {
  await using port = await openFixture();
  const producer = port.producer(" topic=news").send("before");
  await settle();
  const [news, other] = [await port.consumer(" topic=news"), await port.consumer()];
  producer.send("after");
  port.producer().send("elsewhere");
  deepEqual([await news.next(), await other.next()], ["after", "elsewhere"]);
  const kept = await port.broker.fetch({
    topic: "news",
    partition: 0,
    offset: 0,
    recordsMax: 10,
    bytesMax: 1000,
    waitMs: 0,
  });
  ok(kept.ok);
  deepEqual(
    kept.records.map(({ body, key }) => [textOf(body), key]),
    [
      ["before", undefined],
      ["after", undefined],
    ],
  );
});

test("a burst that is larger than the buffer costs a consumer that reads nothing", async () => {
  await using port = await openFixture({ bufferCountMax: 5_000 });
  const consumer = await port.consumer();
  const reading = consumer.take(40_000);
  const texts = numbered(10_000);
  for (let i = 0; i < 4; i++) port.producer().send(...texts);
  equal((await reading).length, 40_000);
  equal(await port.count("sluice_dropped_total", { reason: "overflow" }), 0);
});

test("overflow drop: a consumer that does not read loses its own copies, which are counted and warned about once", async () => {
  await using port = await openFixture({ bufferCountMax: 10 });
  const [reading, stuck] = [await port.consumer(), await port.consumer()];
  const sent = numbered(600).map((text) => text.padEnd(2_000));
  const producer = port.producer();
  for (const text of sent) {
    producer.send(text);
    equal(await reading.next(), text);
  }
  const dropped = await port.count("sluice_dropped_total", { reason: "overflow" });
  ok(dropped > 0 && dropped < 600);
  deepEqual(
    port.warnings.map(({ msg, reason }) => [msg, reason]),
    [["messages dropped", "overflow"]],
  );
  const received = [await stuck.next()];
  while (received.length < 600 - dropped) received.push(await stuck.next());
  equal(received[0], sent[0], "what was in its buffer arrives, from the first on");
});

test("overflow block: a consumer that does not read slows the producer, and nothing is lost", async () => {
  await using port = await openFixture({
    bufferCountMax: 10,
    overflow: "block",
    limits: { batchCountMax: 5 },
  });
  const [reading, stuck] = [await port.consumer(), await port.consumer()];
  const sent = numbered(3_000).map((text) => text.padEnd(2_000));
  const producer = port.producer().send(...sent);
  for (let i = 0; i < 50; i++) await settle();
  ok(producer.stream.writableNeedDrain, "the server has stopped reading");
  const [there, here] = await Promise.all([stuck.take(3_000), reading.take(3_000)]);
  deepEqual([there, here], [sent, sent]);
});

test("overflow block: a producer waits no longer when the consumer that blocked it is gone", async () => {
  await using port = await openFixture({
    bufferCountMax: 10,
    overflow: "block",
    limits: { batchCountMax: 5 },
  });
  const [reading, stuck] = [await port.consumer(), await port.consumer()];
  const sent = numbered(3_000).map((text) => text.padEnd(2_000));
  port.producer().send(...sent);
  await settle();
  stuck.destroy();
  deepEqual(await reading.take(3_000), sent);
});

test("overflow disconnect: a consumer that does not read is told so, and the others hear everything", async () => {
  await using port = await openFixture({ bufferCountMax: 10, overflow: "disconnect" });
  const [reading, stuck] = [await port.consumer(), await port.consumer()];
  const sent = numbered(600).map((text) => text.padEnd(2_000));
  const producer = port.producer();
  for (const text of sent) {
    producer.send(text);
    equal(await reading.next(), text);
  }
  const received = await stuck.rest();
  match(received.at(-1) ?? "", /^ERROR slow-consumer ./);
  deepEqual(
    received.slice(0, -1),
    sent.slice(0, received.length - 1),
    "what it got is a beginning without gaps",
  );
});
