/** Queue mode: first in, first out, each message to one consumer, and none lost with a connection. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { bytesOf, type Fixture, openFixture, textOf } from "./tcp-fixture.ts";

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `message ${i}`);

async function stateOf(port: Fixture, queue = "default"): Promise<{ ready: number; inFlight: number }> {
  const result = await port.broker.describeQueue(queue);
  ok(result.ok);
  const { ready, inFlight } = result.description;
  return { ready, inFlight };
}

test("messages wait for a consumer and come in order", async () => {
  await using port = await openFixture({ mode: "queue" });
  port.producer().send(...numbered(1_000));
  const consumer = await port.consumer();
  deepEqual(await consumer.take(1_000), numbered(1_000));
});

test("each message goes to one consumer", async () => {
  await using port = await openFixture({ mode: "queue" });
  const consumers = [await port.consumer(), await port.consumer(), await port.consumer()];
  const received: string[] = [];
  const all = Promise.withResolvers<void>();
  for (const consumer of consumers) {
    void (async () => {
      for (let frame = await consumer.next(); frame !== undefined; frame = await consumer.next()) {
        if (received.push(frame) === 2_000) all.resolve();
      }
    })();
  }
  port.producer().send(...numbered(2_000));
  await all.promise;
  deepEqual(received.toSorted(), numbered(2_000).toSorted());
});

test("a message is acked once its frame is taken", async () => {
  await using port = await openFixture({ mode: "queue" });
  const consumer = await port.consumer();
  port.producer().send("one", "two");
  deepEqual(await consumer.take(2), ["one", "two"]);
  await settle();
  deepEqual(await stateOf(port), { ready: 0, inFlight: 0 });
});

test("what a consumer was not given goes back in order, as if it had never been handed out", async () => {
  await using port = await openFixture({ mode: "queue" });
  const large = numbered(200).map((text) => text.padEnd(10_000));
  const messages = large.map((text) => ({ body: bytesOf(text), attributes: new Map() }));
  ok((await port.broker.send({ queue: "default", messages })).ok);
  const stuck = await port.consumer();
  await settle();
  const { inFlight } = await stateOf(port);
  ok(inFlight > 0, "the first consumer holds some");
  stuck.destroy();
  await settle();
  await settle();
  deepEqual(await stateOf(port), { ready: 200, inFlight: 0 });
  const received = await port.broker.receive({ queue: "default", max: 200, waitMs: 0 });
  ok(received.ok);
  deepEqual(
    received.deliveries.map(({ body }) => textOf(body)),
    large,
  );
  ok(received.deliveries.every(({ receiveCount }) => receiveCount === 1));
});

test("a slow consumer keeps what it holds for as long as it is connected", async () => {
  await using port = await openFixture({ mode: "queue" });
  port.producer().send(...numbered(40).map((text) => text.padEnd(10_000)));
  const slow = await port.consumer();
  const before = await stateOf(port);
  ok(before.inFlight > 0);
  await port.clock.advance(3_600_000);
  deepEqual(await stateOf(port), before);
  deepEqual(
    (await slow.take(40)).map((frame) => frame?.trim()),
    numbered(40),
  );
});

test("a consumer that ends its side is let go, and loses nothing for others", async () => {
  await using port = await openFixture({ mode: "queue" });
  const leaving = await port.consumer();
  leaving.stream.end();
  equal(await leaving.next(), undefined);
  port.producer().send("hello");
  const staying = await port.consumer();
  equal(await staying.next(), "hello");
});

test("a full queue drops the frame, counts and warns, and the connection stays", async () => {
  await using port = await openFixture({ mode: "queue" });
  ok((await port.broker.createQueue({ queue: "small", messageCountMax: 3 })).ok);
  const producer = port.producer(" queue=small").send(...numbered(10));
  await settle();
  await settle();
  equal(await port.count("sluice_tcp_refused_messages_total", { code: "queue-full" }), 7);
  deepEqual(
    port.warnings.map(({ msg, reason, channel }) => [msg, reason, channel]),
    [["messages dropped", "refused", "small"]],
  );
  const consumer = await port.consumer(" queue=small");
  deepEqual(await consumer.take(3), numbered(3));
  await settle();
  producer.send("there is room again");
  equal(await consumer.next(), "there is room again");
});

test("in broadcast mode a role may still name a queue, and in queue mode a topic", async () => {
  await using broadcast = await openFixture({ mode: "broadcast" });
  broadcast.producer(" queue=orders").send("kept");
  await settle();
  equal(await (await broadcast.consumer(" queue=orders")).next(), "kept");
  await using queue = await openFixture({ mode: "queue" });
  const [first, second] = [await queue.consumer(" topic=news"), await queue.consumer(" topic=news")];
  queue.producer(" topic=news").send("for all");
  deepEqual([await first.next(), await second.next()], ["for all", "for all"]);
});

test("one consumer more than allowed is told so; the places of each queue are its own", async () => {
  await using port = await openFixture({ mode: "queue", consumerCountMax: 1 });
  const first = await port.consumer();
  match((await (await port.consumer()).next()) ?? "", /^ERROR too-many-consumers ./);
  port.producer().send("a");
  port.producer(" queue=other").send("b");
  deepEqual([await first.next(), await (await port.consumer(" queue=other")).next()], ["a", "b"]);
});

test("messages of one producer keep their order, whatever the batches that they come in", async () => {
  await using port = await openFixture({ mode: "queue", limits: { batchCountMax: 3 } });
  const producer = port.producer();
  for (const text of numbered(100)) producer.send(text);
  deepEqual(await (await port.consumer()).take(100), numbered(100));
});
