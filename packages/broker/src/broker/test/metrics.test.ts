/** What operators read off a broker: the series of queues and of what was done with their messages, one story each, in virtual time. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes, type OutgoingMessage } from "@sluice/broker";
import { createLog, createMetrics, type Registry } from "@sluice/runtime";
import { granted, VirtualBroker } from "./world.ts";

const message = (options: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  body: Buffer.from("x"),
  attributes: noAttributes,
  ...options,
});

async function send(world: VirtualBroker, queue: string, ...messages: OutgoingMessage[]) {
  return granted(await world.answer(world.broker.send({ queue, messages }))).messageIds;
}

async function receive(world: VirtualBroker, queue: string, max = 10) {
  return granted(await world.answer(world.broker.receive({ queue, max, waitMs: 0 }))).deliveries;
}

async function nack(world: VirtualBroker, queue: string, receipt = ""): Promise<void> {
  granted(await world.answer(world.broker.nack({ queue, receipt })));
}

/** The samples of a metric that are not 0, by their labels. */
async function samples(metrics: Registry, name: string): Promise<Record<string, number>> {
  const lines = (await metrics.metrics()).split("\n").filter((line) => line.startsWith(name));
  const all = lines.map((line): [string, number] => {
    const [, labels = "", value = ""] = /^\w+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return [labels.replaceAll(/\w+="([^"]*)"/g, "$1"), Number(value)];
  });
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

test("each message of a queue is in one state, and the oldest of each tells its age", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  granted(await world.broker.createQueue({ queue: "jobs", parkAfterReceives: 1, inFlightMax: 1 }));
  await send(world, "jobs", message(), message({ delayMs: 100_000 }), message({ delayMs: 200_000 }));
  const [first] = await receive(world, "jobs");
  await world.clock.advance(1_000);
  await nack(world, "jobs", first?.receipt);
  await world.clock.advance(2_000);
  await send(world, "jobs", message(), message(), message());
  await receive(world, "jobs");
  await world.clock.advance(4_000);
  deepEqual(await samples(metrics, "sluice_queue_depth{"), {
    "jobs,ready": 2,
    "jobs,delayed": 2,
    "jobs,parked": 1,
  });
  deepEqual(await samples(metrics, "sluice_queue_in_flight{"), { jobs: 1 });
  deepEqual(await samples(metrics, "sluice_oldest_message_age_seconds{"), {
    "jobs,ready": 4,
    "jobs,in-flight": 4,
    "jobs,parked": 6,
  });
  deepEqual(await samples(metrics, "sluice_dead_letters_total{"), { "jobs,max-receives": 1 });
  granted(await world.broker.deleteQueue("jobs"));
  deepEqual(await samples(metrics, "sluice_queue_depth{"), {}, "a queue that is deleted is not listed");
});

test("the latency of a delivery counts from when the message could be received, and once a message", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  await send(world, "jobs", message(), message(), message({ delayMs: 5_000 }));
  await world.clock.advance(7_000);
  const [first] = await receive(world, "jobs");
  deepEqual(await samples(metrics, "sluice_delivery_latency_seconds_count"), { "": 3 });
  deepEqual(await samples(metrics, "sluice_delivery_latency_seconds_sum"), { "": 7 + 7 + 2 });
  await nack(world, "jobs", first?.receipt);
  await world.clock.advance(60_000);
  equal((await receive(world, "jobs")).length, 3, "once more, after the nack and the visibility timeout");
  deepEqual(await samples(metrics, "sluice_delivery_latency_seconds_count"), { "": 3 });
  deepEqual(await samples(metrics, 'sluice_delivery_latency_seconds_bucket{le="5"'), { "5": 1 });
});

test("what is done with messages is counted by what it was, and what goes without an ack by why", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  const { broker } = world;
  granted(await broker.createQueue({ queue: "jobs", parkAfterReceives: 2, visibilityTimeoutMs: 1_000 }));
  granted(await broker.createQueue({ queue: "short", messageCountMax: 2, overflow: "drop-oldest" }));
  await send(world, "jobs", message({ deduplicationId: "a" }), message({ deduplicationId: "a" }), message());
  await receive(world, "jobs");
  await world.clock.advance(1_000);
  const [again, other] = await receive(world, "jobs");
  await nack(world, "jobs", again?.receipt);
  granted(await world.answer(broker.ack({ queue: "jobs", receipt: other?.receipt ?? "" })));
  const redriven = broker.redriveMessage({ queue: "jobs", messageId: again?.messageId ?? "" });
  granted(await world.answer(redriven));
  const [later = "", gone = ""] = await send(
    world,
    "jobs",
    message({ delayMs: 1_000 }),
    message({ delayMs: 1_000 }),
    message({ timeToLiveMs: 10 }),
  );
  granted(await world.answer(broker.rescheduleMessage({ queue: "jobs", messageId: later, delayMs: 9_000 })));
  granted(await world.answer(broker.cancelMessage({ queue: "jobs", messageId: gone })));
  await world.clock.advance(20);
  granted(await world.answer(broker.purgeQueue("jobs")));
  for (let i = 0; i < 3; i++) await send(world, "short", message());
  deepEqual(await samples(metrics, "sluice_messages_total{"), {
    send: 2 + 3 + 3,
    duplicate: 1,
    receive: 4,
    ack: 1,
    nack: 1,
    timeout: 2,
    redrive: 1,
    reschedule: 1,
    purge: 2,
  });
  deepEqual(await samples(metrics, "sluice_dropped_total{"), {
    "message,expired": 1,
    "message,cancelled": 1,
    "message,overflow": 1,
  });
});

test("a transaction counts as what is in it", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  await send(world, "orders", message());
  const [order] = await receive(world, "orders");
  const bills = [message({ deduplicationId: "a" }), message(), message({ deduplicationId: "a" })];
  const record = { key: undefined, body: Buffer.from("x"), attributes: noAttributes };
  const work = {
    publishes: [{ topic: "log", records: [record] }],
    acks: [{ queue: "orders", receipts: [order?.receipt ?? ""] }],
    sends: [{ queue: "bills", messages: bills }],
  };
  granted(await world.answer(world.broker.transact(work)));
  deepEqual(await samples(metrics, "sluice_messages_total{"), {
    send: 1 + 2,
    duplicate: 1,
    receive: 1,
    ack: 1,
    publish: 1,
  });
});

test("a group that waits behind a parked message is counted and warned about, until the message is cancelled", async () => {
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog("warn", { write: (line) => lines.push(line) });
  await using world = await VirtualBroker.open({ metrics, log });
  granted(await world.broker.createQueue({ queue: "jobs", parkAfterReceives: 1 }));
  const [poison = ""] = await send(
    world,
    "jobs",
    message({ groupId: "ann" }),
    message({ groupId: "ann" }),
    message({ groupId: "bob" }),
  );
  const [first] = await receive(world, "jobs", 1);
  await nack(world, "jobs", first?.receipt);
  deepEqual(await samples(metrics, "sluice_blocked_groups{"), { jobs: 1 });
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  deepEqual(
    told.map(({ level, queue, messages, groups, blockedGroups }) => [
      level,
      queue,
      messages ?? groups,
      blockedGroups,
    ]),
    [
      ["warn", "jobs", 1, undefined],
      ["warn", "jobs", 1, 1],
    ],
  );
  match(String(told[1]?.msg), /^message groups wait behind a parked message/);

  const [, ofNoGroup] = [
    await send(world, "jobs", message({ priority: 9 })),
    await receive(world, "jobs", 1),
  ];
  await nack(world, "jobs", ofNoGroup[0]?.receipt);
  equal(lines.length, 3, "a message of no group holds nobody");
  granted(await world.answer(world.broker.cancelMessage({ queue: "jobs", messageId: poison })));
  deepEqual(await samples(metrics, "sluice_blocked_groups{"), {});
});

test("of more than 500 queues those that hold most are listed, and the others are one: sums are right however many there are", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  for (let i = 0; i < 1_000; i++) granted(await world.broker.createQueue({ queue: `queue-${i}` }));
  await world.clock.advance(1_000);
  for (let i = 400; i < 999; i++) await send(world, `queue-${i}`, message());
  await send(world, "queue-0", message(), message());
  await world.clock.advance(3_000);
  const depth = await samples(metrics, "sluice_queue_depth{");
  equal(Object.keys(depth).length, 501);
  equal(depth["queue-0,ready"], 2);
  equal(depth["(others),ready"], 599 + 2 - 2 - 499);
  equal(
    Object.values(depth).reduce((sum, each) => sum + each, 0),
    601,
  );
  equal((await samples(metrics, "sluice_oldest_message_age_seconds{"))["(others),ready"], 3);
  deepEqual(await samples(metrics, "sluice_unlisted_queues"), { "": 500 });
  deepEqual(await samples(metrics, "sluice_queues"), { "": 1_000 });
  ok((await metrics.metrics()).length < 500_000, "a scrape stays small");
});

test("of queues that give up messages the first 500 have series of their own", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ metrics });
  for (let i = 0; i < 502; i++) {
    granted(await world.broker.createQueue({ queue: `queue-${i}`, parkAfterReceives: 1 }));
    await send(world, `queue-${i}`, message());
    const [delivery] = await receive(world, `queue-${i}`);
    await nack(world, `queue-${i}`, delivery?.receipt);
  }
  const given = await samples(metrics, "sluice_dead_letters_total{");
  equal(Object.keys(given).length, 501);
  deepEqual([given["queue-499,max-receives"], given["(others),max-receives"]], [1, 2]);
});

test("checkpoints are counted by what came of them, and the journal by its files", async () => {
  const metrics = createMetrics();
  await using world = await VirtualBroker.open({ on: "disk", metrics, checkpoints: { everyBytes: 1_000 } });
  const { disk, clock } = world;
  const large = message({ body: Buffer.alloc(2_000) });
  disk.onCall = ({ operation, name }) =>
    operation === "create" && /checkpoint/.test(name) ? "EIO" : undefined;
  await send(world, "jobs", large);
  await clock.advance(10);
  deepEqual(await samples(metrics, "sluice_checkpoints_total{"), { failed: 1 });
  disk.onCall = () => undefined;
  await send(world, "jobs", large);
  await clock.advance(10);
  deepEqual(await samples(metrics, "sluice_checkpoints_total{"), { failed: 1, taken: 1 });
  const { segment = 0, checkpoint = 0 } = await samples(metrics, "sluice_journal_bytes{");
  ok(segment > 4_000 && checkpoint > 0);
  ok(((await samples(metrics, "sluice_sync_duration_seconds_count"))[""] ?? 0) > 0);
});
