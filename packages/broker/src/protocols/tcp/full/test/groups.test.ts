/** Consumer groups over the full protocol: what a member hears, and what becomes of it when it is silent or gone. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { FullClient } from "./full-client.ts";
import { type FullFixture, openFullFixture } from "./full-fixture.ts";

const join = (member: string, more: Partial<full.JoinRequest> = {}) => {
  return (to: full.FrameWriter, id: number): void =>
    full.writeJoin(to, {
      group: "g",
      member,
      sessionTimeoutMs: 10_000,
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

/** Joins, and returns the name of the membership. */
async function joined(client: FullClient, member: string): Promise<number> {
  const id = client.say(join(member));
  equal((await client.next()).verb, "joined", "the answer comes before the first assignment");
  return id;
}

const owned = ({ partitions }: full.Assigned): readonly number[] =>
  partitions.map(({ partition }) => partition);

test("the partitions are shared out, and again when the connection of a member ends", async () => {
  await using port = await openGroupFixture();
  const [one, two] = [await port.client(), await port.client()];
  const first = await joined(one, "m1");
  deepEqual(owned(await one.expect("assigned", first)), [0, 1, 2, 3]);
  const second = await joined(two, "m2");
  const mine = await two.expect("assigned", second);
  const others = await one.expect("assigned", first);
  equal(mine.generation, others.generation);
  deepEqual([...owned(mine), ...owned(others)].sort(), [0, 1, 2, 3]);
  two.destroy();
  await settle();
  deepEqual(owned(await one.expect("assigned", first)), [0, 1, 2, 3]);
});

test("a member that does not beat is dropped, though its connection lives", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  const id = await joined(client, "m1");
  await client.expect("assigned", id);
  for (let i = 0; i < 3; i++) {
    await port.clock.advance(6_000);
    client.tell((to) => full.writeBeat(to, id));
    await settle();
  }
  equal(client.arrived.filter(({ verb }) => verb === "ended").length, 0);
  await port.clock.advance(10_000);
  equal((await client.expect("ended", id)).code, "session-timeout");
});

test("a member leaves, and its name can be used again", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  const id = await joined(client, "m1");
  await client.expect("assigned", id);
  await client.ask("left", (to, of) => full.writeLeave(to, { id: of, membership: id }));
  const refused = await client.ask("refused", (to, of) => full.writeLeave(to, { id: of, membership: id }));
  equal(refused.code, "unknown-membership");
  await joined(client, "m1");
});

test("a commit counts in its own generation only", async () => {
  await using port = await openGroupFixture();
  const [one, two] = [await port.client(), await port.client()];
  const id = await joined(one, "m1");
  const { generation } = await one.expect("assigned", id);
  const commit = (to: full.FrameWriter, of: number) =>
    full.writeCommit(to, {
      id: of,
      group: "g",
      generation,
      offsets: [{ topic: "t", partition: 0, offset: 0 }],
    });
  await one.ask("offsetsCommitted", commit);
  await joined(two, "m2");
  equal((await one.ask("refused", commit)).code, "stale-generation");
});

test("a join that the broker refuses leaves nothing behind", async () => {
  await using port = await openGroupFixture();
  const client = await port.client();
  equal((await client.ask("refused", join("not a name"))).code, "invalid-name");
  await joined(client, "m1");
});
