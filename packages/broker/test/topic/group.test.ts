/** Consumer groups: who reads what, from when on, and how far they have come. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  type Assignment,
  applyToGroup,
  applyToTopic,
  committedOffset,
  decideCommit,
  decideJoin,
  decideLeave,
  decidePublish,
  lag,
  type OffsetCommit,
  topicDurability,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const [orders, payments, audit, live] = [1, 2, 3, 4];
const billing = 9;

/** Topics `orders` and `payments` with 4 partitions, `audit` with 1, `live` without a log; the group `billing`. */
class Stage {
  world = new TopicWorld();

  constructor() {
    this.world.createTopic(orders, { partitionCount: 4 });
    this.world.createTopic(payments, { partitionCount: 4 });
    this.world.createTopic(audit);
    this.world.createTopic(live, { retention: "live" });
    this.world.createGroup(billing);
  }

  get group() {
    return this.world.theGroup(billing);
  }

  join(id: string, ...topics: number[]): string {
    const reply = this.world.submit(decideJoin(this.group, { id, topics }, this.world));
    return this.#told(reply);
  }

  leave(id: string): string {
    return this.#told(this.world.submit(decideLeave(this.group, id, this.world)));
  }

  commit(generation: number, ...offsets: OffsetCommit[]): string {
    const reply = this.world.submit(decideCommit(this.group, { generation, offsets }, this.world));
    this.world.audit();
    return "refusal" in reply ? reply.refusal : "done";
  }

  publish(topic: number, ...texts: string[]): void {
    this.world.submit(
      decidePublish(this.world.theTopic(topic), { records: texts.map(outgoing) }, this.world.now),
    );
  }

  /** `generation: member topic/partition ...; ...` */
  #told(reply: Assignment | { readonly refusal: string }): string {
    this.world.audit();
    if ("refusal" in reply) return reply.refusal;
    const members = [...reply.members].map(([id, owned]) =>
      [id, ...owned.map(({ topic, partition }) => `${topic}/${partition}`)].join(" "),
    );
    return `${reply.generation}: ${members.join("; ")}`;
  }
}

suite("T2: membership", () => {
  test("each join and leave begins a generation and deals the partitions out anew", () => {
    const stage = new Stage();
    equal(stage.join("b", orders), "1: b 1/0 1/1 1/2 1/3");
    equal(stage.join("a", orders), "2: a 1/0 1/2; b 1/1 1/3");
    equal(stage.join("c", orders), "3: a 1/0 1/3; b 1/1; c 1/2");
    equal(stage.leave("a"), "4: b 1/0 1/2; c 1/1 1/3");
    equal(stage.leave("b"), "5: c 1/0 1/1 1/2 1/3");
    equal(stage.leave("c"), "6: ");
  });

  test("topics with equal partition counts are assigned alike", () => {
    const stage = new Stage();
    stage.join("a", orders, payments);
    equal(stage.join("b", payments, orders), "2: a 1/0 1/2 2/0 2/2; b 1/1 1/3 2/1 2/3");
  });

  test("a member reads only what it wants; with too few partitions it waits", () => {
    const stage = new Stage();
    stage.join("a", orders, audit);
    equal(stage.join("b", audit), "2: a 1/0 1/1 1/2 1/3 3/0; b");
  });

  test("who is a member already joins anew, with the topics that it names now", () => {
    const stage = new Stage();
    stage.join("a", orders);
    equal(stage.join("a", audit), "2: a 3/0");
    equal(stage.join("a", audit), "3: a 3/0");
  });

  test("what cannot be joined or left is refused, and no generation begins", () => {
    const stage = new Stage();
    equal(stage.join("a", orders, 77), "unknown-topic");
    equal(stage.join("a", live), "not-a-log");
    equal(stage.leave("a"), "unknown-member");
    equal(stage.group.assignment.generation, 0);
    equal(topicDurability(stage.world.theTopic(live).settings), "memory");
  });

  test("a restart ends every membership, and the generation goes on from there", () => {
    for (const restart of ["restarted", "checkpointed"] as const) {
      const stage = new Stage();
      stage.join("a", audit);
      stage.join("b", audit);
      stage.world = stage.world[restart]();
      equal(stage.commit(2, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
      equal(stage.leave("a"), "unknown-member");
      equal(stage.join("b", audit), "3: b 3/0");
    }
  });

  test("a journal that repeats an old generation does not bring it back", () => {
    const stage = new Stage();
    stage.join("a", audit);
    stage.join("b", audit);
    const firstJoin = stage.world.journal.length - 2;
    const again = stage.world.restarted([
      ...stage.world.journal,
      ...stage.world.journal.slice(firstJoin, firstJoin + 1),
    ]);
    equal(again.theGroup(billing).assignment.generation, 2);
  });
});

suite("T3: offset commit and lag", () => {
  test("a commit says how far the group has read, and stays over a restart", () => {
    const stage = new Stage();
    stage.publish(orders, "abc:1", "abc:2", "foobar:3");
    stage.join("a", orders);
    equal(lag(stage.group, stage.world.theTopic(orders)), 3);
    equal(stage.commit(1, { topic: orders, partition: 3, offset: 1 }), "done");
    equal(lag(stage.group, stage.world.theTopic(orders)), 2);
    stage.world = stage.world.restarted();
    equal(committedOffset(stage.group, orders, 3), 1);
    equal(committedOffset(stage.group, orders, 2), undefined);
    equal(lag(stage.group, stage.world.theTopic(orders)), 2);
  });

  test("what is no longer kept is not lag", () => {
    const stage = new Stage();
    const topic = stage.world.theTopic(audit);
    const partitions = [{ startOffset: 5, endOffset: 9 }];
    applyToTopic(topic, { kind: "restored-topic", settings: topic.settings, turn: 0, partitions }, []);
    equal(lag(stage.group, topic), 4);
    applyToGroup(stage.group, {
      kind: "offsets-committed",
      offsets: [{ topic: audit, partition: 0, offset: 2 }],
    });
    equal(lag(stage.group, topic), 4);
    applyToGroup(stage.group, {
      kind: "offsets-committed",
      offsets: [{ topic: audit, partition: 0, offset: 8 }],
    });
    equal(lag(stage.group, topic), 1);
  });

  test("a commit may go back, to read again", () => {
    const stage = new Stage();
    stage.publish(audit, "1", "2");
    stage.join("a", audit);
    stage.commit(1, { topic: audit, partition: 0, offset: 2 });
    equal(stage.commit(1, { topic: audit, partition: 0, offset: 0 }), "done");
    equal(lag(stage.group, stage.world.theTopic(audit)), 2);
  });

  test("only the present generation commits", () => {
    const stage = new Stage();
    equal(stage.commit(0, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    stage.join("a", audit);
    stage.join("b", audit);
    equal(stage.commit(1, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    equal(stage.commit(3, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    equal(stage.commit(2, { topic: audit, partition: 0, offset: 0 }), "done");
  });

  test("all offsets of a commit are taken or none", () => {
    const stage = new Stage();
    stage.publish(audit, "1");
    stage.join("a", audit);
    const good: OffsetCommit = { topic: audit, partition: 0, offset: 1 };
    const bad: readonly (readonly [OffsetCommit, string])[] = [
      [{ ...good, offset: 2 }, "offset-out-of-range"],
      [{ ...good, offset: -1 }, "offset-out-of-range"],
      [{ ...good, offset: 0.5 }, "offset-out-of-range"],
      [{ ...good, partition: 1 }, "unknown-partition"],
      [{ ...good, topic: 77 }, "unknown-topic"],
      [{ ...good, topic: live }, "not-a-log"],
    ];
    for (const [offset, refusal] of bad) equal(stage.commit(1, good, offset), refusal);
    equal(committedOffset(stage.group, audit, 0), undefined);
    deepEqual(stage.commit(1), "done", "an empty commit is no record");
  });
});
