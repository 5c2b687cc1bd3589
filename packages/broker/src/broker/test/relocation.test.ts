/** A few bodies that are kept hold on to no segment: they are appended once more, and nobody who reads them notices. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes, type QueueDelivery } from "@sluice/broker";
import { type Disk, type DiskFile, FileJournal } from "@sluice/broker/journal";
import { createLog, createMetrics, type Registry, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "./ledger.ts";
import { granted } from "./world.ts";

const clock = new VirtualClock();
const random = seededRandom(21);
const segmentBytes = 4096;

interface Options {
  readonly metrics?: Registry;
  readonly memoryBudgetBytes?: number;
  readonly everyBytes?: number;
  readonly lines?: string[];
}

async function open(disk: Disk, options: Options = {}): Promise<Broker> {
  const { metrics = createMetrics(), memoryBudgetBytes = 1_000_000, everyBytes = 6000, lines = [] } = options;
  const journal = await FileJournal.open({ disk, random, segmentBytes });
  const log = createLog("error", { write: (line) => void lines.push(line) });
  const checkpoints = { everyBytes };
  const limits = { memoryBudgetBytes };
  return answer(Broker.open({ journal, clock, random, metrics, checkpoints, limits, log }));
}

const answer = <Answer>(asked: Promise<Answer>): Promise<Answer> => settled(clock, asked);
const close = (broker: Broker): Promise<void> => answer(broker[Symbol.asyncDispose]());

async function send(broker: Broker, queue: string, ...bodies: string[]): Promise<void> {
  const messages = bodies.map((body) => ({ body: Buffer.from(body), attributes: noAttributes }));
  granted(await answer(broker.send({ queue, messages })));
}

async function receive(broker: Broker, queue: string, max = 100): Promise<readonly QueueDelivery[]> {
  return granted(await answer(broker.receive({ queue, max, waitMs: 0 }))).deliveries;
}

const texts = (of: readonly { readonly body: Uint8Array }[]): string[] =>
  of.map(({ body }) => Buffer.from(body).toString());

/** Messages come and go, each a quarter of a segment. */
async function pass(broker: Broker, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await send(broker, "passing", "x".repeat(1000));
    const [delivery] = await receive(broker, "passing", 1);
    granted(await answer(broker.ack({ queue: "passing", receipt: delivery?.receipt ?? "" })));
  }
  await clock.advance(0);
}

async function publish(broker: Broker, ...bodies: string[]): Promise<void> {
  const records = bodies.map((body) => ({
    key: undefined,
    body: Buffer.from(body),
    attributes: noAttributes,
  }));
  granted(await answer(broker.publish({ topic: "news", records })));
}

const fetch = (broker: Broker) =>
  broker.fetch({ topic: "news", partition: 0, offset: 0, recordsMax: 1000, bytesMax: 1e6, waitMs: 0 });

const segments = (disk: SimulatedDisk): string[] =>
  disk.fileNames().filter((name) => name.endsWith(".segment"));

async function relocatedBytes(metrics: Registry): Promise<number> {
  const metric = await metrics.getSingleMetric("sluice_relocated_bytes_total")?.get();
  return metric?.values[0]?.value ?? 0;
}

test("messages and records that stay do not keep what passed beside them; they are there after a restart", async () => {
  const disk = new SimulatedDisk(random);
  const metrics = createMetrics();
  let broker = await open(disk, { metrics });
  const kept: string[] = [];
  for (let i = 0; i < 40; i++) {
    kept.push(`kept ${i}`);
    await send(broker, "kept", `kept ${i}`);
    await publish(broker, `kept ${i}`);
    await pass(broker, 4);
  }
  ok(segments(disk).length < 8, `${segments(disk).length} segments are left of more than 40`);
  ok((await relocatedBytes(metrics)) >= 2 * 30 * "kept 0".length);
  await close(broker);

  broker = await open(disk);
  deepEqual(texts(await receive(broker, "kept")), kept);
  deepEqual(texts(granted(await answer(fetch(broker))).records), kept);
  await close(broker);
});

test("a start relocates what a process left that was killed right after its checkpoint", async () => {
  const disk = new SimulatedDisk(random);
  const broker = await open(disk, { everyBytes: 60_000 });
  let image: SimulatedDisk | undefined;
  disk.onCall = ({ operation }) => {
    if (operation === "remove") image ??= disk.imageAfterKill();
    return undefined;
  };
  for (let i = 0; image === undefined; i++) {
    await send(broker, "kept", `kept ${i}`);
    await pass(broker, 4);
  }
  ok(segments(image).length > 10, "nothing was removed yet");
  const next = await open(image, { everyBytes: Number.POSITIVE_INFINITY });
  await clock.advance(0);
  await close(next);
  ok(segments(image).length < 5, segments(image).join(" "));
});

test("what was finished after the last checkpoint lets go of its segments after a start, though nobody asks for its queue", async () => {
  const disk = new SimulatedDisk(random);
  let broker = await open(disk, { everyBytes: Number.POSITIVE_INFINITY });
  for (let i = 0; i < 10; i++) await send(broker, "idle", "x".repeat(1500));
  for (const { receipt } of await receive(broker, "idle"))
    granted(await answer(broker.ack({ queue: "idle", receipt })));
  await close(broker);
  broker = await open(disk);
  await pass(broker, 20);
  ok(segments(disk).length < 4, segments(disk).join(" "));
  await close(broker);
});

test("a segment of which more than a quarter is wanted stays as it is", async () => {
  const disk = new SimulatedDisk(random);
  const metrics = createMetrics();
  const broker = await open(disk, { metrics });
  for (let i = 0; i < 10; i++) {
    await send(broker, "kept", "y".repeat(1500));
    await pass(broker, 1);
  }
  equal(await relocatedBytes(metrics), 0);
  await close(broker);
});

test("a message that was moved to the dead letters and acked there does not keep the segment it was sent to", async () => {
  const disk = new SimulatedDisk(random);
  const broker = await open(disk, { everyBytes: 4000 });
  granted(await answer(broker.createQueue({ queue: "dead" })));
  granted(
    await answer(
      broker.createQueue({
        queue: "jobs",
        visibilityTimeoutMs: 10,
        deadLetter: { queue: "dead", receiveCountMax: 1 },
      }),
    ),
  );
  for (let i = 0; i < 20; i++) {
    await send(broker, "jobs", "z".repeat(1500));
    await receive(broker, "jobs");
    await clock.advance(20);
    for (const { receipt } of await receive(broker, "dead"))
      granted(await answer(broker.ack({ queue: "dead", receipt })));
  }
  await pass(broker, 8);
  ok(segments(disk).length < 6, segments(disk).join(" "));
  await close(broker);
});

/** A disk whose next read of a file is held up until `release` is called. */
function slowDisk(disk: SimulatedDisk): { readonly disk: Disk; readonly hold: () => () => void } {
  let gate: Promise<void> | undefined;
  const slow = (file: DiskFile): DiskFile => ({
    write: (bytes, offset) => file.write(bytes, offset),
    read: async (bytes, offset) => {
      const held = gate;
      gate = undefined;
      await held;
      return file.read(bytes, offset);
    },
    sync: () => file.sync(),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    close: () => file.close(),
  });
  return {
    disk: {
      list: () => disk.list(),
      create: async (name) => slow(await disk.create(name)),
      open: async (name) => slow(await disk.open(name)),
      remove: (name) => disk.remove(name),
      rename: (from, to) => disk.rename(from, to),
      syncDirectory: () => disk.syncDirectory(),
      lock: () => disk.lock(),
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

test("what is relocated while a delivery waits for the disk is read where it is then", async () => {
  const simulated = new SimulatedDisk(random);
  const { disk, hold } = slowDisk(simulated);
  const lines: string[] = [];
  // So little memory that no body stays in it.
  const broker = await open(disk, { memoryBudgetBytes: 8000, everyBytes: 8000, lines });
  await send(broker, "memory-filler", "m".repeat(4100));
  for (const body of ["one", "two", "three"]) {
    await send(broker, "kept", body);
    await send(broker, "passing", "x".repeat(1800), "x".repeat(1800));
  }
  const release = hold();
  const receiving = broker.receive({ queue: "kept", max: 10, waitMs: 0 });
  await clock.advance(0);
  const before = segments(simulated);
  for (const { receipt } of await receive(broker, "passing"))
    granted(await answer(broker.ack({ queue: "passing", receipt })));
  await pass(broker, 20);
  deepEqual(
    before.slice(2).filter((name) => segments(simulated).includes(name)),
    [],
    "the segments are gone in which the delivery found the bodies",
  );
  release();
  deepEqual(texts(granted(await answer(receiving)).deliveries), ["one", "two", "three"]);
  deepEqual(lines, []);
  await close(broker);
});

test("a damaged body stays where it is and is told of when it is delivered; the others beside it go on to be there", async () => {
  const disk = new SimulatedDisk(random);
  const lines: string[] = [];
  const metrics = createMetrics();
  const broker = await open(disk, { memoryBudgetBytes: 8000, everyBytes: 8000, lines, metrics });
  await send(broker, "memory-filler", "m".repeat(4100));
  for (const body of ["whole", "damaged", "too"]) await send(broker, "kept", body);
  for (let i = 0; i < 3; i++) await send(broker, "passing", "x".repeat(1800));
  for (const name of segments(disk)) {
    const bytes = Buffer.from(disk.content(name) ?? []);
    const at = bytes.indexOf("damaged");
    if (at < 0) continue;
    bytes[at] = 0;
    disk.setContent(name, bytes);
  }
  for (const { receipt } of await receive(broker, "passing"))
    granted(await answer(broker.ack({ queue: "passing", receipt })));
  await pass(broker, 30);
  ok((await relocatedBytes(metrics)) >= "whole".length + "too".length);
  deepEqual(lines, []);
  deepEqual(texts(await receive(broker, "kept")), ["whole", "too"]);
  deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ["the body of a message is damaged: the message is lost"],
  );
  await close(broker);
});
