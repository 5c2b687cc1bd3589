/** Transactions on a real server: publishes, messages and an offset commit, all of it or nothing, in the order of the calls. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";

const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body);

async function contents(client: Client): Promise<object> {
  const out = (await client.topic("out").fetch({ offset: 0 })).records.map(textOf);
  const { ready } = await client.queue("mail").describe();
  const { partitions } = await client.describeGroup("billing");
  return { out, mails: ready, committed: partitions[0]?.committed };
}

test("what is read, what comes of it and how far was read are one step; who is replaced takes none", async () => {
  await using server = new RestartableServer();
  await server.start();
  await using client = await server.connect();
  await client.topic("payments").create();
  await client.topic("out").create();
  await client.queue("mail").create();
  await client.topic("payments").publishBatch([{ body: "a" }, { body: "b" }]);
  const consumer = client.topic("payments").consumer({ group: "billing", recordsMax: 1 });
  const { value: batch } = await consumer.next();
  const step = (generation: number, expectedOffset: number, offset: number) =>
    client.transact({
      publishes: [{ topic: "out", records: [{ key: "k", body: `paid ${textOf(batch.records[0])}` }] }],
      sends: [{ queue: "mail", messages: [{ body: "receipt" }] }],
      commit: { group: "billing", generation, offsets: [{ topic: "payments", partition: 0, offset }] },
      fence: { group: "billing", generation, topic: "payments", partition: 0, expectedOffset },
    });
  const { places, durability } = await step(consumer.generation, 2, 1);
  deepEqual([places, durability], [[[{ partition: 0, offset: 0 }]], "synced"]);
  const after = { out: ["paid a"], mails: 1, committed: 1 };
  deepEqual(await contents(client), after);
  await rejects(step(consumer.generation + 1, 2, 2), { name: "RefusedError", code: "stale-generation" });
  await rejects(step(consumer.generation, 9, 2), { name: "RefusedError", code: "unexpected-offset" });
  deepEqual(await contents(client), after, "what is refused leaves no trace");
});

test("transactions land in the order of the calls, once each, also when the server goes away under them", async () => {
  await using server = new RestartableServer();
  await server.start();
  await using client = await server.connect();
  await client.topic("out").create();
  const bodies = Array.from({ length: 200 }, (_, i) => String(i));
  const landing = bodies.map((body) =>
    client.transact({ publishes: [{ topic: "out", records: [{ body }] }] }),
  );
  for (let i = 0; i < 5; i++) {
    await landing[i * 10];
    await server.stop("cut");
    await server.start();
  }
  const answers = await Promise.all(landing);
  deepEqual(
    answers.map(({ places }) => places[0]?.[0]?.offset),
    bodies.map(Number),
  );
  const { records, endOffset } = await client.topic("out").fetch({ offset: 0, recordsMax: 1_000 });
  deepEqual(records.map(textOf), bodies);
  equal(endOffset, bodies.length);
});
