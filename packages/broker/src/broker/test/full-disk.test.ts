/** A full disk, or a journal over its budget: what is new is refused, what drains goes on, and space that comes is used without a restart. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes } from "@sluice/broker";
import { FileJournal, type FileJournalOptions } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "./ledger.ts";
import { granted, refused } from "./world.ts";

const kilobyte = { body: Buffer.alloc(1000, "x"), attributes: noAttributes };
const record = { ...kilobyte, key: undefined };

interface World {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly answer: <Answer>(asked: Promise<Answer>) => Promise<Answer>;
}

async function open(disk: SimulatedDisk, options: Partial<FileJournalOptions>): Promise<World> {
  const clock = new VirtualClock();
  const random = seededRandom(8);
  const journal = await FileJournal.open({
    disk,
    random,
    clock,
    segmentBytes: 8192,
    reserveBytes: 20_000,
    ...options,
  });
  const broker = await settled(clock, Broker.open({ journal, clock, random }));
  for (let turn = 0; turn < 20; turn++) await clock.advance(0);
  return { broker, clock, answer: (asked) => settled(clock, asked) };
}

/** Sends until one is refused; answers with how many were taken. */
async function fill({ broker, answer }: World, queue: string): Promise<number> {
  for (let count = 0; ; count++) {
    const sent = await answer(broker.send({ queue, messages: [kilobyte] }));
    if (!sent.ok) {
      equal(sent.refusal, "disk-full");
      return count;
    }
  }
}

/** Receives and acks everything; answers with how many there were. */
async function drain({ broker, answer }: World, queue: string): Promise<number> {
  for (let count = 0; ; count++) {
    const { deliveries } = granted(await answer(broker.receive({ queue, max: 1, waitMs: 0 })));
    const [delivery] = deliveries;
    if (delivery === undefined) return count;
    granted(await answer(broker.ack({ queue, receipt: delivery.receipt })));
  }
}

for (const [what, options, capacityBytes, sentence] of [
  ["on a full disk", {}, 100_000, /disk is full/],
  ["over the budget", { budgetBytes: 100_000 }, Number.POSITIVE_INFINITY, /as many bytes as it may/],
] as const) {
  test(`${what} sends and publishes are refused, consumers drain to empty, and then everything is taken again`, async () => {
    const disk = new SimulatedDisk(seededRandom(9));
    disk.capacityBytes = capacityBytes;
    const world = await open(disk, options);
    const { broker, clock, answer } = world;
    granted(await answer(broker.publish({ topic: "news", records: [record] })));
    for (let round = 0; round < 3; round++) {
      const taken = await fill(world, "jobs");
      match(
        refused(await answer(broker.publish({ topic: "news", records: [record] })), "disk-full"),
        sentence,
      );
      const publishes = [{ topic: "news", records: [record] }];
      refused(await answer(broker.transact({ publishes })), "disk-full");
      const readiness = broker.readiness();
      match(readiness.ready ? "" : readiness.reason, sentence);

      equal(await drain(world, "jobs"), taken);
      for (let second = 0; second < 5; second++) await clock.advance(1000);
      deepEqual(broker.readiness(), { ready: true });
    }
    await answer(broker[Symbol.asyncDispose]());
  });
}

for (const [what, options, capacityBytes] of [
  ["on a full disk", {}, 100_000],
  ["over the budget", { budgetBytes: 100_000 }, Number.POSITIVE_INFINITY],
] as const) {
  test(`${what} a message here and there does not hold the rest: it is moved, and everything is taken again`, async () => {
    const disk = new SimulatedDisk(seededRandom(14));
    disk.capacityBytes = capacityBytes;
    const world = await open(disk, options);
    const { broker, clock, answer } = world;
    const kept = new Set<string>();
    for (let full = false; !full; ) {
      // Some in each segment.
      const body = Buffer.from(`kept ${kept.size}`);
      const sent = await answer(broker.send({ queue: "kept", messages: [{ ...kilobyte, body }] }));
      if (sent.ok) kept.add(body.toString());
      for (let i = 0; i < 4 && !full; i++)
        full = !(await answer(broker.send({ queue: "jobs", messages: [kilobyte] }))).ok;
    }
    ok(kept.size > 10);
    await drain(world, "jobs");
    for (let second = 0; second < 30; second++) await clock.advance(1000);
    deepEqual(broker.readiness(), { ready: true });
    ok((await fill(world, "jobs")) > 40, "there is room for about as much as before");
    const { deliveries } = granted(await answer(broker.receive({ queue: "kept", max: 100, waitMs: 0 })));
    deepEqual(new Set(deliveries.map(({ body }) => Buffer.from(body).toString())), kept);
    await answer(broker[Symbol.asyncDispose]());
  });
}

test("what was finished before the disk was full makes space without anything more being done", async () => {
  const disk = new SimulatedDisk(seededRandom(13));
  disk.capacityBytes = 100_000;
  const world = await open(disk, {});
  const { broker, clock, answer } = world;
  for (;;) {
    granted(await answer(broker.send({ queue: "jobs", messages: [kilobyte] })));
    if (!broker.readiness().ready) break;
    equal(await drain(world, "jobs"), 1);
  }
  for (let second = 0; second < 5; second++) await clock.advance(1000);
  deepEqual(broker.readiness(), { ready: true });
  equal(await drain(world, "jobs"), 1);
  await answer(broker[Symbol.asyncDispose]());
});

test("what is not written is taken on a full disk as well", async () => {
  const disk = new SimulatedDisk(seededRandom(10));
  disk.capacityBytes = 100_000;
  const world = await open(disk, {});
  const { broker, answer } = world;
  granted(await answer(broker.createQueue({ queue: "fleeting", durability: "memory" })));
  granted(await answer(broker.createTopic({ topic: "live", retention: "live" })));
  await fill(world, "jobs");
  granted(await answer(broker.send({ queue: "fleeting", messages: [kilobyte] })));
  granted(await answer(broker.publish({ topic: "live", records: [record] })));
  await answer(broker[Symbol.asyncDispose]());
});

test("a repeat of what was taken is answered on a full disk", async () => {
  const disk = new SimulatedDisk(seededRandom(11));
  disk.capacityBytes = 100_000;
  const world = await open(disk, {});
  const { broker, answer } = world;
  const request = { queue: "jobs", messages: [kilobyte], producer: { producer: "p", sequence: 1 } };
  const first = granted(await answer(broker.send(request)));
  await fill(world, "jobs");
  deepEqual(granted(await answer(broker.send(request))).messageIds, first.messageIds);
  await answer(broker[Symbol.asyncDispose]());
});

test("leases may come and go on a full disk for as long as they like", async () => {
  const disk = new SimulatedDisk(seededRandom(12));
  disk.capacityBytes = 100_000;
  const world = await open(disk, {});
  const { broker, clock, answer } = world;
  await fill(world, "jobs");
  for (let round = 0; round < 2000; round++) {
    const [delivery] = granted(await answer(broker.receive({ queue: "jobs", max: 1, waitMs: 0 }))).deliveries;
    granted(await answer(broker.nack({ queue: "jobs", receipt: delivery?.receipt ?? "", delayMs: 0 })));
    if (round % 20 === 0) await clock.advance(1000);
  }
  await answer(broker[Symbol.asyncDispose]());
});
