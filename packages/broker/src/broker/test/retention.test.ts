/** How a broker keeps topics within their bounds: memory, age, bytes, what is deleted, and what turns out to be damaged. */
import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { createMetrics, type Log, seededRandom, silentLog } from "@sluice/runtime";
import type { SimulatedDisk } from "@sluice/testkit";
import { granted, refused, VirtualBroker } from "./world.ts";

const minuteMs = 60_000;
const all = { recordsMax: 1000, bytesMax: 10_000_000, waitMs: 0 };

async function bodies(world: VirtualBroker, topic: string, offset: number): Promise<string[]> {
  const asked = world.broker.fetch({ topic, partition: 0, offset, ...all });
  const { records } = granted(await world.answer(asked));
  return records.map(({ offset: at, body }) => `${at} ${Buffer.from(body).toString().slice(0, 8)}`);
}

async function bounds(world: VirtualBroker, topic: string): Promise<(number | undefined)[]> {
  const { description } = granted(await world.answer(world.broker.describeTopic(topic)));
  const [partition] = description.partitions;
  return [partition?.startOffset, partition?.endOffset];
}

test("a topic far larger than the memory is kept whole, and only its newest records are in memory", async () => {
  const metrics = createMetrics();
  const limits = { memoryBudgetBytes: 400_000 };
  await using world = await VirtualBroker.open({ on: "disk", limits, metrics });
  const expected: string[] = [];
  for (let i = 0; i < 200; i++) {
    await world.publish("news", String(i).padEnd(10_000, "x"));
    expected.push(`${i} ${String(i).padEnd(8, "x")}`);
  }
  const { values } = (await metrics.getSingleMetric("sluice_memory_bytes")?.get()) ?? { values: [] };
  const held = values[0]?.value ?? 0;
  ok(held > 80_000 && held < 150_000, `${held} bytes are held of 2,000,000 that were published`);
  deepEqual(await bodies(world, "news", 0), expected);
  await world.send("jobs", "there is room for a message");
});

test("a topic that is in memory alone is refused more than there is memory for", async () => {
  await using world = await VirtualBroker.open({ on: "disk", limits: { memoryBudgetBytes: 100_000 } });
  granted(await world.broker.createTopic({ topic: "memory", durability: "memory" }));
  const records = [{ key: undefined, body: Buffer.alloc(60_000), attributes: noAttributes }];
  granted(await world.answer(world.broker.publish({ topic: "memory", records })));
  refused(await world.answer(world.broker.publish({ topic: "memory", records })), "memory-full");
  granted(await world.answer(world.broker.publish({ topic: "disk", records })));
});

test("T4: old records go by themselves", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createTopic({ topic: "news", retentionMs: 10 * minuteMs }));
  await world.publish("news", "a", "b");
  await world.clock.advance(9 * minuteMs);
  await world.publish("news", "c");
  deepEqual(await bodies(world, "news", 0), ["0 a", "1 b", "2 c"]);
  await world.clock.advance(2 * minuteMs);
  deepEqual(await bounds(world, "news"), [2, 3]);
  refused(
    await world.answer(world.broker.fetch({ topic: "news", partition: 0, offset: 1, ...all })),
    "offset-out-of-range",
  );
  await world.clock.advance(60 * minuteMs);
  deepEqual(await bounds(world, "news"), [3, 3]);
});

test("T4: how long an existing topic keeps its records can be changed, and creating it again does not change it back", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("news", "a");
  const settings = async () => {
    const { description } = granted(await world.answer(world.broker.describeTopic("news")));
    return [description.retentionMs, description.retentionBytes];
  };
  deepEqual(await settings(), [7 * 24 * 60 * minuteMs, Number.POSITIVE_INFINITY]);
  granted(await world.answer(world.broker.configureTopic({ topic: "news", retentionMs: 2 * minuteMs })));
  granted(await world.answer(world.broker.createTopic({ topic: "news", retentionMs: 99 * minuteMs })));
  deepEqual(await settings(), [2 * minuteMs, Number.POSITIVE_INFINITY]);
  await world.clock.advance(3 * minuteMs);
  deepEqual(await bounds(world, "news"), [1, 1]);
  granted(await world.answer(world.broker.configureTopic({ topic: "news", retentionBytes: 30 })));
  await world.publish("news", "0123456789");
  await world.publish("news", "0123456789");
  await world.clock.advance(minuteMs);
  deepEqual(await bounds(world, "news"), [2, 3]);
  refused(await world.broker.configureTopic({ topic: "none", retentionMs: 1 }), "unknown-topic");
  refused(await world.broker.configureTopic({ topic: "news", retentionMs: 0 }), "invalid-setting");
});

test("T5, T8: a reader begins at a time; what is deleted is gone for everybody", async () => {
  await using world = await VirtualBroker.open();
  await world.publish("news", "a");
  await world.clock.advance(1000);
  const timeMs = world.clock.now().wallMs;
  await world.publish("news", "b", "c");
  const offsetAt = async (ms: number) =>
    granted(await world.answer(world.broker.offsetAt({ topic: "news", partition: 0, timeMs: ms }))).offset;
  deepEqual([await offsetAt(0), await offsetAt(timeMs), await offsetAt(timeMs + 1)], [0, 1, 3]);
  const remove = (offset: number) =>
    world.answer(world.broker.deleteRecordsBefore({ topic: "news", partition: 0, offset }));
  granted(await remove(2));
  granted(await remove(1));
  deepEqual(await bodies(world, "news", 2), ["2 c"]);
  refused(await remove(4), "offset-out-of-range");
});

/** The disk with a byte of `text` changed wherever it lies. */
function damage(disk: SimulatedDisk, text: string): void {
  for (const name of disk.fileNames()) {
    const content = Buffer.from(disk.content(name) ?? []);
    const at = content.indexOf(text);
    if (at < 0) continue;
    content[at] = 0;
    disk.setContent(name, content);
  }
}

function listening(): { readonly log: Log; readonly told: string[] } {
  const told: string[] = [];
  const log: Log = { ...silentLog, error: (_fields: unknown, text?: string) => void told.push(text ?? "") };
  return { log, told };
}

test("a batch that was damaged on the disk costs itself: it is told of, and reading goes on behind it", async () => {
  const { log, told } = listening();
  const limits = { memoryBudgetBytes: 4000 };
  await using world = await VirtualBroker.open({ on: "disk", limits, log });
  for (const body of ["first", "second", "third", "x".repeat(980)]) await world.publish("news", body);
  damage(world.disk, "second");
  const offsets = async (offset: number, recordsMax: number) => {
    const asked = world.broker.fetch({ topic: "news", partition: 0, offset, ...all, recordsMax });
    return granted(await world.answer(asked)).records.map((record) => record.offset);
  };
  deepEqual(told, []);
  deepEqual(await offsets(0, 1000), [0, 2, 3]);
  deepEqual(await offsets(1, 1), [2], "nobody stands still before it");
  const batches = world.broker.fetchBatches({ topic: "news", partition: 0, offset: 1, ...all });
  deepEqual(
    granted(await world.answer(batches)).batches.map(({ firstOffset }) => firstOffset),
    [2, 3],
  );
  deepEqual(new Set(told), new Set(["a batch of records is damaged and was passed over"]));
  world.disk.onCall = ({ operation }) => (operation === "read" ? "EIO" : undefined);
  refused(
    await world.answer(world.broker.fetch({ topic: "news", partition: 0, offset: 0, ...all })),
    "storage-failed",
  );
});

test("a batch that a start finds damaged is a gap between offsets", async () => {
  const world = await VirtualBroker.open({ on: "disk" });
  for (const body of ["first", "second", "third"]) await world.publish("news", body);
  await world[Symbol.asyncDispose]();
  damage(world.disk, "second");
  const random = seededRandom(4);
  const journal = await FileJournal.open({ disk: world.disk, random });
  const broker = await world.answer(Broker.open({ journal, clock: world.clock, random }));
  const asked = broker.fetch({ topic: "news", partition: 0, offset: 1, ...all });
  deepEqual(
    granted(await world.answer(asked)).records.map(({ offset }) => offset),
    [2],
  );
  await world.answer(broker[Symbol.asyncDispose]());
});
