/** What waits for a live subscriber is bounded in records and in bytes, so that large records cannot fill the memory. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { LiveSubscribeRequest, Overflow } from "@sluice/broker";
import { granted, VirtualBroker } from "./world.ts";

/** With what a record weighs beside its body, ten bodies of 100 bytes are 2,000. */
const tenRecordsBytes = 2_000;
const body = (i: number): string => String(i).padStart(100, "0");
const bodies = (from: number, until: number): string[] =>
  Array.from({ length: until - from }, (_, i) => body(from + i));

async function listening(overflow: Overflow, more: Partial<LiveSubscribeRequest> = {}) {
  const world = await VirtualBroker.open({ limits: { liveBufferBytesMax: tenRecordsBytes } });
  granted(await world.answer(world.broker.createTopic({ topic: "news", retention: "live" })));
  const heard: string[] = [];
  const { subscription } = granted(
    world.broker.subscribeLive({
      topic: "news",
      bufferCountMax: 1_000,
      overflow,
      subscriberCountMax: 10,
      onReadable: () => heard.push("readable"),
      onFilling: () => heard.push("filling"),
      onClosed: (why) => heard.push(why),
      ...more,
    }),
  );
  const take = (max: number, bytesMax?: number): string[] =>
    subscription.take(max, bytesMax).map((record) => Buffer.from(record.body).toString());
  return { world, subscription, take, heard };
}

test("drop: the bytes that wait are bounded, whatever the number of records; what is taken makes room", async () => {
  const { world, subscription, take } = await listening("drop");
  await world.publish("news", ...bodies(0, 25));
  equal(subscription.dropped, 15);
  deepEqual(take(5), bodies(0, 5));
  await world.publish("news", ...bodies(25, 32));
  equal(subscription.dropped, 17);
  deepEqual(take(100), [...bodies(5, 10), ...bodies(25, 30)]);
  deepEqual(take(100), []);
  await world[Symbol.asyncDispose]();
});

test("a single record that is larger than the bound is heard all the same", async () => {
  const { world, subscription, take } = await listening("drop");
  const large = "x".repeat(5_000);
  await world.publish("news", large);
  await world.publish("news", "dropped");
  deepEqual([take(10), subscription.dropped], [[large], 1]);
  await world.publish("news", "heard");
  deepEqual(take(10), ["heard"]);
  await world[Symbol.asyncDispose]();
});

test("block: publishers wait while the bytes are too many", async () => {
  const { world, take } = await listening("block");
  await world.publish("news", ...bodies(0, 10));
  ok(world.broker.room("news") !== undefined);
  take(1);
  equal(world.broker.room("news"), undefined);
  await world[Symbol.asyncDispose]();
});

test("disconnect: too many bytes end the subscription", async () => {
  const { world, heard } = await listening("disconnect");
  await world.publish("news", ...bodies(0, 11));
  deepEqual(heard, ["readable", "filling", "overflow"]);
  await world[Symbol.asyncDispose]();
});

test("who is told that the buffer is half full, in bytes as in records, can take and loses nothing", async () => {
  const records: string[] = [];
  const { world, subscription } = await listening("drop", {
    onFilling: () => {
      for (const record of subscription.take(100)) records.push(Buffer.from(record.body).toString());
    },
  });
  await world.publish("news", ...bodies(0, 50));
  for (const record of subscription.take(100)) records.push(Buffer.from(record.body).toString());
  deepEqual([records, subscription.dropped], [bodies(0, 50), 0]);
  await world[Symbol.asyncDispose]();
});

test("a taker says how many bytes it can use; one record it always gets", async () => {
  const { world, take } = await listening("drop");
  await world.publish("news", ...bodies(0, 9));
  deepEqual(take(100, 650), bodies(0, 3));
  deepEqual(take(2, 650), bodies(3, 5));
  deepEqual(take(100, 1), bodies(5, 6));
  deepEqual(take(100, 800), bodies(6, 9));
  await world[Symbol.asyncDispose]();
});
