/** Queues as a broker serves them: long polls, whose turn it is, callers that go away, and what is refused. */
import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import { granted, refused, VirtualBroker } from "./world.ts";

const text = (body: Uint8Array): string => Buffer.from(body).toString();

test("a long poll is answered by the send that it waits for", async () => {
  await using world = await VirtualBroker.open();
  const waiting = world.broker.receive({ queue: "jobs", max: 10, waitMs: 20_000 });
  await world.clock.advance(5000);
  await world.send("jobs", "one", "two");
  const { deliveries } = granted(await world.answer(waiting));
  deepEqual(
    deliveries.map(({ body }) => text(body)),
    ["one", "two"],
  );
  equal(world.clock.now().monotonicMs, 5000);
});

test("a long poll that hears nothing ends empty after its time", async () => {
  await using world = await VirtualBroker.open();
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 20_000 });
  await world.clock.advance(20_000);
  deepEqual(granted(await waiting).deliveries, []);
});

test("those who wait are served in the order in which they came", async () => {
  await using world = await VirtualBroker.open();
  const waiting = [1, 2, 3].map(() => world.broker.receive({ queue: "jobs", max: 1, waitMs: 60_000 }));
  await world.clock.advance(1);
  for (const body of ["one", "two", "three"]) await world.send("jobs", body);
  const answers = await world.answer(Promise.all(waiting));
  deepEqual(
    answers.map((answer) => text(granted(answer).deliveries[0]?.body ?? Buffer.of())),
    ["one", "two", "three"],
  );
});

test("a message whose visibility timeout passes wakes a long poll", async () => {
  await using world = await VirtualBroker.open();
  await world.send("jobs", "slow");
  deepEqual(await world.bodies("jobs"), ["slow"]);
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 60_000 });
  await world.clock.advance(29_999);
  await world.clock.advance(1);
  const [delivery] = granted(await world.answer(waiting)).deliveries;
  equal(delivery?.receiveCount, 2);
});

test("a caller that goes away loses nothing: its message stays, or goes back uncounted", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const gone = new AbortController();
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 60_000, signal: gone.signal });
  await world.clock.advance(1);
  // The send reaches the waiting caller in memory; the caller leaves before the disk has it.
  const sending = world.broker.send({
    queue: "jobs",
    messages: [{ body: Buffer.from("job"), attributes: noAttributes }],
  });
  gone.abort(new Error("gone"));
  await world.answer(rejects(waiting, /gone/));
  granted(await world.answer(sending));
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  );
  deepEqual(
    deliveries.map(({ body, receiveCount }) => [text(body), receiveCount]),
    [["job", 1]],
  );
});

test("a message that is received too often moves to the dead-letter queue and keeps its id", async () => {
  await using world = await VirtualBroker.open();
  granted(
    await world.broker.createQueue({ queue: "jobs", deadLetter: { queue: "jobs-dead", receiveCountMax: 2 } }),
  );
  await world.send("jobs", "poison");
  const first = granted(await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })))
    .deliveries[0];
  for (const _ of [1, 2]) {
    await world.clock.advance(30_000);
    await world.bodies("jobs");
  }
  deepEqual(await world.bodies("jobs"), []);
  const dead = granted(await world.answer(world.broker.receive({ queue: "jobs-dead", max: 1, waitMs: 0 })))
    .deliveries[0];
  equal(dead?.messageId, first?.messageId);
  equal(text(dead?.body ?? Buffer.of()), "poison");
  const { description } = granted(await world.answer(world.broker.describeQueue("jobs")));
  deepEqual([description.ready, description.inFlight, description.delayed], [0, 0, 0]);
});

test("a receipt holds for its delivery and its queue alone", async () => {
  await using world = await VirtualBroker.open();
  await world.send("jobs", "one");
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  );
  const receipt = deliveries[0]?.receipt ?? "";
  await world.send("mail", "other");
  refused(await world.broker.ack({ queue: "mail", receipt }), "unknown-message");
  refused(await world.broker.ack({ queue: "jobs", receipt: `${receipt}A` }), "unknown-message");
  refused(await world.broker.ack({ queue: "jobs", receipt: "" }), "unknown-message");
  refused(await world.broker.ack({ queue: "none", receipt }), "unknown-queue");
  await world.clock.advance(30_000);
  const again = granted(await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })))
    .deliveries[0];
  notEqual(again?.receipt, receipt);
  refused(await world.broker.ack({ queue: "jobs", receipt }), "stale-receipt");
  granted(await world.answer(world.broker.ack({ queue: "jobs", receipt: again?.receipt ?? "" })));
  refused(await world.broker.ack({ queue: "jobs", receipt: again?.receipt ?? "" }), "stale-receipt");
});

test("a small body does not keep the large buffer that it came in", async () => {
  await using world = await VirtualBroker.open();
  const network = Buffer.alloc(1024 * 1024, "n");
  await world.answer(
    world.broker.send({
      queue: "jobs",
      messages: [{ body: network.subarray(10, 20), attributes: noAttributes }],
    }),
  );
  network.fill("!");
  deepEqual(await world.bodies("jobs"), ["nnnnnnnnnn"]);
});

test("names, batches, counts and timeouts have bounds, and the sentence names them", async () => {
  await using world = await VirtualBroker.open({ limits: { nameCountMax: 2 } });
  const message = { body: Buffer.from("x"), attributes: noAttributes };
  for (const queue of ["", ".", "..", "a b", "ä", "x".repeat(250), "a/b"]) {
    refused(await world.broker.send({ queue, messages: [message] }), "invalid-name");
  }
  const detail = refused(
    await world.broker.send({ queue: "jobs", messages: Array(10_001).fill(message) }),
    "limit-exceeded",
  );
  match(detail, /10001 entries; 10000/);
  refused(
    await world.broker.send({
      queue: "jobs",
      messages: [{ ...message, body: Buffer.alloc(1024 * 1024 + 1) }],
    }),
    "body-too-large",
  );
  for (const max of [0, -1, 1.5, 1001, Number.NaN]) {
    refused(await world.broker.receive({ queue: "jobs", max, waitMs: 0 }), "limit-exceeded");
  }
  refused(
    await world.broker.receive({ queue: "jobs", max: 1, waitMs: 0, visibilityTimeoutMs: -1 }),
    "invalid-setting",
  );
  granted(await world.broker.createQueue({ queue: "second" }));
  refused(await world.broker.createQueue({ queue: "third" }), "limit-exceeded");
});

test("over the memory budget sends are refused, and acks make room again", async () => {
  await using world = await VirtualBroker.open({ limits: { memoryBudgetBytes: 300 } });
  const message = { body: Buffer.alloc(60), attributes: noAttributes };
  granted(await world.answer(world.broker.send({ queue: "jobs", messages: [message] })));
  refused(await world.broker.send({ queue: "jobs", messages: [message] }), "memory-full");
  refused(
    await world.broker.publish({ topic: "news", records: [{ ...message, key: undefined }] }),
    "memory-full",
  );
  const { deliveries } = granted(
    await world.answer(world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 })),
  );
  granted(await world.answer(world.broker.ack({ queue: "jobs", receipt: deliveries[0]?.receipt ?? "" })));
  granted(await world.answer(world.broker.send({ queue: "jobs", messages: [message] })));
});

test("without auto-create an unknown name is refused and nothing comes to be", async () => {
  await using world = await VirtualBroker.open({ autoCreate: false });
  refused(
    await world.broker.send({ queue: "jobs", messages: [{ body: Buffer.of(1), attributes: noAttributes }] }),
    "unknown-queue",
  );
  refused(await world.broker.receive({ queue: "jobs", max: 1, waitMs: 0 }), "unknown-queue");
  refused(await world.broker.publish({ topic: "news", records: [] }), "unknown-topic");
  deepEqual([world.broker.listQueues(), world.broker.listTopics()], [[], []]);
});

test("creating again with the same settings is fine, with others it is refused", async () => {
  await using world = await VirtualBroker.open();
  equal(granted(await world.broker.createQueue({ queue: "jobs", visibilityTimeoutMs: 5000 })).created, true);
  equal(granted(await world.broker.createQueue({ queue: "jobs", visibilityTimeoutMs: 5000 })).created, false);
  match(refused(await world.broker.createQueue({ queue: "jobs" }), "invalid-setting"), /visibilityTimeoutMs/);
  refused(
    await world.broker.createQueue({ queue: "self", deadLetter: { queue: "self", receiveCountMax: 1 } }),
    "invalid-setting",
  );
});

test("with a journal, bodies over half of the budget stay on the disk and come back whole", async () => {
  await using world = await VirtualBroker.open({ on: "disk", limits: { memoryBudgetBytes: 10_000 } });
  const bodies = Array.from({ length: 39 }, (_, i) => `${i}:`.padEnd(2000, "x"));
  for (const body of bodies) await world.send("jobs", body);
  const { description } = granted(await world.answer(world.broker.describeQueue("jobs")));
  deepEqual([description.ready, description.bodyBytes], [39, 78_000]);
  deepEqual(await world.bodies("jobs", 100), bodies);
  const messages = Array.from({ length: 60 }, () => ({ body: Buffer.of(1), attributes: noAttributes }));
  match(
    refused(await world.broker.send({ queue: "jobs", messages }), "memory-full"),
    /of 10000 bytes; 6000 more do not fit/,
  );
});
