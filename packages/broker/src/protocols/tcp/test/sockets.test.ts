/** The same port over real sockets: what only the operating system can get in the way of. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { createMetrics, silentLog, systemClock } from "@sluice/runtime";
import { TcpServer } from "../index.ts";
import { openFixture, TestClient } from "./tcp-fixture.ts";

const dial = (server: TcpServer): TestClient =>
  new TestClient(connect(server.address.port, server.address.address));

test("a consumer and a producer over loopback", async () => {
  await using port = await openFixture({ mode: "queue" });
  dial(port.server).send("PRODUCER", "one", "two", "x".repeat(1_000_000));
  const consumer = dial(port.server).write("CONSUMER\n");
  deepEqual(await consumer.take(2), ["one", "two"]);
  equal((await consumer.next())?.length, 1_000_000);
  consumer.destroy();
});

test("an error reaches a client that is still sending: closing with unread bytes would have reset the connection", async () => {
  await using port = await openFixture();
  const client = dial(port.server).send("PRODUCER");
  client.write(Buffer.alloc(5_000_000, 0x20));
  match((await client.next()) ?? "", /^ERROR frame-too-large .*538976288/);
  equal(await client.next(), undefined);
});

test("a port that is taken is a fault with a sentence", async () => {
  await using port = await openFixture();
  const second = TcpServer.listen({
    broker: port.broker,
    host: "127.0.0.1",
    port: port.server.address.port,
    mode: "queue",
    consumerCountMax: 1,
    bufferCountMax: 1,
    overflow: "drop",
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
  });
  await rejects(second, { code: "address-in-use", message: /TCP_PORT/ });
});
