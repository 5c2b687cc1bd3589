/** What a broker answers when the disk does not, while it shuts down, and after it came back. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { createLog, seededRandom } from "@sluice/runtime";
import { settled } from "./ledger.ts";
import { granted, refused, VirtualBroker } from "./world.ts";

const message = { body: Buffer.from("job"), attributes: noAttributes };

test("an answer waits for the sync of its record", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const order: string[] = [];
  world.disk.onCall = ({ operation }) => {
    order.push(operation);
    return undefined;
  };
  await world.answer(
    world.broker.send({ queue: "jobs", messages: [message] }).then(() => order.push("answer")),
  );
  equal(order.at(-1), "answer");
  match(order.join(), /write.*sync.*answer/);
});

test("a read answers after the sync of what it saw", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const record = { ...message, key: undefined };
  granted(await world.answer(world.broker.publish({ topic: "news", records: [record] })));
  const order: string[] = [];
  let read: Promise<unknown> | undefined;
  world.disk.onCall = ({ operation }) => {
    order.push(operation);
    // The state has the second record by now, and the disk has not.
    read ??= world.broker
      .fetch({ topic: "news", partition: 0, offset: 1, recordsMax: 9, bytesMax: 1000, waitMs: 0 })
      .then((answer) => order.push(`read ${granted(answer).records.length}`));
    return undefined;
  };
  granted(await world.answer(world.broker.publish({ topic: "news", records: [record] })));
  await read;
  match(order.join(), /^write.*sync.*read 1$/);
});

test("when a sync fails nothing that waited is answered, and nothing is taken any more", async () => {
  const world = await VirtualBroker.open({ on: "disk" });
  await world.send("jobs", "before");
  world.disk.onCall = ({ operation }) => (operation === "sync" ? "EIO" : undefined);
  refused(await world.answer(world.broker.send({ queue: "jobs", messages: [message] })), "storage-failed");
  world.disk.onCall = () => undefined;
  refused(await world.answer(world.broker.send({ queue: "jobs", messages: [message] })), "storage-failed");
  refused(await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })), "storage-failed");
  refused(await world.answer(world.broker.createTopic({ topic: "news" })), "storage-failed");
  refused(await world.answer(world.broker.describeQueue("jobs")), "storage-failed");
  const readiness = world.broker.readiness();
  equal(readiness.ready, false);
  match(readiness.ready ? "" : readiness.reason, /storage failed/);
});

test("while draining, long polls end, new work is refused, and what finishes is still taken", async () => {
  await using world = await VirtualBroker.open();
  await world.send("jobs", "one");
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  );
  const waiting = world.broker.receive({ queue: "mail", max: 1, waitMs: 60_000 });
  await world.clock.advance(1);
  world.broker.drain();
  deepEqual(granted(await world.answer(waiting)).deliveries, []);
  refused(await world.broker.send({ queue: "jobs", messages: [message] }), "shutting-down");
  refused(await world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 }), "shutting-down");
  granted(await world.answer(world.broker.ack({ queue: "jobs", receipt: deliveries[0]?.receipt ?? "" })));
});

test("after a restart leases go on, ids and receipts hold, and offsets continue", async () => {
  const world = await VirtualBroker.open({ on: "disk" });
  await world.send("jobs", "one", "two");
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  );
  await world.publish("news", "a", "b");
  await world[Symbol.asyncDispose]();

  const journal = await FileJournal.open({ disk: world.disk, random: seededRandom(3) });
  const broker = await settled(
    world.clock,
    Broker.open({ journal, clock: world.clock, random: seededRandom(4) }),
  );
  const now = granted(await world.answer(broker.receive({ queue: "jobs", max: 10, waitMs: 0 }))).deliveries;
  deepEqual(
    now.map(({ body }) => Buffer.from(body).toString()),
    ["two"],
    "the first is still in flight",
  );
  granted(await world.answer(broker.ack({ queue: "jobs", receipt: deliveries[0]?.receipt ?? "" })));
  const answer = await world.answer(
    broker.publish({ topic: "news", records: [{ ...message, key: undefined }] }),
  );
  deepEqual(granted(answer).places, [{ partition: 0, offset: 2 }]);
  await settled(world.clock, broker[Symbol.asyncDispose]());
});

test("a message whose body is damaged on the disk is lost alone: the others come, and nothing stands still", async () => {
  const lines: string[] = [];
  const log = createLog("error", { write: (line) => void lines.push(line) });
  await using world = await VirtualBroker.open({ on: "disk", log, limits: { memoryBudgetBytes: 4_000 } });
  const bodies = ["one", "two", "three"].map((body) => body.padEnd(1000, "."));
  await world.send("jobs", "resident".padEnd(2500, "."));
  for (const body of bodies) await world.send("jobs", body);
  for (const name of world.disk.fileNames()) {
    const bytes = Buffer.from(world.disk.content(name) ?? []);
    const at = bytes.indexOf("two...");
    if (at < 0) continue;
    bytes[at] = 0;
    world.disk.setContent(name, bytes);
  }
  const came = await world.bodies("jobs");
  deepEqual(
    came.map((body) => body.replace(/\.+$/, "")),
    ["resident", "one", "three"],
  );
  deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ["the body of a message is damaged: the message is lost"],
  );
  await world.clock.advance(60_000);
  equal((await world.bodies("jobs")).length, 3);
});

test("a disk that cannot be read gives the messages back, and they come when it can", async () => {
  await using world = await VirtualBroker.open({ on: "disk", limits: { memoryBudgetBytes: 4_000 } });
  await world.send("jobs", "resident".padEnd(2500, "."));
  await world.send("jobs", "away".padEnd(1000, "."));
  world.disk.onCall = ({ operation }) => (operation === "read" ? "EIO" : undefined);
  refused(await world.answer(world.broker.receive({ queue: "jobs", max: 10, waitMs: 0 })), "storage-failed");
  world.disk.onCall = () => undefined;
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 10, waitMs: 0 })),
  );
  deepEqual(
    deliveries.map(({ receiveCount }) => receiveCount),
    [1, 1],
  );
});
