/** Producers that repeat what they have not heard an answer to: one effect, one answer, also over a restart. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { settled } from "./ledger.ts";
import { granted, refused, VirtualBroker } from "./world.ts";

const message = (body: string) => ({ body: Buffer.from(body), attributes: noAttributes });
const record = (body: string, key?: string) => ({
  ...message(body),
  key: key === undefined ? undefined : Buffer.from(key),
});
const producer = (sequence: number, name = "p1") => ({ producer: name, sequence });

test("a repeated send has one effect and the first answer", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const send = (sequence: number) =>
    world.broker.send({
      queue: "jobs",
      messages: [message("a"), message("b")],
      producer: producer(sequence),
    });
  // The second one arrives before the first is on the disk.
  const [first, again] = await world.answer(Promise.all([send(1), send(1)]));
  deepEqual(granted(again), granted(first));
  const other = granted(await world.answer(send(2)));
  deepEqual((await world.bodies("jobs")).length, 4);
  equal(new Set([...granted(first).messageIds, ...other.messageIds]).size, 4);
});

test("producers do not share their sequences", async () => {
  await using world = await VirtualBroker.open();
  for (const name of ["p1", "p2"]) {
    granted(
      await world.broker.send({ queue: "jobs", messages: [message(name)], producer: producer(1, name) }),
    );
  }
  deepEqual(await world.bodies("jobs"), ["p1", "p2"]);
});

test("after a restart a repeat is answered with the first answer: sends, publishes and transactions, also from a checkpoint", async () => {
  const world = await VirtualBroker.open({ on: "disk", checkpoints: { everyBytes: 1 } });
  granted(await world.answer(world.broker.createTopic({ topic: "news", partitionCount: 3 })));
  const requests = [
    (broker: Broker) => broker.send({ queue: "jobs", messages: [message("job")], producer: producer(1) }),
    (broker: Broker) =>
      broker.publish({
        topic: "news",
        records: [record("1", "x"), record("2", "y"), record("3")],
        producer: producer(2),
      }),
    (broker: Broker) =>
      broker.transact({
        publishes: [{ topic: "news", records: [record("4", "x")] }],
        sends: [{ queue: "jobs", messages: [message("letter")] }],
        producer: producer(3),
      }),
  ] as const;
  const ask = async (broker: Broker) => {
    const answers: unknown[] = [];
    for (const request of requests)
      answers.push(granted(await settled<Awaited<ReturnType<typeof request>>>(world.clock, request(broker))));
    return answers;
  };
  const first = await ask(world.broker);
  await world[Symbol.asyncDispose]();
  const journal = await FileJournal.open({ disk: world.disk, random: seededRandom(3) });
  const broker = await settled(
    world.clock,
    Broker.open({ journal, clock: world.clock, random: seededRandom(4) }),
  );
  deepEqual(await ask(broker), first);
  const { description } = granted(await settled(world.clock, broker.describeTopic("news")));
  equal(
    description.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0),
    4,
  );
  equal(granted(await settled(world.clock, broker.describeQueue("jobs"))).description.ready, 2);
  await settled(world.clock, broker[Symbol.asyncDispose]());
});

test("a refused request left no trace and may be repeated", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "small", messageCountMax: 1 }));
  await world.send("small", "first");
  const send = () =>
    world.broker.send({ queue: "small", messages: [message("second")], producer: producer(1) });
  refused(await world.answer(send()), "queue-full");
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "small", max: 1, waitMs: 0 })),
  );
  granted(await world.answer(world.broker.ack({ queue: "small", receipt: deliveries[0]?.receipt ?? "" })));
  granted(await world.answer(send()));
  deepEqual(await world.bodies("small"), ["second"]);
});

test("on a full memory a repeat is answered with the first answer, and what is new is refused", async () => {
  await using world = await VirtualBroker.open({ limits: { memoryBudgetBytes: 20_000 } });
  const { broker } = world;
  const asks = {
    send: (sequence: number) =>
      broker.send({ queue: "jobs", messages: [message("job")], producer: producer(sequence) }),
    publish: (sequence: number) =>
      broker.publish({ topic: "news", records: [record("rain")], producer: producer(sequence) }),
    transact: (sequence: number) =>
      broker.transact({
        publishes: [{ topic: "news", records: [record("snow")] }],
        sends: [{ queue: "jobs", messages: [message("letter")] }],
        producer: producer(sequence),
      }),
  };
  const [sent, published, transacted] = [
    granted(await asks.send(1)),
    granted(await asks.publish(2)),
    granted(await asks.transact(3)),
  ];
  const filler = () => broker.send({ queue: "filler", messages: [message("x".repeat(200))] });
  let full = await filler();
  while (full.ok) full = await filler();
  refused(full, "memory-full");
  while ((await broker.send({ queue: "filler", messages: [message("")] })).ok);
  refused(await asks.send(4), "memory-full");
  refused(await asks.publish(4), "memory-full");
  refused(await asks.transact(4), "memory-full");
  deepEqual(granted(await asks.send(1)), sent);
  deepEqual(granted(await asks.publish(2)), published);
  deepEqual(granted(await asks.transact(3)), transacted);
});

test("a repeat that is too old to be told apart is refused, not carried out again", async () => {
  await using world = await VirtualBroker.open();
  const send = (sequence: number) =>
    world.broker.send({ queue: "jobs", messages: [message(String(sequence))], producer: producer(sequence) });
  for (let sequence = 1; sequence <= 2049; sequence++) granted(await send(sequence));
  refused(await send(1), "stale-sequence");
  granted(await send(2));
  const { description } = granted(await world.broker.describeQueue("jobs"));
  equal(description.ready, 2049);
});

test("names and sequences of producers have bounds", async () => {
  await using world = await VirtualBroker.open();
  const send = (name: string, sequence: number) =>
    world.broker.send({ queue: "jobs", messages: [message("x")], producer: producer(sequence, name) });
  for (const [name, sequence] of [
    ["", 1],
    ["p".repeat(250), 1],
    ["p", 0],
    ["p", 1.5],
    ["p", Number.NaN],
  ] as const) {
    refused(await send(name, sequence), "invalid-setting");
  }
});
