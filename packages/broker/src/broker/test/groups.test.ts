/** Consumer groups through the broker, in virtual time: who is told what, and when, while members come, go, finish and fall silent. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Broker, JoinGroupRequest, MemberAssignment, MemberRevoke, Result } from "@sluice/broker";
import type { VirtualClock } from "@sluice/testkit";
import { granted, refused, VirtualBroker } from "./world.ts";

const names = ({ partitions }: MemberAssignment) =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ");

/** A member that writes down what it is told. */
class Witness {
  readonly told: string[] = [];
  readonly member: string;
  readonly #broker: Broker;
  #joined: Result<object> | undefined;

  constructor(broker: Broker, member: string) {
    this.#broker = broker;
    this.member = member;
  }

  /** `yes` once the join has been answered, or the refusal. */
  get joined(): string {
    if (this.#joined === undefined) return "not yet";
    return this.#joined.ok ? "yes" : this.#joined.refusal;
  }

  join(request: Partial<JoinGroupRequest> = {}): this {
    const asked = this.#broker.joinGroup({
      group: "readers",
      member: this.member,
      topics: ["news"],
      onAssigned: (assignment) => this.told.push(`${assignment.generation}: ${names(assignment)}`.trimEnd()),
      onRevoke: (revoke: MemberRevoke) =>
        this.told.push(`${revoke.generation}: revoked ${names(revoke)} within ${revoke.deadlineMs}`),
      onDropped: () => this.told.push("dropped"),
      ...request,
    });
    void asked.then((joined) => {
      this.#joined = joined;
    });
    return this;
  }

  release(generation: number): Promise<Result<object>> {
    return this.#broker.releasePartitions({ group: "readers", member: this.member, generation });
  }

  heartbeat(): Promise<Result<object>> {
    return this.#broker.heartbeatMember({ group: "readers", member: this.member });
  }

  /** What was told since the last look. */
  async news(clock: VirtualClock): Promise<string[]> {
    await clock.advance(0);
    return this.told.splice(0);
  }
}

async function newsroom() {
  const world = await VirtualBroker.open();
  granted(await world.answer(world.broker.createTopic({ topic: "news", partitionCount: 4 })));
  const { broker, clock } = world;
  const commit = (generation: number, partition: number) =>
    world.answer(
      broker.commitOffsets({
        group: "readers",
        generation,
        offsets: [{ topic: "news", partition, offset: 0 }],
      }),
    );
  const witness = (member: string) => new Witness(broker, member);
  return { world, broker, clock, commit, witness, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

test("a revoke is announced; the joiner waits until what it gets has been released", async () => {
  await using room = await newsroom();
  const { clock } = room;
  const a = room.witness("a").join();
  deepEqual(await a.news(clock), ["1: news/0 news/1 news/2 news/3"]);
  const b = room.witness("b").join();
  deepEqual(await a.news(clock), ["1: revoked news/2 news/3 within 10000"]);
  deepEqual([b.joined, await b.news(clock)], ["not yet", []]);
  granted(await room.commit(1, 3));
  granted(await room.world.answer(a.release(1)));
  deepEqual(await a.news(clock), ["2: news/0 news/1"]);
  deepEqual([await b.news(clock), b.joined], [["2: news/2 news/3"], "yes"]);
  refused(await room.commit(1, 3), "stale-generation");
  refused(await room.world.answer(a.release(1)), "stale-generation");
});

test("who does not release loses its partitions all the same when its time is over", async () => {
  await using room = await newsroom();
  const { clock } = room;
  const a = room.witness("a").join({ rebalanceTimeoutMs: 3_000 });
  const b = room.witness("b").join();
  await clock.advance(2_999);
  equal(b.joined, "not yet");
  await clock.advance(1);
  equal(b.joined, "yes");
  deepEqual((await a.news(clock)).at(-1), "2: news/0 news/1");
  refused(await room.commit(1, 3), "stale-generation");
});

test("several joins are one generation", async () => {
  await using room = await newsroom();
  const { clock } = room;
  const a = room.witness("a").join();
  await a.news(clock);
  const others = ["b", "c", "d"].map((member) => room.witness(member).join());
  await a.news(clock);
  granted(await room.world.answer(a.release(1)));
  deepEqual(await a.news(clock), ["2: news/0"]);
  deepEqual(
    others.map(({ joined, told }) => [joined, told]),
    [
      ["yes", ["2: news/1"]],
      ["yes", ["2: news/2"]],
      ["yes", ["2: news/3"]],
    ],
  );
});

test("a member that falls silent is dropped and told; heartbeats keep the others", async () => {
  await using room = await newsroom();
  const { clock } = room;
  const a = room.witness("a").join({ sessionTimeoutMs: 15_000 });
  const b = room.witness("b").join({ sessionTimeoutMs: 15_000 });
  await clock.advance(10_000);
  await Promise.all([a.news(clock), b.news(clock)]);
  granted(await room.world.answer(a.heartbeat()));
  granted(await room.world.answer(b.heartbeat()));
  await clock.advance(10_000);
  granted(await room.world.answer(b.heartbeat()));
  await clock.advance(5_000);
  deepEqual(await a.news(clock), ["dropped"]);
  deepEqual(await b.news(clock), ["3: news/0 news/1 news/2 news/3"]);
  refused(await room.world.answer(a.heartbeat()), "unknown-member");
  a.join();
  deepEqual(await b.news(clock), ["3: revoked news/2 news/3 within 10000"]);
});

test("who leaves while its join waits is told so", async () => {
  await using room = await newsroom();
  const { clock, broker } = room;
  const a = room.witness("a").join();
  const b = room.witness("b").join();
  await clock.advance(0);
  granted(await room.world.answer(broker.leaveGroup({ group: "readers", member: "b" })));
  equal(b.joined, "unknown-member");
  deepEqual((await a.news(clock)).at(-1), "2: news/0 news/1 news/2 news/3");
  deepEqual(b.told, []);
});

test("a revoke that the next generation has overtaken is not announced any more", async () => {
  await using room = await newsroom();
  const a = room.witness("a").join();
  await a.news(room.clock);
  const b = room.witness("b").join();
  const left = room.broker.leaveGroup({ group: "readers", member: "b" });
  granted(await room.world.answer(left));
  deepEqual(await a.news(room.clock), ["2: news/0 news/1 news/2 news/3"]);
  deepEqual(b.told, []);
});

test("a broker that shuts down leaves no join without an answer", async () => {
  await using room = await newsroom();
  room.witness("a").join();
  const b = room.witness("b").join();
  await room.clock.advance(0);
  room.broker.drain();
  await room.clock.advance(0);
  equal(b.joined, "shutting-down");
});

test("a topic that did not exist is there when somebody has joined it, and its partition is dealt out", async () => {
  await using room = await newsroom();
  const a = room.witness("a").join();
  await room.clock.advance(0);
  const b = room.witness("b").join({ topics: ["sport"] });
  deepEqual(await b.news(room.clock), ["2: sport/0"]);
  deepEqual((await a.news(room.clock)).at(-1), "2: news/0 news/1 news/2 news/3");
});

test("a group is described: who reads what, how far it has come, and how far it is behind", async () => {
  await using room = await newsroom();
  const { world, broker } = room;
  await world.publish("news", "1", "2", "3", "4", "5");
  room.witness("a").join({ topics: ["news"] });
  await room.clock.advance(0);
  const offsets = [{ topic: "news", partition: 0, offset: 1 }];
  granted(await world.answer(broker.commitOffsets({ group: "readers", generation: 1, offsets })));
  room.witness("b").join({ topics: ["news", "sport"] });
  const { description } = granted(await world.answer(broker.describeGroup("readers")));
  const none = { member: "a", committed: undefined };
  deepEqual(description, {
    group: "readers",
    generation: 1,
    rebalancing: true,
    members: [
      { member: "a", topics: ["news"] },
      { member: "b", topics: ["news", "sport"] },
    ],
    partitions: [
      { topic: "news", partition: 0, member: "a", committed: 1, lag: 1 },
      { topic: "news", partition: 1, lag: 1, ...none },
      { topic: "news", partition: 2, lag: 1, ...none },
      { topic: "news", partition: 3, lag: 1, ...none },
    ],
    lag: 4,
  });
  refused(await world.answer(broker.describeGroup("nobody")), "unknown-group");
});

test("what cannot be: a timeout out of bounds, a member or a group that is not there", async () => {
  await using room = await newsroom();
  const { world, broker } = room;
  const a = room.witness("a").join({ rebalanceTimeoutMs: -1 });
  await room.clock.advance(0);
  equal(a.joined, "invalid-setting");
  a.join({ sessionTimeoutMs: 0 });
  await room.clock.advance(0);
  equal(a.joined, "invalid-setting");
  refused(await world.answer(a.release(0)), "unknown-member");
  const strange = { group: "nobody", member: "a", generation: 1 };
  refused(await world.answer(broker.releasePartitions(strange)), "unknown-group");
  refused(await world.answer(broker.heartbeatMember(strange)), "unknown-group");
  a.join();
  await room.clock.advance(0);
  const partitions = [{ topic: "never-heard-of", partition: 0 }];
  const release = { group: "readers", member: "a", generation: 1, partitions };
  refused(await world.answer(broker.releasePartitions(release)), "unknown-topic");
});
