/** Batches that are written once more: readers find them where they are then, over restarts too, and the places before die. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import {
  applyToTopic,
  decidePublish,
  decideRelocateBatches,
  decideTrim,
  type FoundBatch,
  takeDeadBatches,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const news = 1;

function worldWith(...batches: string[][]): TopicWorld {
  const world = new TopicWorld();
  world.createTopic(news);
  for (const batch of batches)
    world.submit(decidePublish(world.theTopic(news), { records: batch.map(outgoing) }, world.now));
  return world;
}

/** Every batch, as somebody finds it who looks now. */
const found = (world: TopicWorld): FoundBatch[] =>
  world
    .theTopic(news)
    .partitions.flatMap(({ batches }, partition) =>
      batches.map((batch) => ({ partition, ...batch, bytes: world.bytesOf(batch) })),
    );

const places = (world: TopicWorld): number[] => found(world).map(({ position }) => position);

test("batches lie where they were written last, and where they lay before is dead", () => {
  const world = worldWith(["a", "b"], ["c"], ["d"]);
  deepEqual(places(world), [1, 2, 3]);
  const [first, , third] = found(world) as [FoundBatch, FoundBatch, FoundBatch];
  world.submit(decideRelocateBatches(world.theTopic(news), [first, third]));
  deepEqual(places(world), [4, 2, 5]);
  deepEqual(takeDeadBatches(world.theTopic(news)), [1, 3]);
  world.audit();
  deepEqual(places(world.restarted()), [4, 2, 5]);
  deepEqual(places(world.checkpointed()), [4, 2, 5]);
});

test("only what is still there, where it was found, is relocated", () => {
  const world = worldWith(["a"], ["b"], ["c"]);
  const before = found(world);
  world.submit(decideTrim(world.theTopic(news), { partition: 0, offset: 1 }));
  world.submit(decideRelocateBatches(world.theTopic(news), before.slice(1, 2)));
  const decided = decideRelocateBatches(world.theTopic(news), before);
  deepEqual(
    decided.records.map(
      ({ record }) => record.kind === "relocated" && record.batches.map((b) => b.firstOffset),
    ),
    [[2]],
  );
  equal(decided.reply.bodyBytes, before[2]?.bytes.byteLength);
  deepEqual(decideRelocateBatches(world.theTopic(news), before.slice(0, 2)).records, []);
});

test("of a batch that is gone when its relocation is replayed, the new place dies, and nothing is counted as lost", () => {
  const world = worldWith(["a"]);
  const topic = world.theTopic(news);
  const batches = [0, 1].map((firstOffset) => ({ partition: 0, firstOffset, bytes: { byteLength: 9 } }));
  applyToTopic(topic, { kind: "relocated", batches }, [7, 8, 9], 1);
  deepEqual(takeDeadBatches(topic), [1, 9]);
  deepEqual([topic.partitions[0]?.batches[0]?.position, topic.orphanRecords], [8, 0]);
  applyToTopic(topic, { kind: "relocated", batches }, [0, 0]);
  deepEqual(takeDeadBatches(topic), [], "what was not written lies where it lay");
});
