/** Consumer groups: what is read, committed, given up in good order, and begun again. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import {
  batchesOf,
  writeAssigned,
  writeCommittedOffsets,
  writeEnded,
  writeFetched,
  writeGoaway,
  writeJoined,
  writeLeft,
  writeOffsetsCommitted,
  writeReleased,
  writeRevoked,
  writeTopic,
} from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { Batch, GroupConsumer } from "../src/index.ts";
import { type Peer, record, ScriptedNetwork } from "./scripted-server.ts";

/** A topic of one partition whose first five records are no longer kept. */
const described = {
  retention: "log",
  durability: "synced",
  liveSubscribers: 0,
  retentionMs: Number.POSITIVE_INFINITY,
  retentionBytes: Number.POSITIVE_INFINITY,
  partitions: [{ startOffset: 5, endOffset: 9, retainedBytes: 0 }],
} as const;

async function join(peer: Peer, generation: number, partitions: readonly number[]): Promise<number> {
  const { id } = await peer.next("join");
  peer.say((to) => writeJoined(to, id));
  assign(peer, id, generation, partitions);
  return id;
}

const assign = (peer: Peer, id: number, generation: number, partitions: readonly number[]): void =>
  peer.say((to) =>
    writeAssigned(to, {
      id,
      generation,
      partitions: partitions.map((partition) => ({ topic: "news", partition })),
    }),
  );

async function committed(peer: Peer, offsets: Readonly<Record<number, number>>): Promise<void> {
  const { id } = await peer.next("committed");
  const places = Object.entries(offsets).map(([partition, offset]) => ({
    topic: "news",
    partition: Number(partition),
    offset,
  }));
  peer.say((to) => writeCommittedOffsets(to, id, places));
}

/** Answers the next fetch with one record at the offset that it asks for. */
async function fetched(peer: Peer): Promise<string> {
  const { id, partition, offset } = await peer.next("fetch");
  const records = [record(partition, offset)];
  peer.say((to) =>
    writeFetched(to, {
      id,
      startOffset: 0,
      endOffset: offset + 1,
      fromOffset: offset,
      recordsMax: 500,
      batches: batchesOf(records),
    }),
  );
  await settle();
  return `${partition}:${offset}`;
}

async function batch(consumer: GroupConsumer): Promise<Batch> {
  const { value } = await consumer.next();
  return value as Batch;
}

const textsOf = ({ records }: Batch): string[] => records.map(({ body }) => new TextDecoder().decode(body));

test("it reads what it is assigned from the committed offset on, and commits the offset behind the batch", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const consumer = client.topic("news").consumer({ group: "g", member: "m1" });
  const asked = await peer.next("join");
  deepEqual([asked.group, asked.member, asked.topics], ["g", "m1", ["news"]]);
  peer.say((to) => writeJoined(to, asked.id));
  assign(peer, asked.id, 3, [0]);
  await committed(peer, { 0: 17 });
  equal(await fetched(peer), "0:17");
  const first = await batch(consumer);
  deepEqual(textsOf(first), ["0:17"]);
  const committing = first.commit();
  equal((await peer.next("fetch")).offset, 18);
  const { id, generation, offsets } = await peer.next("commit");
  deepEqual([generation, offsets], [3, [{ topic: "news", partition: 0, offset: 18 }]]);
  peer.say((to) => writeOffsetsCommitted(to, id, "synced"));
  await committing;
  await network.close(client);
});

test("a group that has committed nothing begins where startAt says", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  client.topic("news").consumer({ group: "g", startAt: "latest" });
  await join(peer, 1, [0]);
  await committed(peer, {});
  const { id } = await peer.next("describeTopic");
  peer.say((to) => writeTopic(to, { id, ...described }));
  equal((await peer.next("fetch")).offset, 9);
  await network.close(client);
});

test("an offset that is no longer kept: it goes on with the first that is", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  client.topic("news").consumer({ group: "g" });
  await join(peer, 1, [0]);
  await committed(peer, { 0: 2 });
  peer.refuse((await peer.next("fetch")).id, "offset-out-of-range");
  const { id } = await peer.next("describeTopic");
  peer.say((to) => writeTopic(to, { id, ...described }));
  equal(await fetched(peer), "0:5");
  await network.close(client);
});

test("a revoke waits for the batch in hand, lets it be committed, and is then released; what stays is not read twice", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const told: string[] = [];
  const consumer = client.topic("news").consumer({
    group: "g",
    onAssigned: ({ generation, partitions }) => told.push(`assigned ${generation} ${partitions.length}`),
    onRevoked: ({ generation, partitions }) => told.push(`revoked ${generation} ${partitions.length}`),
  });
  const id = await join(peer, 1, [0, 1]);
  await committed(peer, { 0: 0, 1: 0 });
  await fetched(peer);
  await fetched(peer);
  const inHand = await batch(consumer);
  deepEqual(textsOf(inHand), ["0:0"]);
  await settle();
  peer.take();
  const revoked = [{ topic: "news", partition: 0 }];
  peer.say((to) => writeRevoked(to, { id, generation: 1, deadlineMs: 60_000, partitions: revoked }));
  await settle();
  deepEqual(told, ["assigned 1 2"]);
  const committing = inHand.commit();
  const verbs = ["cancel", "commit"];
  await settle();
  for (const frame of peer.take()) {
    equal(frame.verb, verbs.shift());
    if (frame.verb === "commit") peer.say((to) => writeOffsetsCommitted(to, frame.id, "synced"));
  }
  await committing;
  const next = await batch(consumer);
  deepEqual(textsOf(next), ["1:0"]);
  equal(await fetched(peer), "1:1");
  const said = await peer.next("release");
  deepEqual([said.membership, said.generation], [id, 1]);
  peer.say((to) => writeReleased(to, said.id));
  assign(peer, id, 2, [1]);
  await settle();
  deepEqual(told, ["assigned 1 2", "revoked 1 1", "assigned 2 1"]);
  const lateCommit = inHand.commit();
  const nextCommit = next.commit();
  await settle();
  const generations = peer
    .take()
    .flatMap((frame) => (frame.verb === "commit" ? [[frame.generation, frame.id]] : []));
  deepEqual(
    generations.map(([generation]) => generation),
    [1, 2],
  );
  const [[, late], [, fine]] = generations as [[number, number], [number, number]];
  const stale = rejects(lateCommit, { code: "stale-generation" });
  peer.refuse(late, "stale-generation");
  peer.say((to) => writeOffsetsCommitted(to, fine, "synced"));
  await Promise.all([stale, nextCommit]);
  await network.close(client);
});

test("a batch that is never done does not hold up the group for longer than the deadline", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const consumer = client.topic("news").consumer({ group: "g" });
  const id = await join(peer, 1, [0]);
  await committed(peer, { 0: 0 });
  await fetched(peer);
  await batch(consumer);
  await settle();
  peer.take();
  const partitions = [{ topic: "news", partition: 0 }];
  peer.say((to) => writeRevoked(to, { id, generation: 1, deadlineMs: 4_000, partitions }));
  await network.clock.advance(3_999);
  equal(
    peer.take().some(({ verb }) => verb === "release"),
    false,
  );
  await network.clock.advance(1);
  await peer.next("release");
  await network.close(client);
});

test("after a lost connection it joins again and goes on from what is committed; what was read and not taken is forgotten", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  let lostCount = 0;
  const consumer = client.topic("news").consumer({ group: "g", onLost: () => lostCount++ });
  await join(peer, 1, [0]);
  await committed(peer, { 0: 4 });
  await fetched(peer);
  const inHand = await batch(consumer);
  await fetched(peer);
  peer.drop();
  const again = await network.reconnect(100);
  equal(lostCount, 1);
  await join(again, 3, [0]);
  await committed(again, { 0: 4 });
  await fetched(again);
  deepEqual(textsOf(await batch(consumer)), ["0:4"]);
  const stale = rejects(inHand.commit(), { code: "stale-generation" });
  await settle();
  for (const frame of again.take()) {
    if (frame.verb !== "commit") continue;
    equal(frame.generation, 1);
    again.refuse(frame.id, "stale-generation");
  }
  await stale;
  await network.close(client);
});

test("a member says that it lives, until its batch is in hand for too long", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 600_000 });
  const consumer = client.topic("news").consumer({
    group: "g",
    sessionTimeoutMs: 30_000,
    processingTimeoutMs: 60_000,
  });
  await join(peer, 1, [0]);
  await committed(peer, { 0: 0 });
  await fetched(peer);
  await batch(consumer);
  const beats = async (forMs: number): Promise<number> => {
    peer.take();
    await network.clock.advance(forMs);
    return peer.take().filter(({ verb }) => verb === "beat").length;
  };
  equal(await beats(60_000), 6);
  equal(await beats(60_000), 0);
  await network.close(client);
});

test("a server that does not answer for a minute is asked again", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 600_000 });
  const consumer = client.topic("news").consumer({ group: "g" });
  await join(peer, 1, [0]);
  await peer.next("committed");
  await network.clock.advance(31_000);
  await committed(peer, { 0: 7 });
  await peer.next("fetch");
  await network.clock.advance(51_000);
  equal(await fetched(peer), "0:7");
  deepEqual(textsOf(await batch(consumer)), ["0:7"]);
  await network.close(client);
});

test("a member that was dropped joins again", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  client.topic("news").consumer({ group: "g" });
  const id = await join(peer, 1, []);
  peer.say((to) => writeEnded(to, { id, code: "session-timeout", sentence: "" }));
  await network.clock.advance(1_000);
  await join(peer, 2, []);
  await network.close(client);
});

test("when the server drains it leaves its groups in good order, so that the server need not wait", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const consumer = client.topic("news").consumer({ group: "g" });
  const id = await join(peer, 1, [0]);
  await committed(peer, { 0: 0 });
  await fetched(peer);
  const inHand = await batch(consumer);
  await settle();
  peer.take();
  peer.say((to) => writeGoaway(to, { code: "shutting-down", sentence: "Bye.", reconnectAfterMs: 0 }));
  await settle();
  const committing = inHand.commit();
  await settle();
  const [, commit] = peer.take();
  equal(commit?.verb, "commit");
  peer.say((to) => writeOffsetsCommitted(to, commit?.id ?? 0, "synced"));
  await committing;
  const waiting = consumer.next();
  const left = await peer.next("leave");
  equal(left.membership, id);
  peer.say((to) => writeLeft(to, left.id));
  await settle();
  peer.drop();
  const again = await network.reconnect(100);
  await join(again, 3, [0]);
  await committed(again, { 0: 1 });
  await fetched(again);
  deepEqual(textsOf((await waiting).value as Batch), ["0:1"]);
  await network.close(client);
});
