/** Consumer groups over the full protocol: what a member hears, and what becomes of it when it is silent or gone. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { FullClient } from "./full-client.ts";
import { type FullFixture, openFullFixture, publish } from "./full-fixture.ts";

const join = (member: string, more: Partial<full.JoinRequest> = {}) => {
  return (to: full.FrameWriter, id: number): void =>
    full.writeJoin(to, {
      group: "g",
      member,
      sessionTimeoutMs: 0,
      rebalanceTimeoutMs: 10_000,
      topics: ["t"],
      ...more,
      id,
    });
};

/** A port with a topic of four partitions. */
async function openGroupFixture(): Promise<FullFixture> {
  const port = await openFullFixture();
  await port.broker.createTopic({ topic: "t", partitionCount: 4 });
  return port;
}

/** Joins an empty group; returns the name of the membership and what it owns. */
async function alone(client: FullClient, more: Partial<full.JoinRequest> = {}) {
  const id = client.say(join("m1", more));
  equal((await client.next()).verb, "joined", "the answer comes before the first assignment");
  const assigned = await client.expect("assigned", id);
  deepEqual(numbers(assigned), [0, 1, 2, 3]);
  return { id, generation: assigned.generation };
}

const numbers = ({ partitions }: { readonly partitions: readonly full.WirePartition[] }): readonly number[] =>
  partitions.map(({ partition }) => partition);

const release =
  (membership: number, generation: number, partitions: readonly full.WirePartition[] = []) =>
  (to: full.FrameWriter, id: number): void =>
    full.writeRelease(to, { id, membership, generation, partitions });

const commit = (generation: number, partition: number, offset: number) => {
  return (to: full.FrameWriter, id: number): void =>
    full.writeCommit(to, { id, group: "g", generation, offsets: [{ topic: "t", partition, offset }] });
};

test("who joins waits until the others have finished with what goes to it, and they may still commit", async () => {
  await using port = await openGroupFixture();
  const [one, two] = [await port.client(), await port.client()];
  await publish(one, "t", "a", "b", "c", "d");
  const { id, generation } = await alone(one);
  const joining = two.say(join("m2"));
  const revoked = await one.expect("revoked", id);
  equal(revoked.generation, generation);
  equal(revoked.deadlineMs, 10_000);
  equal(revoked.partitions.length, 2);
  const [first, second] = revoked.partitions;
  if (first === undefined || second === undefined) throw new Error("two partitions are revoked");
  await one.ask("offsetsCommitted", commit(generation, first.partition, 1));
  await one.ask("released", release(id, generation, [first]));
  await settle();
  deepEqual(two.arrived, [], "one partition is still being read");
  await one.ask("released", release(id, generation));
  equal((await two.next()).verb, "joined");
  const mine = await two.expect("assigned", joining);
  const others = await one.expect("assigned", id);
  deepEqual([mine.generation, others.generation], [generation + 1, generation + 1]);
  deepEqual(new Set(numbers(mine)), new Set(numbers(revoked)));
  deepEqual([...numbers(mine), ...numbers(others)].sort(), [0, 1, 2, 3]);
  equal((await one.ask("refused", commit(generation, second.partition, 1))).code, "stale-generation");
});

test("who does not release in time is waited for no longer", async () => {
  await using port = await openGroupFixture();
  const [one, two] = [await port.client(), await port.client()];
  const { id } = await alone(one, { rebalanceTimeoutMs: 4_000 });
  const joining = two.say(join("m2"));
  equal((await one.expect("revoked", id)).deadlineMs, 4_000);
  await port.clock.advance(4_000);
  equal((await two.expect("assigned", joining)).partitions.length, 2);
});

test("a member whose connection ends is gone at once, also while it waits for others", async () => {
  await using port = await openGroupFixture();
  const [one, two, three] = [await port.client(), await port.client(), await port.client()];
  const { id, generation } = await alone(one);
  two.say(join("m2"));
  await one.expect("revoked", id);
  two.destroy();
  await settle();
  const joining = three.say(join("m3"));
  await settle();
  one.destroy();
  const { generation: next, ...assigned } = await three.expect("assigned", joining);
  deepEqual(numbers(assigned), [0, 1, 2, 3]);
  equal(next > generation, true);
});

test("a member that does not beat is dropped, though its connection lives", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  const { id } = await alone(client, { sessionTimeoutMs: 10_000 });
  for (let i = 0; i < 3; i++) {
    await port.clock.advance(6_000);
    client.tell((to) => full.writeBeat(to, id));
    await settle();
  }
  equal(client.arrived.filter(({ verb }) => verb === "ended").length, 0);
  await port.clock.advance(10_000);
  equal((await client.expect("ended", id)).code, "session-timeout");
});

test("who joins again under its name takes the place of its old connection, whose end harms it no more", async () => {
  await using port = await openGroupFixture();
  const [old, again] = [await port.client(), await port.client()];
  const before = await alone(old);
  const { id } = await alone(again);
  equal((await old.expect("ended", before.id)).code, "replaced");
  old.destroy();
  await settle();
  const described = await again.ask("group", (to, of) => full.writeDescribeGroup(to, { id: of, group: "g" }));
  deepEqual(described.members, [{ member: "m1", topics: ["t"] }]);
  equal(
    described.partitions.every(({ member }) => member === "m1"),
    true,
  );
  await again.ask("left", (to, of) => full.writeLeave(to, { id: of, membership: id }));
});

test("a member leaves, and its name can be used again", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  const { id } = await alone(client);
  const leave = (to: full.FrameWriter, of: number): void => full.writeLeave(to, { id: of, membership: id });
  await client.ask("left", leave);
  equal((await client.ask("refused", leave)).code, "unknown-membership");
  await alone(client);
});

test("a join that the broker refuses leaves nothing behind", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  equal((await client.ask("refused", join("not a name"))).code, "invalid-name");
  await alone(client);
});

test("who waits to join a group is refused when the server drains", async () => {
  await using port = await openGroupFixture();
  const [one, two] = [await port.client(), await port.client()];
  const { id } = await alone(one);
  const joining = two.say(join("m2"));
  await one.expect("revoked", id);
  const drained = port.server.drain();
  const refused = await two.expect("refused");
  deepEqual([refused.id, refused.code], [joining, "shutting-down"]);
  await one.ask("left", (to, of) => full.writeLeave(to, { id: of, membership: id }));
  await drained;
});

test("a draining server waits for its members to commit and leave", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  await publish(client, "t", "a");
  const { id, generation } = await alone(client);
  const drained = port.server.drain();
  await client.expect("goaway");
  await client.ask("offsetsCommitted", commit(generation, 0, 0));
  await client.ask("left", (to, of) => full.writeLeave(to, { id: of, membership: id }));
  equal((await client.expect("error")).code, "shutting-down");
  await drained;
});
