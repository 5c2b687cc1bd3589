/** Handlers: ack on success, back on a throw, a lease that lives as long as the handler, and a signal when it does not. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { writeDeliver } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { Delivery, Handler } from "../src/index.ts";
import { delivery, ScriptedNetwork } from "./scripted-server.ts";

/** Handlers that end when the test says so. */
function manual() {
  const started: {
    text: string;
    delivery: Delivery;
    signal: AbortSignal;
    end: () => void;
    fail: (e: unknown) => void;
  }[] = [];
  const handler: Handler = (delivery, signal) =>
    new Promise<void>((end, fail) => started.push({ text: delivery.text(), delivery, signal, end, fail }));
  return { started, handler };
}

test("no more handlers run than concurrency allows, and each that ends is acked and makes room for one", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const { started, handler } = manual();
  client.queue("jobs").consume(handler, { concurrency: 2 });
  const { id, credit, visibilityTimeoutMs } = await peer.subscribed();
  deepEqual([credit, visibilityTimeoutMs], [2, 30_000]);
  peer.deliver(id, 1, 2);
  await settle();
  started[0]?.end();
  const ack = await peer.next("ack");
  deepEqual(ack.receipts, [{ sequence: 1, lease: 1_001 }]);
  deepEqual(peer.take(), []);
  peer.settled(ack);
  deepEqual(await peer.next("credit"), { verb: "credit", id, add: 1 });
  await network.close(client);
});

test("a handler that throws gives its message back with the error, when the queue's retry policy has it or as it is told", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const errors: unknown[] = [];
  client.queue("jobs").consume(
    () => {
      throw new Error("no such photo");
    },
    {
      onError: (error) => errors.push(error),
      retryDelayMs: (receiveCount) => (receiveCount > 1 ? 5_000 : undefined),
    },
  );
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  const nack = await peer.next("nack");
  const { delayMs, counts, error } = nack;
  deepEqual({ delayMs, counts, error }, { delayMs: undefined, counts: true, error: "no such photo" });
  equal(errors.length, 1);
  peer.settled(nack);
  await peer.next("credit");
  peer.say((to) => writeDeliver(to, id, [{ ...delivery(2), receiveCount: 2 }]));
  equal((await peer.next("nack")).delayMs, 5_000);
  await network.close(client);
});

test("a handler that takes an hour keeps its message: the lease is extended every third of it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 7_200_000 });
  const { started, handler } = manual();
  client.queue("jobs").consume(handler, { visibilityTimeoutMs: 30_000, stallCheckMs: 7_200_000 });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1, 2);
  for (let passedMs = 0; passedMs < 3_600_000; passedMs += 10_000) {
    await network.clock.advance(10_000);
    const extend = await peer.next("extend");
    deepEqual([extend.visibilityTimeoutMs, extend.receipts.length], [30_000, 2]);
    peer.settled(extend);
  }
  await settle();
  equal(started[0]?.signal.aborted, false);
  started[0]?.end();
  peer.settled(await peer.next("ack"));
  await network.close(client);
});

test("when the server says that the lease is lost, that handler alone is told to stop, and nothing is acked for it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 7_200_000 });
  const { started, handler } = manual();
  client.queue("jobs").consume(handler, { visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1, 2);
  await network.clock.advance(10_000);
  peer.settled(await peer.next("extend"), { 0: "stale-receipt" });
  await settle();
  equal(started[0]?.signal.reason.code, "lease-lost");
  equal(started[1]?.signal.aborted, false);
  started[0]?.fail(started[0].signal.reason);
  await settle();
  deepEqual(
    peer.take().map(({ verb }) => verb),
    ["credit"],
  );
  await network.close(client);
});

test("a server that never confirms an extension: the signal is aborted the moment the lease ends", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 7_200_000 });
  const { started, handler } = manual();
  client.queue("jobs").consume(handler, { visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  await network.clock.advance(29_999);
  equal(started[0]?.signal.aborted, false);
  await network.clock.advance(1);
  equal(started[0]?.signal.reason.code, "lease-lost");
  await network.close(client);
});

test("across a lost connection a handler goes on when the server still honours its lease, and stops when not", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const { started, handler } = manual();
  client.queue("jobs").consume(handler, { concurrency: 3, visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1, 2);
  await settle();
  peer.drop();
  const again = await network.reconnect(100);
  const { credit } = await again.subscribed();
  equal(credit, 1);
  const extend = await again.next("extend");
  again.settled(extend, { 1: "stale-receipt" });
  await settle();
  equal(started[0]?.signal.aborted, false);
  equal(started[1]?.signal.reason.code, "lease-lost");
  started[0]?.end();
  again.settled(await again.next("ack"));
  await network.close(client);
});

test("a handler that settles by itself is left alone", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  client.queue("jobs").consume(async (delivery) => delivery.nack({ delayMs: 5, counts: false }));
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  const nack = await peer.next("nack");
  deepEqual([nack.delayMs, nack.counts], [5, false]);
  peer.settled(nack);
  equal((await peer.next("credit")).add, 1);
  deepEqual(peer.take(), []);
  await network.close(client);
});

test("an ack that fails is reported, and its message is left to its lease", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const errors: unknown[] = [];
  client.queue("jobs").consume(() => undefined, { onError: (error) => errors.push(error) });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  peer.settled(await peer.next("ack"), { 0: "stale-receipt" });
  equal((await peer.next("credit")).add, 1);
  deepEqual(peer.take(), []);
  equal((errors[0] as { code: string }).code, "lease-lost");
  await network.close(client);
});

test("stop takes nothing more and waits for the handlers that run", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const { started, handler } = manual();
  const worker = client.queue("jobs").consume(handler);
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  await settle();
  let isStopped = false;
  const stopping = worker.stop().then(() => {
    isStopped = true;
  });
  equal((await peer.next("cancel")).id, id);
  equal(isStopped, false);
  equal(started[0]?.signal.aborted, false);
  started[0]?.end();
  peer.settled(await peer.next("ack"));
  await stopping;
  equal(worker.runningCount, 0);
  await network.close(client);
});

test("closing the client aborts the handlers, and what they leave goes back uncounted", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const worker = client
    .queue("jobs")
    .consume(
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  await settle();
  const closing = client.close();
  await peer.next("cancel");
  const nack = await peer.next("nack");
  deepEqual([nack.counts, nack.delayMs], [false, 0]);
  peer.settled(nack);
  await closing;
  await worker.done;
  equal(network.clock.armedCount, 0);
});

test("a handler that ignores its signal does not keep the client from closing", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({ closeTimeoutMs: 2_000 });
  client.queue("jobs").consume(() => new Promise(() => undefined));
  const { id } = await peer.subscribed();
  peer.deliver(id, 1);
  await settle();
  const closing = client.close();
  await network.clock.advance(2_000);
  await closing;
  equal(peer.isOver, true);
});

test("a queue that cannot be subscribed to ends the worker with the refusal", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const worker = client.queue("jobs").consume(() => undefined);
  peer.refuse((await peer.next("subscribe")).id, "unknown-queue");
  await rejects(worker.done, { code: "unknown-queue" });
  await network.close(client);
});
