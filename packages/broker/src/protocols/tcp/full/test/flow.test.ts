/** What a client can make the server hold: floods, clients that do not read, and what others notice of them. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { bytesOf } from "../../test/tcp-fixture.ts";
import type { FullClient } from "./full-client.ts";
import {
  messages,
  openFullFixture,
  publish,
  receiptsOf,
  receive,
  send,
  subscribe,
  texts,
} from "./full-fixture.ts";

const padded = (count: number, bytes: number): string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(bytes));

/** What the client has not read yet lies in the kernel and with the server. */
const unread = (client: FullClient): number => client.stream.readableLength;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await settle();
}

test("a subscriber that never reads holds a window of messages, not its credit; when it is gone they come to others in order", async () => {
  await using port = await openFullFixture({ limits: { pushBytes: 64 * 1024, pushBytesMax: 64 * 1024 } });
  const [stuck, other] = [await port.client(), await port.client()];
  stuck.stream.pause();
  const all = padded(4_000, 1_000);
  for (let i = 0; i < 4; i++) await send(other, "jobs", ...all.slice(i * 1_000, (i + 1) * 1_000));
  stuck.say(subscribe("jobs", 4_000));
  await turns(20);
  const held = await port.broker.describeQueue("jobs");
  ok(held.ok);
  const { inFlight } = held.description;
  ok(inFlight > 0 && inFlight < 600, `${inFlight} are in flight`);
  stuck.destroy();
  await turns(3);
  const id = other.say(subscribe("jobs", 4_000));
  const got: full.WireDelivery[] = [];
  while (got.length < 4_000) got.push(...(await other.expect("deliver", id)).deliveries);
  deepEqual(texts(got), all);
  const counts = got.slice(0, inFlight).map(({ receiveCount }) => receiveCount);
  const counted = counts.indexOf(1);
  ok(counted > 0, "some of what it held had been taken by the kernel, and some had not");
  ok(counts.every((count, i) => count === (i < counted ? 2 : 1)));
});

test("a client that reads slowly gets everything, in order, and keeps nobody from getting theirs", async () => {
  await using port = await openFullFixture();
  const [slow, quick] = [await port.client(), await port.client()];
  const all = padded(1_000, 2_000);
  await send(quick, "slow", ...all);
  await send(quick, "quick", ...all);
  const slowId = slow.say(subscribe("slow", 10_000));
  const quickId = quick.say(subscribe("quick", 10_000));
  const read = async (client: FullClient, id: number): Promise<readonly string[]> => {
    const got: string[] = [];
    while (got.length < all.length) got.push(...texts((await client.expect("deliver", id)).deliveries));
    return got;
  };
  slow.stream.pause();
  deepEqual(await read(quick, quickId), all);
  const reading = read(slow, slowId);
  for (let i = 0; i < 200; i++) {
    slow.stream.resume();
    await settle();
    slow.stream.pause();
  }
  slow.stream.resume();
  deepEqual(await reading, all);
});

test("a flood of requests is read no faster than it is answered, and all of it is answered", async () => {
  await using port = await openFullFixture({ limits: { requestCountMax: 16 } });
  const client = await port.client();
  const to = new full.FrameWriter();
  for (let id = 1_000; id < 6_000; id++) {
    full.writeSend(to, { id, queue: "jobs", atomic: true, sequence: undefined, messages: messages("x") });
  }
  for (const block of to.take()) client.raw(block);
  for (let id = 1_000; id < 6_000; id++) equal((await client.expect("sent", id)).refusals.size, 0);
  const { deliveries } = await client.ask("received", receive("jobs", { max: 1_000 }));
  equal((await port.broker.describeQueue("jobs")).ok && deliveries.length > 0, true);
});

test("a client that asks and does not read the answers is read no further, and let go after a minute of that", async () => {
  await using port = await openFullFixture({ limits: { outgoingBytesMax: 256 * 1024 } });
  const [client, other] = [await port.client({ heartbeatMs: 60_000 }), await port.client()];
  await publish(other, "news", ...padded(100, 1_000));
  client.stream.pause();
  let fetched = 0;
  const ask = (): boolean => {
    fetched++;
    client.say((to, id) =>
      full.writeFetch(to, {
        id,
        topic: "news",
        partition: 0,
        offset: 0,
        recordsMax: 100,
        bytesMax: 100_000,
        waitMs: 0,
      }),
    );
    return client.stream.writableNeedDrain;
  };
  while (!ask() && fetched < 100_000) if (fetched % 50 === 0) await settle();
  ok(fetched < 100_000, "at some time the client's own socket is full");
  for (let i = 0; i < 20; i++) {
    other.say((to, id) => full.writePing(to, id));
    await port.clock.advance(9_000);
  }
  equal(await port.count("sluice_refused_total", { code: "slow-consumer" }), 1);
  await publish(other, "news", "still here");
  ok(unread(client) >= 0);
});

test("when all connections together hold too much, the one that holds most goes", async () => {
  await using port = await openFullFixture({}, { limits: { totalBytesMax: 4 * 1024 * 1024 } });
  const [hog, modest] = [await port.client(), await port.client()];
  await publish(modest, "news", ...padded(1_000, 1_000));
  hog.stream.pause();
  for (let i = 0; i < 20; i++) {
    hog.say((to, id) =>
      full.writeFetch(to, {
        id,
        topic: "news",
        partition: 0,
        offset: 0,
        recordsMax: 1_000,
        bytesMax: 1_000_000,
        waitMs: 0,
      }),
    );
  }
  await turns(20);
  equal(port.server.connectionCount, 1);
  await publish(modest, "news", "still here");
});

test("receives and fetches under way are bounded by what they may answer with", async () => {
  await using port = await openFullFixture({ limits: { readCountMax: 3, readBytesMax: 3_000_000 } });
  const client = await port.client();
  const waiting = receive("empty", { waitMs: 60_000 });
  for (let i = 0; i < 3; i++) client.say(waiting);
  equal((await client.ask("refused", waiting)).code, "limit-exceeded");
  const [other] = [await port.client()];
  const large = receive("empty", { waitMs: 60_000, bytesMax: 2_000_000 });
  other.say(large);
  equal((await other.ask("refused", large)).code, "limit-exceeded");
});

test("what was answered is under way no more", async () => {
  await using port = await openFullFixture({ limits: { readCountMax: 3, readBytesMax: 3_000_000 } });
  const client = await port.client();
  for (let i = 0; i < 10; i++) await client.ask("received", receive("empty", { bytesMax: 2_000_000 }));
});

test("a burst that is larger than its buffer costs a live subscriber that keeps up nothing", async () => {
  await using port = await openFullFixture();
  const [listener, writer] = [await port.client(), await port.client()];
  const id = listener.say((to, of) =>
    full.writeListen(to, { id: of, topic: "news", credit: 60_000, bufferCountMax: 1_500, overflow: "drop" }),
  );
  await listener.expect("listening", id);
  const to = new full.FrameWriter();
  const batch = padded(500, 10).map((text) => ({
    key: undefined,
    body: bytesOf(text),
    attributes: new Map(),
  }));
  for (let i = 0; i < 20; i++)
    full.writePublish(to, { id: 100 + i, topic: "news", sequence: undefined, records: batch });
  for (const block of to.take()) writer.raw(block);
  let heard = 0;
  while (heard < 10_000) {
    const push = await listener.expect("records", id);
    equal(push.dropped, 0);
    heard += push.records.length;
  }
});

test("waits do not keep what comes behind them from being read", async () => {
  await using port = await openFullFixture({ limits: { requestCountMax: 4 } });
  const client = await port.client();
  for (let i = 0; i < 20; i++) client.say(receive("empty", { waitMs: 60_000, bytesMax: 1_000 }));
  await send(client, "jobs", "a");
});

test("subscriptions of a connection are bounded", async () => {
  await using port = await openFullFixture({ limits: { subscriptionCountMax: 2 } });
  const client = await port.client();
  for (const queue of ["a", "b"]) await client.ask("subscribed", subscribe(queue, 1));
  equal((await client.ask("refused", subscribe("c", 1))).code, "limit-exceeded");
});

test("a subscription that is cancelled is over when it says so; what was delivered may still be acked", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs", "a");
  const id = client.say(subscribe("jobs", 10));
  const { deliveries } = await client.expect("deliver", id);
  client.tell((to) => full.writeCancel(to, id));
  equal((await client.expect("ended", id)).code, "cancelled");
  await send(client, "jobs", "b");
  const acked = await client.ask("acked", (to, of) =>
    full.writeAck(to, { id: of, queue: "jobs", receipts: receiptsOf(deliveries) }),
  );
  equal(acked.refusals.size, 0);
  deepEqual(texts((await client.ask("received", receive("jobs"))).deliveries), ["b"]);
});

test("deliveries whose attributes do not fit the frame beside the bodies go back", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const attributes = new Map([["a", { type: "binary", value: new Uint8Array(60_000) }]]);
  const many = Array.from({ length: 100 }, (_, i) => ({ body: bytesOf(`${i}`), attributes }));
  ok((await port.broker.send({ queue: "jobs", messages: many })).ok);
  const seen: string[] = [];
  while (seen.length < 100) {
    const { deliveries } = await client.ask("received", receive("jobs", { max: 1_000 }));
    ok(deliveries.length > 0);
    seen.push(...texts(deliveries));
  }
  deepEqual(
    seen,
    many.map((_, i) => `${i}`),
  );
});

test("what a connection held goes back when it ends, although a publish of it is blocked by others", async () => {
  await using port = await openFullFixture();
  const [blocker, gone] = [await port.client(), await port.client()];
  await blocker.ask("listening", (to, id) =>
    full.writeListen(to, { id, topic: "news", credit: 0, bufferCountMax: 1, overflow: "block" }),
  );
  await send(gone, "jobs", "one");
  await gone.ask("received", receive("jobs"));
  await publish(gone, "news", "fills the buffer");
  void publish(gone, "news", "waits").catch(() => undefined);
  await turns(3);
  gone.destroy();
  await turns(3);
  const held = await port.broker.describeQueue("jobs");
  deepEqual(held.ok && [held.description.ready, held.description.inFlight], [1, 0]);
});
