/** T2, told step by step: who is in a group, what is revoked from whom, and when the next generation begins. */
import { equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  groupDueMs,
  rebalanceTimeoutMsMax,
  sessionTimeoutMsMax,
  topicDurability,
} from "../../src/topic/index.ts";
import { audit, billing, live, orders, payments, Stage } from "./group-stage.ts";

const second = 1_000;
const patient = { rebalanceTimeoutMs: 10 * second };

suite("T2: who reads what", () => {
  test("each join and leave deals out anew, evenly, and moves as little as it can", () => {
    const stage = new Stage();
    equal(stage.join("b", [orders]), "1: b 1/0 1/1 1/2 1/3");
    equal(stage.join("a", [orders]), "2: a 1/2 1/3; b 1/0 1/1");
    equal(stage.join("c", [orders]), "3: a 1/2 1/3; b 1/0; c 1/1");
    equal(stage.leave("a"), "4: b 1/0 1/2; c 1/1 1/3");
    equal(stage.leave("b"), "5: c 1/0 1/1 1/2 1/3");
    equal(stage.leave("c"), "6:");
  });

  test("topics with equal partition counts are assigned alike", () => {
    const stage = new Stage();
    stage.join("a", [orders, payments]);
    equal(stage.join("b", [payments, orders]), "2: a 1/0 1/1 2/0 2/1; b 1/2 1/3 2/2 2/3");
  });

  test("topics that were read apart come together where fewer partitions have to move", () => {
    const stage = new Stage();
    stage.join("a", [orders]);
    equal(stage.join("b", [payments]), "2: a 1/0 1/1 1/2 1/3; b 2/0 2/1 2/2 2/3");
    equal(stage.join("a", [orders, payments]), "3: a 1/0 1/1 1/2 1/3 2/2 2/3; b 2/0 2/1");
    equal(stage.join("b", [orders, payments]), "4: a 1/2 1/3 2/2 2/3; b 1/0 1/1 2/0 2/1");
  });

  test("what is odd in one topic evens out what is odd in another", () => {
    const stage = new Stage();
    stage.world.createTopic(5, { partitionCount: 3 });
    stage.join("a", [audit, 5]);
    equal(stage.join("b", [audit, 5]), "2: a 3/0 5/0; b 5/1 5/2");
  });

  test("a member reads only what it wants; with too few partitions it waits", () => {
    const stage = new Stage();
    stage.join("a", [orders, audit]);
    equal(stage.join("b", [audit]), "2: a 1/0 1/1 1/2 1/3; b 3/0");
    equal(stage.join("c", [audit]), "3: a 1/0 1/1 1/2 1/3; b 3/0; c");
  });

  test("who is a member already joins anew, with the topics that it names now", () => {
    const stage = new Stage();
    stage.join("a", [orders]);
    equal(stage.join("a", [audit]), "2: a 3/0");
    equal(stage.join("a", [audit]), "3: a 3/0");
    equal(stage.join("a", [audit, audit]), "4: a 3/0");
  });

  test("what cannot be joined, left or released is refused, and no generation begins", () => {
    const stage = new Stage();
    equal(stage.join("a", [orders, 77]), "unknown-topic");
    equal(stage.join("a", [live]), "not-a-log");
    for (const timeoutMs of [-1, Number.NaN, rebalanceTimeoutMsMax + 1])
      equal(stage.join("a", [orders], { rebalanceTimeoutMs: timeoutMs }), "invalid-setting");
    for (const timeoutMs of [0, Number.NaN, sessionTimeoutMsMax + 1])
      equal(stage.join("a", [orders], { sessionTimeoutMs: timeoutMs }), "invalid-setting");
    equal(stage.leave("a"), "unknown-member");
    equal(stage.release("a", 0), "unknown-member");
    equal(stage.heartbeat("a"), "unknown-member");
    equal(stage.group.assignment.generation, 0);
    equal(topicDurability(stage.world.theTopic(live).settings), "memory");
  });
});

suite("T2: a revoke is announced", () => {
  test("the generation begins when what is lost has been released; until then the old one commits", () => {
    const stage = new Stage();
    equal(stage.join("a", [orders], patient), "1: a 1/0 1/1 1/2 1/3");
    stage.publish(orders, "1", "2", "3", "4");
    equal(stage.join("b", [orders], patient), "revoked a 1/2 1/3 until 10000");
    equal(stage.commit(1, { topic: orders, partition: 2, offset: 1 }), "done");
    equal(stage.release("a", 1), "2: a 1/0 1/1; b 1/2 1/3");
    equal(stage.commit(1, { topic: orders, partition: 3, offset: 1 }), "stale-generation");
    equal(stage.release("a", 1), "stale-generation");
    equal(stage.release("a", 2), "nothing");
  });

  test("partitions may be released one by one", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders], patient);
    equal(stage.release("a", 1, [[orders, 3]]), "nothing");
    equal(stage.release("a", 1, [[orders, 0]]), "nothing");
    equal(stage.release("a", 1, [[orders, 2]]), "2: a 1/0 1/1; b 1/2 1/3");
  });

  test("who does not release is waited for as long as it asked for, and no longer", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders]);
    equal(stage.advance(10 * second - 1), "nothing");
    equal(stage.advance(1), "2: a 1/0 1/1; b 1/2 1/3");
    equal(stage.advance(60 * second), "nothing");
  });

  test("who has no patience is not asked, and not waited for beside those who are", () => {
    const stage = new Stage();
    stage.join("a", [orders], { rebalanceTimeoutMs: 0 });
    equal(stage.join("b", [orders], { rebalanceTimeoutMs: 4 * second }), "2: a 1/0 1/1; b 1/2 1/3");
    equal(stage.join("c", [orders]), "revoked b 1/3 until 4000");
    equal(stage.join("d", [orders]), "nothing");
    equal(stage.release("b", 2), "3: a 1/0; b 1/2; c 1/1; d 1/3");
  });

  test("joins in the meantime are folded into one generation, and do not put it off", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    equal(stage.join("b", [orders], patient), "revoked a 1/2 1/3 until 10000");
    stage.advance(9 * second);
    equal(stage.join("c", [orders], patient), "nothing");
    equal(stage.join("d", [orders], patient), "revoked a 1/1 until 10000");
    equal(stage.advance(second), "2: a 1/0; b 1/1; c 1/2; d 1/3");
  });

  test("a member that is asked late has no more time than is left of the rebalance", () => {
    const stage = new Stage();
    stage.join("a", [orders], { rebalanceTimeoutMs: 3 * second });
    stage.join("b", [payments], patient);
    equal(stage.join("c", [orders]), "revoked a 1/2 1/3 until 3000");
    stage.advance(second);
    equal(stage.join("d", [payments]), "revoked b 2/2 2/3 until 3000");
    equal(stage.release("a", 2), "nothing");
    equal(stage.advance(2 * second), "3: a 1/0 1/1; b 2/0 2/1; c 1/2 1/3; d 2/2 2/3");
  });

  test("a time that is over without a reason is nothing to wake up for", () => {
    const stage = new Stage();
    stage.join("a", [orders], { rebalanceTimeoutMs: 3 * second });
    stage.join("b", [payments], patient);
    stage.join("d", [payments]);
    equal(stage.join("c", [orders]), "revoked a 1/2 1/3 until 3000");
    stage.leave("c");
    equal(stage.advance(3 * second), "nothing");
    equal(groupDueMs(stage.group), 10 * second);
    equal(stage.release("b", 2), "3: a 1/0 1/1 1/2 1/3; b 2/0 2/1; d 2/2 2/3");
    equal(groupDueMs(stage.group), undefined);
  });

  test("when the reason goes away, everybody has what it had, in a new generation", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders]);
    stage.release("a", 1, [[orders, 2]]);
    equal(stage.leave("b"), "2: a 1/0 1/1 1/2 1/3");
  });

  test("who joins anew in the middle is asked anew: it may not have heard", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders]);
    stage.advance(9 * second);
    equal(stage.join("a", [orders], { rebalanceTimeoutMs: 500 }), "revoked a 1/2 1/3 until 9500");
    equal(stage.release("a", 1), "2: a 1/0 1/1; b 1/2 1/3");
  });

  test("nobody waits for a member that leaves instead of releasing", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders]);
    equal(stage.leave("a"), "2: b 1/0 1/1 1/2 1/3");
  });

  test("who names other topics has let go of those that it names no longer", () => {
    const stage = new Stage();
    stage.join("a", [orders, audit], patient);
    equal(stage.join("a", [payments, audit], patient), "2: a 2/0 2/1 2/2 2/3 3/0");
    equal(stage.join("b", [payments]), "revoked a 2/2 2/3 until 10000");
    equal(stage.join("a", [audit], patient), "3: a 3/0; b 2/0 2/1 2/2 2/3");
  });
});

suite("T2: silence", () => {
  const mortal = { sessionTimeoutMs: 15 * second, rebalanceTimeoutMs: 10 * second };

  test("who is silent for too long is dropped, and nobody waits for its release", () => {
    const stage = new Stage();
    stage.join("a", [orders], mortal);
    stage.join("b", [audit]);
    equal(stage.advance(15 * second - 1), "nothing");
    equal(stage.advance(1), "dropped a; 3: b 3/0");
    equal(stage.heartbeat("a"), "unknown-member");
  });

  test("heartbeats and releases are signs of life", () => {
    const stage = new Stage();
    stage.join("a", [orders], mortal);
    stage.advance(14 * second);
    equal(stage.heartbeat("a"), "done");
    stage.advance(14 * second);
    equal(stage.join("b", [orders], { sessionTimeoutMs: 60 * second }), "revoked a 1/2 1/3 until 38000");
    equal(stage.release("a", 1, [[orders, 2]]), "nothing");
    equal(stage.advance(2 * second), "nothing");
    equal(stage.advance(8 * second), "2: a 1/0 1/1; b 1/2 1/3");
    equal(stage.advance(5 * second), "dropped a; 3: b 1/0 1/1 1/2 1/3");
  });

  test("silence in the middle of a rebalance ends the wait", () => {
    const stage = new Stage();
    stage.join("a", [orders], mortal);
    stage.advance(10 * second);
    stage.join("b", [orders]);
    equal(stage.advance(5 * second), "dropped a; 2: b 1/0 1/1 1/2 1/3");
  });
});

suite("T2: restarts", () => {
  test("a restart ends every membership and every wait, and the generation goes on from there", () => {
    for (const restart of ["restarted", "checkpointed"] as const) {
      const stage = new Stage();
      stage.join("a", [audit], patient);
      stage.join("b", [audit]);
      stage.join("b", [orders, audit]);
      stage.world = stage.world[restart]();
      equal(stage.commit(3, { topic: audit, partition: 0, offset: 0 }), "stale-generation");
      equal(stage.leave("a"), "unknown-member");
      equal(stage.join("b", [audit]), "4: b 3/0");
    }
  });

  test("what waits for a release is gone with the process", () => {
    const stage = new Stage();
    stage.join("a", [orders], patient);
    stage.join("b", [orders]);
    stage.world = stage.world.restarted();
    equal(stage.group.rebalance, undefined);
    equal(stage.join("b", [orders]), "2: b 1/0 1/1 1/2 1/3");
  });

  test("a journal that repeats an old generation does not bring it back", () => {
    const stage = new Stage();
    stage.join("a", [audit]);
    stage.join("b", [audit]);
    const firstJoin = stage.world.journal.length - 2;
    const again = stage.world.restarted([
      ...stage.world.journal,
      ...stage.world.journal.slice(firstJoin, firstJoin + 1),
    ]);
    equal(again.theGroup(billing).assignment.generation, 2);
  });
});
