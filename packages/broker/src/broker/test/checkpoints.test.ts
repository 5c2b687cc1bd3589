/** Checkpoints: the disk does not grow with what is gone, and a start from a checkpoint gives the same broker. */
import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "./ledger.ts";
import { granted } from "./world.ts";

const clock = new VirtualClock();

async function open(disk: SimulatedDisk): Promise<Broker> {
  const random = seededRandom(5);
  const journal = await FileJournal.open({ disk, random, segmentBytes: 8192 });
  return settled(clock, Broker.open({ journal, clock, random, checkpoints: { everyBytes: 20_000 } }));
}

const bytesOn = (disk: SimulatedDisk): number =>
  disk.fileNames().reduce((sum, name) => sum + (disk.content(name)?.byteLength ?? 0), 0);

async function sendAndAck(broker: Broker, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const messages = [{ body: Buffer.alloc(500, "x"), attributes: noAttributes }];
    granted(await settled(clock, broker.send({ queue: "busy", messages })));
    const { deliveries } = granted(
      await settled(clock, broker.receive({ queue: "busy", max: 1, waitMs: 0 })),
    );
    granted(await settled(clock, broker.ack({ queue: "busy", receipt: deliveries[0]?.receipt ?? "" })));
  }
}

test("what is acked leaves the disk", async () => {
  const disk = new SimulatedDisk(seededRandom(6));
  const broker = await open(disk);
  await sendAndAck(broker, 400);
  ok(bytesOn(disk) < 100_000, `${bytesOn(disk)} bytes are left of 200,000: ${disk.fileNames().join(" ")}`);
  await settled(clock, broker[Symbol.asyncDispose]());
});

test("what a topic keeps no longer leaves the disk", async () => {
  const disk = new SimulatedDisk(seededRandom(8));
  const broker = await open(disk);
  const records = [{ key: undefined, body: Buffer.alloc(500, "x"), attributes: noAttributes }];
  for (let offset = 1; offset <= 400; offset++) {
    granted(await settled(clock, broker.publish({ topic: "news", records })));
    const request = { topic: "news", partition: 0, offset };
    if (offset % 10 === 0) granted(await settled(clock, broker.deleteRecordsBefore(request)));
  }
  ok(bytesOn(disk) < 100_000, `${bytesOn(disk)} bytes are left of 200,000: ${disk.fileNames().join(" ")}`);
  await settled(clock, broker[Symbol.asyncDispose]());
});

test("a start from a checkpoint gives the same queues, topics, groups and leases", async () => {
  const disk = new SimulatedDisk(seededRandom(7));
  let broker = await open(disk);
  granted(
    await settled(
      clock,
      broker.createQueue({
        queue: "jobs",
        visibilityTimeoutMs: 60_000,
        deadLetter: { queue: "dead", receiveCountMax: 2 },
      }),
    ),
  );
  const bodies = ["held", "ready one", "ready two"].map((body) => ({
    body: Buffer.from(body),
    attributes: noAttributes,
  }));
  granted(await settled(clock, broker.send({ queue: "jobs", messages: bodies })));
  const { deliveries } = granted(await settled(clock, broker.receive({ queue: "jobs", max: 1, waitMs: 0 })));
  const records = [{ key: Buffer.from("k"), body: Buffer.from("news of old"), attributes: noAttributes }];
  granted(await settled(clock, broker.publish({ topic: "news", records })));
  granted(
    await settled(
      clock,
      broker.joinGroup({ group: "g", member: "m", topics: ["news"], onAssigned: () => {} }),
    ),
  );
  const offsets = [{ topic: "news", partition: 0, offset: 1 }];
  granted(await settled(clock, broker.commitOffsets({ group: "g", generation: 1, offsets })));
  const before = granted(await settled(clock, broker.describeQueue("jobs"))).description;
  await sendAndAck(broker, 200);
  await settled(clock, broker[Symbol.asyncDispose]());
  ok(
    disk.fileNames().some((name) => name.endsWith(".checkpoint")),
    disk.fileNames().join(" "),
  );

  broker = await open(disk);
  deepEqual(granted(await settled(clock, broker.describeQueue("jobs"))).description, before);
  granted(await settled(clock, broker.ack({ queue: "jobs", receipt: deliveries[0]?.receipt ?? "" })));
  const rest = granted(
    await settled(clock, broker.receive({ queue: "jobs", max: 10, waitMs: 0 })),
  ).deliveries;
  deepEqual(
    rest.map(({ body }) => Buffer.from(body).toString()),
    ["ready one", "ready two"],
  );
  const fetch = broker.fetch({
    topic: "news",
    partition: 0,
    offset: 0,
    recordsMax: 10,
    bytesMax: 1000,
    waitMs: 0,
  });
  deepEqual(
    granted(await settled(clock, fetch)).records.map(({ body }) => Buffer.from(body).toString()),
    ["news of old"],
  );
  const committed = broker.committedOffset({ group: "g", topic: "news", partition: 0 });
  deepEqual(granted(await settled(clock, committed)).offset, 1);
  const joined = broker.joinGroup({ group: "g", member: "m", topics: ["news"], onAssigned: () => {} });
  deepEqual(granted(await settled(clock, joined)).assignment.generation, 2);
  await settled(clock, broker[Symbol.asyncDispose]());
});
