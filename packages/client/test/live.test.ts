/** Live subscriptions: what is heard, what is missed, and what is counted. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { batchesOf, writeEnded, writeListening, writeRecords, writeTopic } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { Status } from "../src/index.ts";
import { type Peer, record, ScriptedNetwork } from "./scripted-server.ts";

test("a live subscription listens again on every connection, and counts what it cannot have heard", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const live = client.topic("news").live({ credit: 2, overflow: "drop" });
  const push = (to: Peer, id: number, dropped: number, offset: number): void => {
    to.say((frames) => writeRecords(frames, id, dropped, batchesOf([record(0, offset)])));
  };
  const listen = async (at: Peer): Promise<number> => {
    const { id, credit, overflow } = await at.next("listen");
    deepEqual([credit, overflow], [2, "drop"]);
    at.say((to) => writeListening(to, id));
    return id;
  };
  const id = await listen(peer);
  push(peer, id, 5, 0);
  equal((await live.next()).value?.offset, 0);
  equal((await peer.next("credit")).add, 1);
  peer.drop();
  const again = await network.reconnect(100);
  push(again, await listen(again), 1, 9);
  equal((await live.next()).value?.offset, 9);
  deepEqual([live.dropped, live.interruptions], [6, 1]);
  await network.close(client);
});

test("a live subscriber that asked to be ended when it is too slow hears why", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const live = client.topic("news").live({ overflow: "end" });
  const { id } = await peer.next("listen");
  peer.say((to) => writeListening(to, id));
  peer.say((to) => writeEnded(to, { id, code: "slow-consumer", sentence: "Too slow." }));
  await rejects(live.next(), { code: "slow-consumer" });
  deepEqual(await live.next(), { done: true, value: undefined });
  await network.close(client);
});

test("a topic that was deleted is told, looked for without making it, and listened to when somebody has made it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 3_600_000 });
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  const live = client.topic("news").live();
  const { id } = await peer.next("listen");
  peer.say((to) => writeListening(to, id));
  peer.say((to) => writeEnded(to, { id, code: "unknown-topic", sentence: "It was deleted." }));
  await settle();
  deepEqual(heard, [{ state: "deleted", what: "topic", name: "news" }]);
  await network.clock.advance(1_000);
  peer.refuse((await peer.next("describeTopic")).id, "unknown-topic");
  // Also on another connection.
  peer.drop();
  const again = await network.reconnect(1_000);
  await network.clock.advance(1_000);
  again.refuse((await again.next("describeTopic")).id, "unknown-topic");
  await settle();
  await network.clock.advance(1_000);
  const describe = await again.next("describeTopic");
  again.say((to) =>
    writeTopic(to, {
      ...{ id: describe.id, retention: "live", durability: "memory", liveSubscribers: 0, partitions: [] },
      ...{ retentionMs: 0, retentionBytes: 0 },
    }),
  );
  const listen = await again.next("listen");
  again.say((to) => writeListening(to, listen.id));
  again.say((to) => writeRecords(to, listen.id, 0, batchesOf([record(0, 7)])));
  equal((await live.next()).value?.offset, 7);
  await network.close(client);
});
