/** What an operator asks of topics and groups, on a real server: how long records are kept, what may go, how far behind a group is. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";

async function withClient(run: (client: Client) => Promise<void>): Promise<void> {
  await using server = new RestartableServer();
  await server.start();
  await using client = await server.connect();
  await run(client);
}

const refusal = (code: string) => ({ name: "RefusedError", code });

test("a topic is made with how long it keeps its records, and that can be changed, each by itself", () =>
  withClient(async (client) => {
    const news = client.topic("news");
    const kept = async () => {
      const { retentionMs, retentionBytes } = await news.describe();
      return { retentionMs, retentionBytes };
    };
    equal(await news.create({ partitionCount: 2, retentionMs: 60_000, retentionBytes: 1_000_000 }), true);
    deepEqual(await kept(), { retentionMs: 60_000, retentionBytes: 1_000_000 });
    deepEqual(await news.configure({ retentionMs: Number.POSITIVE_INFINITY }), { durability: "synced" });
    deepEqual(await kept(), { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 1_000_000 });
    await news.configure({ retentionBytes: 5 });
    deepEqual(await kept(), { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: 5 });
    // Made again as in another process's start: how long it keeps is no longer what it was made with, and that is no mistake.
    equal(await news.create({ partitionCount: 2, retentionMs: 60_000 }), false);
    await rejects(news.configure({ retentionMs: 0 }), refusal("invalid-setting"));
    await rejects(client.topic("none").configure({ retentionMs: 1 }), refusal("unknown-topic"));
  }));

test("records before an offset are deleted, and reading begins behind them", () =>
  withClient(async (client) => {
    const news = client.topic("news");
    await news.create();
    for (const body of ["0", "1", "2", "3"]) await news.publish(body);
    deepEqual(await news.deleteRecordsBefore(3), { durability: "synced" });
    await rejects(news.fetch({ offset: 2 }), refusal("offset-out-of-range"));
    const { records, startOffset, endOffset } = await news.fetch({ offset: 3 });
    deepEqual(
      [records.map(({ body }) => new TextDecoder().decode(body)), startOffset, endOffset],
      [["3"], 3, 4],
    );
    // What is gone already is fine; what is not there yet is not.
    await news.deleteRecordsBefore(1);
    await rejects(news.deleteRecordsBefore(5), refusal("offset-out-of-range"));
    await rejects(news.deleteRecordsBefore(0, 7), refusal("unknown-partition"));
    await client.topic("now").create({ retention: "live" });
    await rejects(client.topic("now").deleteRecordsBefore(0), refusal("not-a-log"));
    await rejects(news.deleteRecordsBefore(-1), { name: "ClientFault", code: "invalid-request" });
  }));

test("a group is told: its members, who reads what, what is committed and what is left", () =>
  withClient(async (client) => {
    await rejects(client.describeGroup("search"), refusal("unknown-group"));
    const news = client.topic("news");
    await news.create({ partitionCount: 1 });
    await news.publishBatch([{ body: "0" }, { body: "1" }, { body: "2" }]);
    const consumer = news.consumer({ group: "search", member: "m1", recordsMax: 2 });
    const { value: batch } = await consumer.next();
    await batch.commit();
    deepEqual(await client.describeGroup("search"), {
      generation: consumer.generation,
      rebalancing: false,
      lag: 1,
      members: [{ member: "m1", topics: ["news"] }],
      partitions: [{ topic: "news", partition: 0, member: "m1", committed: 2, lag: 1 }],
    });
    await consumer.close();
    const { members, partitions } = await client.describeGroup("search");
    deepEqual(members, []);
    deepEqual(partitions, [{ topic: "news", partition: 0, member: undefined, committed: 2, lag: 1 }]);
  }));
