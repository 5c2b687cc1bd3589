/** What a topic keeps: by age, by bytes, and what somebody deletes; and where a reader begins who asks for a time. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  decidePublish,
  decideRetention,
  decideTrim,
  nextRetentionMs,
  offsetAtTime,
  type TopicSettings,
  takeDeadBatches,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const news = 1;

/** A topic of one partition with a batch for each list, published one second after the other. */
function worldWith(settings: Partial<TopicSettings>, ...batches: string[][]): TopicWorld {
  const world = new TopicWorld();
  world.createTopic(news, settings);
  for (const batch of batches) {
    world.wallMs += 1000;
    world.submit(decidePublish(world.theTopic(news), { records: batch.map(outgoing) }, world.now));
  }
  return world;
}

/** What is kept, as `offset body`; a restart and a checkpoint keep the same. */
function kept(world: TopicWorld): string[] {
  world.audit();
  const { startOffset = 0 } = world.theTopic(news).partitions[0] ?? {};
  const records = world.read(news, { partition: 0, offset: startOffset, recordsMax: 100, bytesMax: 1e6 });
  if (typeof records === "string") return [records];
  return records.map(({ offset, body }) => `${offset} ${new TextDecoder().decode(body)}`);
}

function retain(world: TopicWorld): string[] {
  world.submit(decideRetention(world.theTopic(news), world.now));
  return kept(world);
}

function trim(world: TopicWorld, offset: number, partition = 0): string[] {
  const reply = world.submit(decideTrim(world.theTopic(news), { partition, offset }));
  return "refusal" in reply ? [reply.refusal] : kept(world);
}

suite("T4: retention", () => {
  test("what is too old goes, batch by batch, and in the end everything", () => {
    const world = worldWith({ retentionMs: 5000 }, ["a", "b"], ["c"], ["d"]);
    world.wallMs += 2999;
    deepEqual(retain(world), ["0 a", "1 b", "2 c", "3 d"]);
    world.wallMs += 1;
    deepEqual(retain(world), ["2 c", "3 d"]);
    world.wallMs += 60_000;
    deepEqual(retain(world), []);
    equal(world.theTopic(news).partitions[0]?.startOffset, 4);
  });

  test("of too many bytes the oldest go, but never the last batch", () => {
    const world = worldWith({ retentionBytes: 25 }, ["a"], ["bb"], ["ccc"]);
    deepEqual(retain(world), ["1 bb", "2 ccc"]);
    const large = worldWith({ retentionBytes: 25 }, ["a"], ["x".repeat(100)]);
    deepEqual(retain(large), [`1 ${"x".repeat(100)}`]);
  });

  test("nothing to trim is no record", () => {
    const world = worldWith({}, ["a"]);
    deepEqual(decideRetention(world.theTopic(news), world.now), {
      ok: true,
      records: [],
      reply: { done: true },
    });
  });

  test("the next look is when the oldest batch will be too old; never without a bound or without records", () => {
    const world = worldWith({ retentionMs: 5000 }, ["a"], ["b"]);
    equal(nextRetentionMs(world.theTopic(news), world.now), 4000);
    equal(
      nextRetentionMs(worldWith({ retentionMs: Number.POSITIVE_INFINITY }, ["a"]).theTopic(news), world.now),
      undefined,
    );
    equal(nextRetentionMs(worldWith({}).theTopic(news), world.now), undefined);
  });
});

suite("T8: records before an offset are deleted", () => {
  test("also in the middle of a batch, which stays until its last record goes", () => {
    const world = worldWith({}, ["a", "b", "c"], ["d"]);
    deepEqual(trim(world, 2), ["2 c", "3 d"]);
    deepEqual(takeDeadBatches(world.theTopic(news)), []);
    deepEqual(trim(world, 3), ["3 d"]);
    deepEqual(takeDeadBatches(world.theTopic(news)), [1]);
    deepEqual(trim(world, 1), ["3 d"], "never back");
    deepEqual(trim(world, 4), []);
  });

  test("nothing behind the end, and not where nothing is", () => {
    const world = worldWith({}, ["a"]);
    deepEqual(trim(world, 2), ["offset-out-of-range"]);
    deepEqual(trim(world, 0.5), ["offset-out-of-range"]);
    deepEqual(trim(world, 0, 1), ["unknown-partition"]);
    deepEqual(trim(worldWith({ retention: "live" }), 0), ["not-a-log"]);
  });

  test("a trim that outlived what it was about still holds: offsets go on behind it", () => {
    const world = worldWith({}, ["a", "b"], ["c"]);
    trim(world, 3);
    const damaged = world.restarted(world.journal.toSpliced(1, 2));
    const { startOffset, endOffset } = damaged.theTopic(news).partitions[0] ?? {};
    deepEqual([startOffset, endOffset], [3, 3]);
  });
});

test("T5: a time is the offset of the first record that was published then or later", () => {
  const world = worldWith({}, ["a", "b"], ["c"], ["d"]);
  const at = (ms: number) => {
    const answer = offsetAtTime(world.theTopic(news), 0, world.wallMs + ms);
    return answer.ok ? answer.reply : answer.refusal;
  };
  deepEqual([-10_000, -2000, -1999, -1000, 0, 1].map(at), [0, 0, 2, 2, 3, 4]);
  trim(world, 1);
  deepEqual([-10_000, -2000, -1999].map(at), [1, 1, 2]);
  const none = offsetAtTime(world.theTopic(news), 7, 0);
  equal(none.ok ? "ok" : none.refusal, "unknown-partition");
});
