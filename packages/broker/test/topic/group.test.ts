/** Offset commit and lag: how far a group has come. Membership is in rebalance.test.ts. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  applyToGroup,
  applyToTopic,
  committedOffset,
  lag,
  type OffsetCommit,
} from "../../src/topic/index.ts";
import { audit, live, orders, Stage } from "./group-stage.ts";

suite("T3: offset commit and lag", () => {
  test("a commit says how far the group has read, and stays over a restart", () => {
    const stage = new Stage();
    stage.publish(orders, "abc:1", "abc:2", "foobar:3");
    stage.join("a", [orders]);
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
    stage.join("a", [audit]);
    stage.commit(1, { topic: audit, partition: 0, offset: 2 });
    equal(stage.commit(1, { topic: audit, partition: 0, offset: 0 }), "done");
    equal(lag(stage.group, stage.world.theTopic(audit)), 2);
  });

  test("only the present generation commits", () => {
    const stage = new Stage();
    equal(stage.commit(0, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    stage.join("a", [audit]);
    stage.join("b", [audit]);
    equal(stage.commit(1, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    equal(stage.commit(3, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
    equal(stage.commit(2, { topic: audit, partition: 0, offset: 0 }), "done");
  });

  test("all offsets of a commit are taken or none", () => {
    const stage = new Stage();
    stage.publish(audit, "1");
    stage.join("a", [audit]);
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
