/** Deliveries as they come: credit, reconnects, what goes back, and the queue that only seems to be empty. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { type WireQueueDescription, writeEnded, writeQueue } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { Status, Subscription } from "../src/index.ts";
import { type Peer, ScriptedNetwork } from "./scripted-server.ts";

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { value, done } = await subscription.next();
    if (done === true) break;
    texts.push(value.text());
  }
  return texts;
}

/** A queue with the settings of a server, of which the test says what it is about. */
const description: WireQueueDescription = {
  visibilityTimeoutMs: 30_000,
  delayMs: 0,
  timeToLiveMs: Number.POSITIVE_INFINITY,
  onExpiry: "drop",
  retry: { minDelayMs: 0, maxDelayMs: 900_000, factor: 2, jitter: 0.5 },
  deadLetter: undefined,
  parkAfterReceives: 100,
  priorityAgingMs: 60_000,
  deduplication: "by-id",
  deduplicationWindowMs: 300_000,
  inFlightMax: Number.POSITIVE_INFINITY,
  startsPerSecondMax: Number.POSITIVE_INFINITY,
  messageCountMax: 1_000,
  bodyBytesMax: 1_000,
  overflow: "refuse",
  durability: "synced",
  paused: false,
  ready: 0,
  delayed: 0,
  inFlight: 0,
  parked: 0,
  bodyBytes: 0,
  oldestReadyMs: undefined,
  oldestInFlightMs: undefined,
  oldestParkedMs: undefined,
};

async function describe(
  peer: Peer,
  ready: number,
  visibilityTimeoutMs = 30_000,
  more: Partial<WireQueueDescription> = {},
): Promise<void> {
  const { id } = await peer.next("describeQueue");
  const oldestReadyMs = ready > 0 ? 1_000 : undefined;
  peer.say((to) =>
    writeQueue(to, { ...description, id, ready, oldestReadyMs, visibilityTimeoutMs, ...more }),
  );
  await settle();
}

test("credit is given back in halves as messages are taken", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const subscription = client.queue("jobs").subscribe({ credit: 4, visibilityTimeoutMs: 30_000 });
  const { id, credit, queue, visibilityTimeoutMs } = await peer.subscribed();
  deepEqual(
    { credit, queue, visibilityTimeoutMs },
    { credit: 4, queue: "jobs", visibilityTimeoutMs: 30_000 },
  );
  peer.deliver(id, 1, 2, 3, 4);
  deepEqual(await take(subscription, 1), ["1"]);
  await settle();
  deepEqual(peer.take(), []);
  deepEqual(await take(subscription, 2), ["2", "3"]);
  deepEqual(await peer.next("credit"), { verb: "credit", id, add: 2 });
  await network.close(client);
});

test("after every lost connection it is subscribed again, and what waited unread is given back", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const subscription = client.queue("jobs").subscribe({ credit: 4, visibilityTimeoutMs: 30_000 });
  let connection = peer;
  for (let round = 0; round < 20; round++) {
    const { id, credit } = await connection.subscribed();
    equal(credit, 4);
    for (const frame of connection.take()) if (frame.verb === "nack") connection.settled(frame);
    connection.deliver(id, round * 10 + 1, round * 10 + 2);
    deepEqual(await take(subscription, 1), [String(round * 10 + 1)]);
    connection.drop();
    await network.clock.advance(10_000);
    connection = await network.accept();
    await connection.welcome();
    const given = connection.take();
    const nack = given.find((frame) => frame.verb === "nack");
    deepEqual(nack?.receipts, [{ sequence: round * 10 + 2, lease: round * 10 + 1_002 }]);
    equal(nack?.counts, false);
    connection.put(given);
  }
  await network.close(client);
});

test("closing cancels it, and gives back what was not taken and what crosses the cancel", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const subscription = client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.deliver(id, 1, 2);
  await settle();
  const taken: string[] = [];
  for await (const delivery of subscription) {
    taken.push(delivery.text());
    break;
  }
  deepEqual(taken, ["1"]);
  equal((await peer.next("cancel")).id, id);
  peer.settled(await peer.next("nack"));
  peer.deliver(id, 3);
  const crossed = await peer.next("nack");
  deepEqual([crossed.counts, crossed.receipts[0]?.sequence], [false, 3]);
  peer.settled(crossed);
  peer.say((to) => writeEnded(to, { id, code: "cancelled", sentence: "" }));
  await client.close();
});

test("a message whose lease ended while it waited here is not handed out", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 60_000 });
  const subscription = client.queue("jobs").subscribe({ credit: 10 });
  const { id } = await peer.subscribed();
  await describe(peer, 0, 5_000);
  peer.deliver(id, 1);
  await settle();
  await network.clock.advance(5_000);
  peer.deliver(id, 2);
  await settle();
  deepEqual(await take(subscription, 1), ["2"]);
  await network.close(client);
});

test("silence with free credit is checked; when messages are ready it subscribes again and says so", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 3_600_000 });
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  const subscription = client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000, stallCheckMs: 10_000 });
  const { id } = await peer.subscribed();
  await network.clock.advance(10_000);
  await describe(peer, 0);
  await network.clock.advance(10_000);
  await describe(peer, 5);
  deepEqual(heard, []);
  await network.clock.advance(1_000);
  deepEqual(heard, [{ state: "stalled", queue: "jobs", ready: 5 }]);
  equal((await peer.next("cancel")).id, id);
  const fresh = await peer.subscribed();
  peer.deliver(fresh.id, 1);
  deepEqual(await take(subscription, 1), ["1"]);
  await network.close(client);
});

test("a message that comes while the queue is asked is no stall", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 3_600_000 });
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000, stallCheckMs: 10_000 });
  const { id } = await peer.subscribed();
  await network.clock.advance(10_000);
  await describe(peer, 5);
  peer.deliver(id, 1);
  await network.clock.advance(1_000);
  deepEqual(heard, []);
  deepEqual(peer.take(), []);
  await network.close(client);
});

test("what the server refuses for now is asked again, what it refuses for good ends the iteration", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const subscription = client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000 });
  peer.refuse((await peer.next("subscribe")).id, "too-many-consumers", 5_000);
  await network.clock.advance(5_000);
  const refused = rejects(subscription.next(), { code: "unknown-queue" });
  peer.refuse((await peer.next("subscribe")).id, "unknown-queue");
  await refused;
  deepEqual(await subscription.next(), { done: true, value: undefined });
  await network.clock.advance(60_000);
  deepEqual(peer.take(), []);
  await network.close(client);
});

test("a subscription that the server ended is begun again", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.say((to) => writeEnded(to, { id, code: "storage-failed", sentence: "" }));
  await network.clock.advance(1_000);
  equal((await peer.subscribed()).queue, "jobs");
  await network.close(client);
});

const heldBack: Readonly<Record<string, Partial<WireQueueDescription>>> = {
  "is paused": { paused: true },
  "has as many in flight as it may": { inFlight: 3, inFlightMax: 3 },
  "hands out so many in a second": { startsPerSecondMax: 0.1 },
  "has only messages that wait for others of their group": { oldestReadyMs: undefined },
};

for (const [why, more] of Object.entries(heldBack)) {
  test(`silence is no stall when the queue ${why}`, async () => {
    const network = new ScriptedNetwork();
    const { client, peer } = await network.connect({}, { heartbeatMs: 3_600_000 });
    const heard: Status[] = [];
    client.on("status", (status) => heard.push(status));
    client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000, stallCheckMs: 10_000 });
    await peer.subscribed();
    await network.clock.advance(10_000);
    await describe(peer, 5, 30_000, more);
    await network.clock.advance(1_000);
    deepEqual(heard, []);
    await network.close(client);
  });
}

test("a queue that was deleted is told, looked for without making it, and subscribed to when somebody has made it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 3_600_000 });
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  const subscription = client.queue("jobs").subscribe({ visibilityTimeoutMs: 30_000 });
  const { id } = await peer.subscribed();
  peer.say((to) => writeEnded(to, { id, code: "unknown-queue", sentence: "It was deleted." }));
  await settle();
  deepEqual(heard, [{ state: "deleted", what: "queue", name: "jobs" }]);
  for (let looks = 0; looks < 2; looks++) {
    await network.clock.advance(1_000);
    peer.refuse((await peer.next("describeQueue")).id, "unknown-queue");
    await settle();
  }
  await network.clock.advance(1_000);
  await describe(peer, 0);
  const fresh = await peer.subscribed();
  peer.deliver(fresh.id, 1);
  deepEqual(await take(subscription, 1), ["1"]);
  equal(heard.length, 1);
  await network.close(client);
});
