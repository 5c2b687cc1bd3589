/** The end of the process: what was read is answered for, what is buffered is delivered, and nobody can hold it up. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { openFixture, textOf } from "./tcp-fixture.ts";

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `message ${i}`.padEnd(1_000));

test("broadcast: consumers get what producers had sent, then the end", async () => {
  await using port = await openFixture();
  const consumer = await port.consumer();
  const producer = port.producer().send(...numbered(50));
  await settle();
  const drained = port.server.drain();
  match((await producer.next()) ?? "", /^ERROR shutting-down ./);
  equal(await producer.next(), undefined);
  deepEqual(await consumer.rest(), numbered(50));
  await drained;
  equal(port.server.connectionCount, 0);
});

test("queue: what was handed to a consumer arrives, what was read and not handed out stays", async () => {
  await using port = await openFixture({ mode: "queue" });
  const consumer = await port.consumer();
  void port
    .producer()
    .send(...numbered(2_000))
    .rest();
  const first = await consumer.next();
  const drained = port.server.drain();
  const received = [first, ...(await consumer.rest())];
  await drained;
  const left = await port.broker.describeQueue("default");
  ok(left.ok);
  deepEqual(received, numbered(received.length));
  equal(left.description.inFlight, 0);
  const read = await port.count("sluice_tcp_frames_total", { direction: "in" });
  equal(left.description.ready, read - received.length, "what was read and not delivered is in the queue");
});

test("a consumer that does not read is let go after the limit, and what it held goes back", async () => {
  await using port = await openFixture({ mode: "queue" });
  await port.consumer();
  void port
    .producer()
    .send(...numbered(500))
    .rest();
  for (let i = 0; i < 20; i++) await settle();
  const drained = port.server.drain();
  await settle();
  await port.clock.advance(10_000);
  await drained;
  const left = await port.broker.describeQueue("default");
  ok(left.ok);
  const { ready, inFlight } = left.description;
  equal(inFlight, 0);
  ok(ready > 400 && ready < 500, `${ready} of 500 are there; what the kernel had taken counts as acked`);
  const next = await port.broker.receive({ queue: "default", max: 1, waitMs: 0 });
  ok(next.ok);
  deepEqual(
    next.deliveries.map(({ body }) => textOf(body)),
    numbered(501 - ready).slice(-1),
  );
});

test("a connection without a role is told that the server shuts down", async () => {
  await using port = await openFixture();
  const client = port.connect();
  await settle();
  const drained = port.server.drain();
  match((await client.next()) ?? "", /^ERROR shutting-down ./);
  await drained;
});
