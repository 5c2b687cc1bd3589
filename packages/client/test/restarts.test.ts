/** A real server on the loopback that goes away a thousand times: nobody goes deaf, nothing that was acknowledged is lost or doubled. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { Heard, RestartableServer } from "./restartable-server.ts";

for (const [scheme, restarts] of [
  ["tcp", 1_000],
  ["ws", 100],
] as const) {
  test(`${restarts} restarts over ${scheme}: no consumer has stopped receiving`, { timeout: 240_000 }, () =>
    survive(new RestartableServer(scheme), restarts),
  );
}

async function survive(started: RestartableServer, restarts: number): Promise<void> {
  await using server = started;
  await server.start();
  await using client = await server.connect();
  const [worked, subscribed, read] = [new Heard(), new Heard(), new Heard()];
  const messageIds = new Map<string, Set<string>>();
  const work = client.queue("work");
  work.consume((delivery) => {
    const text = delivery.text();
    messageIds.set(text, (messageIds.get(text) ?? new Set()).add(delivery.messageId));
    worked.add(text);
  });
  const subscription = client.queue("subscribed").subscribe();
  const subscriber = (async () => {
    for await (const delivery of subscription) {
      subscribed.add(delivery.text());
      await delivery.ack().catch(() => undefined);
    }
  })();
  await client.topic("log").create();
  const consumer = client.topic("log").consumer({ group: "readers" });
  const reader = (async () => {
    for await (const batch of consumer) {
      for (const { body } of batch.records) read.add(new TextDecoder().decode(body));
      await batch.commit().catch(() => undefined);
    }
  })();
  for (let round = 0; round < restarts; round++) {
    const text = String(round);
    // The answers to these are often lost with the connection.
    const sending = Promise.all([
      work.send(text),
      client.queue("subscribed").send(text),
      client.topic("log").publish(text),
    ]);
    if (round % 3 === 0) await sending;
    await server.stop(round % 10 === 0 ? "drain" : "cut");
    await server.start();
    await Promise.all([sending, worked.has(text), subscribed.has(text), read.has(text)]);
  }
  deepEqual([worked.size, subscribed.size, read.size], [restarts, restarts, restarts]);
  equal([...messageIds.values()].filter(({ size }) => size !== 1).length, 0);
  const { partitions } = await client.topic("log").describe();
  equal(partitions[0]?.endOffset, restarts);
  await client.close();
  await Promise.all([subscriber, reader]);
}

test("a wrong token over a real connection ends with unauthorized", async () => {
  await using server = new RestartableServer();
  server.token = "right";
  await server.start();
  await rejects(server.connect({ token: "wrong" }), { code: "unauthorized" });
  await rejects(server.connect(), { code: "unauthorized" });
  await using client = await server.connect({ token: "right" });
  equal(client.isReady, true);
});
