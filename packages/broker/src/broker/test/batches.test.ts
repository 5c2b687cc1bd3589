/** Queues in batches: one answer an entry, bytes instead of texts, and the same rules. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import { granted, refused, VirtualBroker } from "./world.ts";

const message = (body: string) => ({ body: Buffer.from(body), attributes: noAttributes });
const large = { body: Buffer.alloc(1024 * 1024 + 1), attributes: noAttributes };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();
const all = { max: 100, bytesMax: 1_000_000, waitMs: 0 };

test("each entry fares for itself, and its id is the one that it is delivered with", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const messages = [message("a"), large, message("b")];
  const sent = granted(
    await world.answer(world.broker.sendBatch({ queue: "jobs", messages, atomic: false })),
  );
  deepEqual(
    [...sent.refusals].map(([i, { refusal }]) => [i, refusal]),
    [[1, "body-too-large"]],
  );
  equal(hex(sent.ids.subarray(16, 32)), "0".repeat(32));
  const taken = granted(await world.answer(world.broker.take({ queue: "jobs", ...all }))).messages;
  deepEqual(taken.map(text), ["a", "b"]);
  deepEqual(
    taken.map(({ messageId }) => hex(messageId)),
    [hex(sent.ids.subarray(0, 16)), hex(sent.ids.subarray(32))],
  );
  equal(sent.durability, "synced");
});

test("an atomic batch is refused whole", async () => {
  await using world = await VirtualBroker.open();
  const messages = [message("a"), large];
  refused(
    await world.answer(world.broker.sendBatch({ queue: "jobs", messages, atomic: true })),
    "body-too-large",
  );
  deepEqual(await world.bodies("jobs"), []);
});

test("a queue that has room for some takes the first ones", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "small", messageCountMax: 2 }));
  const messages = ["a", "b", "c"].map(message);
  const { refusals } = granted(
    await world.answer(world.broker.sendBatch({ queue: "small", messages, atomic: false })),
  );
  deepEqual(
    [...refusals].map(([i, { refusal }]) => [i, refusal]),
    [[2, "queue-full"]],
  );
  deepEqual(await world.bodies("small"), ["a", "b"]);
});

test("a repeated batch has the ids of the first", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const request = {
    queue: "jobs",
    messages: [large, message("a")],
    atomic: false,
    producer: { producer: "p", sequence: 1 },
  };
  const first = granted(await world.answer(world.broker.sendBatch(request)));
  const again = granted(await world.answer(world.broker.sendBatch(request)));
  deepEqual(again, first);
  deepEqual(await world.bodies("jobs"), ["a"]);
});

test("a take stops before the message that would exceed its bytes, and always takes one", async () => {
  await using world = await VirtualBroker.open();
  await world.send("jobs", "x".repeat(60), "y".repeat(60), "z");
  const take = (bytesMax: number) =>
    world.answer(world.broker.take({ queue: "jobs", max: 10, bytesMax, waitMs: 0 }));
  deepEqual(
    granted(await take(100)).messages.map((one) => one.body.byteLength),
    [60],
  );
  deepEqual(
    granted(await take(10)).messages.map((one) => one.body.byteLength),
    [60],
  );
  deepEqual(granted(await take(10)).messages.map(text), ["z"]);
});

test("acks, nacks and extends answer for each receipt", async () => {
  await using world = await VirtualBroker.open();
  await world.send("jobs", "a", "b", "c");
  const [a, b, c] = granted(await world.answer(world.broker.take({ queue: "jobs", ...all }))).messages;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three messages were sent");
  const strange = { sequence: 99, lease: 1 };
  const acked = granted(await world.answer(world.broker.ackBatch("jobs", [a, strange, a])));
  deepEqual(
    [...acked.refusals].map(([i, { refusal }]) => [i, refusal]),
    [
      [1, "unknown-message"],
      [2, "stale-receipt"],
    ],
  );
  const nack = { queue: "jobs", receipts: [b, a], delayMs: 0, counts: false };
  const nacked = granted(await world.answer(world.broker.nackBatch(nack)));
  deepEqual([...nacked.refusals.keys()], [1]);
  deepEqual([...granted(await world.answer(world.broker.extendBatch("jobs", [c], 60_000))).refusals], []);
  await world.clock.advance(30_000);
  const again = granted(await world.answer(world.broker.take({ queue: "jobs", ...all }))).messages;
  deepEqual(
    again.map((one) => [text(one), one.receiveCount]),
    [["b", 1]],
  );
  refused(await world.answer(world.broker.ackBatch("none", [a])), "unknown-queue");
});
