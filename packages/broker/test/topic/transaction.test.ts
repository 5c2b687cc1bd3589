/** T7: publishes and an offset commit together or not at all, by a writer who proves that it still may. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  committedOffset,
  decideJoin,
  decideLeave,
  decideTransaction,
  type RecordPlace,
  type Transaction,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const [state, outcome, input, live] = [1, 2, 3, 4];
const owners = 9;

/** A writer that reads `input`, keeps its state in `state` and tells of it in `outcome`; it owns them in generation 1. */
function stage(): TopicWorld {
  const world = new TopicWorld();
  world.createTopic(state);
  world.createTopic(outcome, { partitionCount: 2 });
  world.createTopic(input);
  world.createTopic(live, { retention: "live" });
  world.createGroup(owners);
  join(world, "a");
  return world;
}

function join(world: TopicWorld, id: string): void {
  const member = { id, topics: [state, input], rebalanceTimeoutMs: 0, sessionTimeoutMs: undefined };
  world.submit(decideJoin(world.theGroup(owners), member, world.now, world));
}

function transact(world: TopicWorld, transaction: Transaction): string | readonly (readonly RecordPlace[])[] {
  const decided = decideTransaction(transaction, world.now, world);
  if (!decided.ok) return decided.refusal;
  world.append([...decided.topics, ...decided.groups]);
  world.audit();
  return decided.reply.places;
}

const fence = { group: owners, generation: 1, topic: state, partition: 0, expectedOffset: 0 };
const publishTo = (topic: number, ...texts: string[]) => ({ topic, records: texts.map(outgoing) });
const commit = (offset: number) => ({
  group: owners,
  generation: 1,
  offsets: [{ topic: input, partition: 0, offset }],
});

suite("T7: transactions", () => {
  test("writes to several topics and commits in one append", () => {
    const world = stage();
    transact(world, { publishes: [publishTo(input, "1", "2")] });
    const before = world.journal.length;
    const places = transact(world, {
      publishes: [
        publishTo(state, "joined"),
        publishTo(outcome, "abc:told", "21:told"),
        publishTo(state, "admitted"),
      ],
      commit: commit(2),
      fence,
    });
    deepEqual(places, [
      [{ partition: 0, offset: 0 }],
      [
        { partition: 1, offset: 0 },
        { partition: 0, offset: 0 },
      ],
      [{ partition: 0, offset: 1 }],
    ]);
    equal(world.journal.length, before + 1);
    equal(committedOffset(world.theGroup(owners), input, 0), 2);
  });

  test("a writer that lost the group is refused, and nothing of it is written", () => {
    const world = stage();
    join(world, "b");
    const before = world.dump();
    equal(transact(world, { publishes: [publishTo(state, "late")], fence }), "stale-generation");
    equal(transact(world, { publishes: [publishTo(state, "late")], commit: commit(0) }), "stale-generation");
    deepEqual(world.dump(), before);
  });

  test("a writer that expects another offset is refused: somebody has written in between", () => {
    const world = stage();
    transact(world, { publishes: [publishTo(state, "mine")], fence });
    equal(transact(world, { publishes: [publishTo(state, "again")], fence }), "unexpected-offset");
    const next = { ...fence, expectedOffset: 1 };
    deepEqual(transact(world, { publishes: [publishTo(state, "next")], fence: next }), [
      [{ partition: 0, offset: 1 }],
    ]);
    equal(transact(world, { publishes: [], fence: { ...fence, expectedOffset: 3 } }), "unexpected-offset");
  });

  test("nobody writes in the name of a generation without members, nor for a partition that nobody owns in it", () => {
    const world = stage();
    equal(transact(world, { publishes: [], fence: { ...fence, topic: outcome } }), "stale-generation");
    const group = world.theGroup(owners);
    world.submit(decideLeave(group, "a", world.now, world));
    equal(transact(world, { publishes: [], fence: { ...fence, generation: 2 } }), "stale-generation");
    equal(transact(stage().restarted(), { publishes: [], fence }), "stale-generation");
  });

  const large = { ...outgoing("x"), body: new Uint8Array(1024 * 1024 + 1) };
  const refused: readonly (readonly [string, Transaction])[] = [
    ["unknown-topic", { publishes: [publishTo(state, "a"), publishTo(77, "b")] }],
    ["body-too-large", { publishes: [publishTo(state, "a"), { topic: outcome, records: [large] }] }],
    ["unknown-group", { publishes: [publishTo(state, "a")], commit: { ...commit(0), group: 77 } }],
    ["unknown-group", { publishes: [publishTo(state, "a")], fence: { ...fence, group: 77 } }],
    ["unknown-topic", { publishes: [], fence: { ...fence, topic: 77 } }],
    ["unknown-partition", { publishes: [], fence: { ...fence, partition: 1 } }],
    ["offset-out-of-range", { publishes: [publishTo(input, "a")], commit: commit(1) }],
    ["stale-generation", { publishes: [], commit: { ...commit(0), generation: 0 } }],
  ];
  for (const [refusal, transaction] of refused) {
    test(`is refused whole as ${refusal}: ${JSON.stringify({ ...transaction, publishes: transaction.publishes.length })}`, () => {
      const world = stage();
      const before = world.dump();
      equal(transact(world, transaction), refusal);
      deepEqual(world.dump(), before);
    });
  }

  test("live-only topics take part, and leave nothing behind", () => {
    const world = stage();
    const places = transact(world, { publishes: [publishTo(live, "now"), publishTo(state, "kept")] });
    deepEqual(places, [[{ partition: 0, offset: 0 }], [{ partition: 0, offset: 0 }]]);
    equal(world.theTopic(live).partitions[0]?.endOffset, 1);
    equal(world.restarted().theTopic(live).partitions[0]?.endOffset, 0);
  });

  test("an empty transaction is done and writes nothing", () => {
    const world = stage();
    const decided = decideTransaction({ publishes: [] }, world.now, world);
    deepEqual(decided, { ok: true, topics: [], groups: [], reply: { places: [] } });
  });
});
