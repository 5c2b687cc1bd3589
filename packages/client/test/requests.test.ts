/** Requests across lost connections: what is asked again, in which order, within which bounds. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { writePublished } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { ClientFault } from "../src/index.ts";
import { delivery, ScriptedNetwork } from "./scripted-server.ts";

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

test("a send whose answer was lost is sent again with the same producer and sequence, before later ones", async () => {
  const network = new ScriptedNetwork();
  const connecting = network.connect();
  const { client, peer } = await connecting;
  const jobs = client.queue("jobs");
  const sends = [jobs.send("1"), client.topic("news").publish("2"), jobs.send("3")];
  const sequences = [await peer.next("send"), await peer.next("publish"), await peer.next("send")].map(
    ({ sequence }) => sequence,
  );
  peer.drop();
  await settle();
  sends.push(jobs.send("4"));
  await network.clock.advance(100);
  const again = await network.accept();
  equal((await again.welcome()).producer, "07".repeat(16));
  const repeated = [await again.next("send"), await again.next("publish"), await again.next("send")];
  deepEqual(
    repeated.map(({ sequence }) => sequence),
    sequences,
  );
  const last = await again.next("send");
  equal(textOf(last.messages[0]?.body), "4");
  deepEqual([...sequences, last.sequence], [1, 2, 3, 4]);
  for (const { verb, id } of [...repeated, last]) {
    if (verb === "send") again.sent(id);
    else
      again.say((to) =>
        writePublished(to, { id, durability: "synced", places: [{ partition: 0, offset: 9 }] }),
      );
  }
  deepEqual((await Promise.all(sends)).length, 4);
  await network.close(client);
});

test("the buffer is bounded while there is no connection, and what settles a delivery has room all the same", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({ outgoingBytesMax: 9_100 });
  const jobs = client.queue("jobs");
  const receiving = jobs.receive();
  peer.received((await peer.next("receive")).id, [delivery(1)]);
  const [held] = await receiving;
  peer.drop();
  await settle();
  const refusals: unknown[] = [];
  for (let i = 0; i < 1_000; i++) {
    jobs.send(new Uint8Array(1_000)).catch((error: unknown) => refusals.push(error));
  }
  await settle();
  equal(refusals.length, 992);
  equal(
    refusals.every((error) => error instanceof ClientFault && error.code === "buffer-full"),
    true,
  );
  equal(client.outgoingBytes <= 9_100, true);
  const acking = held?.ack();
  const again = await network.reconnect(100);
  const ack = await again.next("ack");
  again.settled(ack);
  await acking;
  for (let i = 0; i < 8; i++) again.sent((await again.next("send")).id);
  await settle();
  equal(client.outgoingBytes, 0);
  await network.close(client);
});

test("buffer-full is typed, and says nothing was sent", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({ outgoingBytesMax: 500 });
  await rejects(
    client.queue("jobs").send(new Uint8Array(600)),
    (error) => error instanceof ClientFault && error.code === "buffer-full",
  );
  await settle();
  deepEqual(peer.take(), []);
  await network.close(client);
});

test("a request that is never answered times out, and one that waits at the server gets that time on top", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({ requestTimeoutMs: 1_000 }, { heartbeatMs: 60_000 });
  const sending = rejects(client.queue("jobs").send("x"), { code: "request-timeout" });
  const receiving = client.queue("jobs").receive({ waitMs: 5_000 });
  await network.clock.advance(1_000);
  await sending;
  await network.clock.advance(4_999);
  await peer.next("send");
  const { id } = await peer.next("receive");
  peer.received(id, [delivery(1)]);
  equal((await receiving).length, 1);
  await network.close(client);
});

test("what is received for nobody goes back, as if it had never been delivered", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({ requestTimeoutMs: 1_000 });
  const giveUp = new AbortController();
  const receiving = client.queue("jobs").receive({ waitMs: 20_000, signal: giveUp.signal });
  const { id } = await peer.next("receive");
  giveUp.abort(new Error("enough"));
  await rejects(receiving, { message: "enough" });
  equal((await peer.next("cancel")).id, id);
  peer.received(id, [delivery(1), delivery(2)]);
  const nack = await peer.next("nack");
  deepEqual([nack.counts, nack.delayMs, nack.receipts.length], [false, 0, 2]);
  await network.close(client);
});

test("a receive is asked again after a lost connection; an abort while there is none ends it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const receiving = client.queue("jobs").receive({ waitMs: 5_000 });
  await peer.next("receive");
  peer.drop();
  const giveUp = new AbortController();
  await settle();
  const other = client.queue("jobs").receive({ signal: giveUp.signal });
  giveUp.abort(new Error("enough"));
  await rejects(other, { message: "enough" });
  const again = await network.reconnect(100);
  again.received((await again.next("receive")).id, [delivery(3)]);
  equal((await receiving)[0]?.text(), "3");
  await settle();
  deepEqual(again.take(), []);
  await network.close(client);
});

test("acks of one turn are one request; each delivery hears its own answer", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const receiving = client.queue("jobs").receive({ max: 3 });
  peer.received((await peer.next("receive")).id, [delivery(1), delivery(2), delivery(3)]);
  const acks = Promise.allSettled((await receiving).map((held) => held.ack()));
  const ack = await peer.next("ack");
  deepEqual(
    ack.receipts.map(({ sequence }) => sequence),
    [1, 2, 3],
  );
  peer.settled(ack, { 1: "stale-receipt" });
  deepEqual(
    (await acks).map((result) => (result.status === "fulfilled" ? "acked" : result.reason.code)),
    ["acked", "lease-lost", "acked"],
  );
  await network.close(client);
});

test("an ack whose answer was lost is asked again; when the lease went with the connection it is lease-lost", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const receiving = client.queue("jobs").receive({ max: 2 });
  peer.received((await peer.next("receive")).id, [delivery(1), delivery(2)]);
  const [inFlight, later] = await receiving;
  const acking = inFlight?.ack();
  await peer.next("ack");
  peer.drop();
  const again = await network.reconnect(100);
  again.settled(await again.next("ack"));
  await acking;
  const lost = rejects(later?.ack() ?? Promise.resolve(), { code: "lease-lost" });
  again.settled(await again.next("ack"), { 0: "stale-receipt" });
  await lost;
  await rejects(later?.nack() ?? Promise.resolve(), { code: "already-settled" });
  await network.close(client);
});

test("what cannot be said is refused alone", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const jobs = client.queue("jobs");
  const tooLarge = rejects(jobs.send(new Uint8Array(4 * 1024 * 1024)), { code: "invalid-request" });
  const fine = jobs.send("fine");
  peer.sent((await peer.next("send")).id);
  await Promise.all([tooLarge, fine]);
  equal(client.outgoingBytes, 0);
  await network.close(client);
});

const someId = "00000000-0001-8b5c-a022-a74200000001";

test("a number that is none is refused before it reaches the server, which would end the connection for it", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const [jobs, news] = [client.queue("jobs"), client.topic("news")];
  const unsayable = [
    () => jobs.receive({ max: -1 }),
    () => jobs.receive({ visibilityTimeoutMs: Number.NaN }),
    () => jobs.create({ bodyBytesMax: Number.NaN }),
    () => jobs.send("x", { delayMs: -1 }),
    () => jobs.send("x", { priority: 256 }),
    () => jobs.sendBatch([{ body: "x", timeToLiveMs: Number.NaN }]),
    () => jobs.cancel("7"),
    () => jobs.reschedule(someId, -1),
    () => jobs.redrive({ perSecondMax: Number.NaN }),
    () => news.fetch({ offset: -1 }),
    () => news.fetch({ offset: 0, partition: 2 ** 32 }),
    () => news.deleteRecordsBefore(Number.POSITIVE_INFINITY),
    () => news.configure({ retentionMs: -1 }),
    () => news.offsetAtTime(new Date("no date")),
  ];
  for (const ask of unsayable) await rejects(ask(), { name: "ClientFault", code: "invalid-request" });
  const standing = [
    jobs.subscribe({ credit: Number.NaN }).next(),
    jobs.consume(() => undefined, { visibilityTimeoutMs: -1 }).done,
    news.live({ credit: Number.NaN }).next(),
    news.consumer({ group: "g", sessionTimeoutMs: -1 }).next(),
  ];
  for (const begun of standing) await rejects(begun, { name: "ClientFault", code: "invalid-request" });
  deepEqual(peer.take(), []);
  equal(client.isReady, true);
  await network.close(client);
});

test("what is no body, key or attribute is refused alone, also to programs without types", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const [jobs, news] = [client.queue("jobs"), client.topic("news")];
  // As programs see the client that are not type-checked.
  const untyped = (value: unknown) => value as string;
  const mistakes = [
    () => jobs.send(untyped(5)),
    () => jobs.send(untyped(undefined)),
    () => jobs.send(untyped({ photo: 7 })),
    () => jobs.send(untyped(new ArrayBuffer(8))),
    () => jobs.sendBatch([{ body: "fine" }, { body: untyped(new Float64Array(1)) }]),
    () => jobs.send("x", { attributes: { size: untyped(5) } }),
    () => jobs.send("x", { attributes: { size: { type: "number", value: untyped(5) } } }),
    () => news.publish("x", { key: untyped(7) }),
    () => client.transact({ sends: [{ queue: "jobs", messages: [{ body: untyped(null) }] }] }),
    () => client.transact({ commit: { group: "g", generation: 1, offsets: untyped(7) as unknown as [] } }),
    () => news.offsetAtTime(untyped(Symbol("now")) as unknown as Date),
    () => client.queue(untyped(5)).describe(),
  ];
  for (const ask of mistakes) {
    await rejects(ask(), (error) => error instanceof TypeError || error instanceof ClientFault);
  }
  deepEqual(peer.take(), []);
  const sending = jobs.send(new Uint8Array([1, 2]), {
    attributes: new Map([["a", { type: "string", value: "b" }]]),
  });
  const { id, messages } = await peer.next("send");
  deepEqual(messages, [
    { body: new Uint8Array([1, 2]), attributes: new Map([["a", { type: "string", value: "b" }]]) },
  ]);
  peer.sent(id);
  await sending;
  equal(client.outgoingBytes, 0);
  await network.close(client);
});

test("a large batch becomes as many requests as it takes, with one result for each message", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const body = new Uint8Array(1024 * 1024 - 100);
  const sending = client.queue("jobs").sendBatch(Array.from({ length: 7 }, () => ({ body })));
  const counts: number[] = [];
  for (let left = 7; left > 0; ) {
    const { id, messages } = await peer.next("send");
    counts.push(messages.length);
    left -= messages.length;
    peer.sent(id, messages.length);
  }
  deepEqual(counts, [3, 3, 1]);
  equal((await sending).length, 7);
  await network.close(client);
});

test("ids and errors are counted with the bodies: a batch of them fits its frames, a long error is cut", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const jobs = client.queue("jobs");
  const groupId = "é".repeat(500);
  const sending = jobs.sendBatch(Array.from({ length: 5_000 }, () => ({ body: "", groupId })));
  let count = 0;
  while (count < 5_000) {
    const { id, messages } = await peer.next("send");
    count += messages.length;
    peer.sent(id, messages.length);
  }
  equal((await sending).length, 5_000);
  const receiving = jobs.receive();
  peer.received((await peer.next("receive")).id, [delivery(1)]);
  const [held] = await receiving;
  const nacked = held?.nack({ error: "é".repeat(5_000) });
  const nack = await peer.next("nack");
  equal(nack.error, "é".repeat(1_024));
  peer.settled(nack);
  await nacked;
  await network.close(client);
});

test("no more requests are in flight than the server answers for, and acks have a place among them", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { requestCountMax: 8 });
  const jobs = client.queue("jobs");
  const receives = Array.from({ length: 10 }, () => jobs.receive({ waitMs: 1_000 }));
  await settle();
  const asked = peer.take();
  equal(asked.length, 6);
  const [first] = asked;
  peer.received(first?.id ?? 0, [delivery(1)]);
  const [held] = (await receives[0]) ?? [];
  const acking = held?.ack();
  await settle();
  const verbs = peer.take();
  deepEqual(verbs.map(({ verb }) => verb).sort(), ["ack", "receive"]);
  for (const frame of verbs) if (frame.verb === "ack") peer.settled(frame);
  await acking;
  for (const receive of receives.slice(1)) receive.catch(() => undefined);
  await network.close(client);
});

test("a slow network holds back sends, not acks", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const receiving = client.queue("jobs").receive();
  peer.received((await peer.next("receive")).id, [delivery(1)]);
  const [held] = await receiving;
  peer.bufferedBytes = 2 * 1024 * 1024;
  const sending = client.queue("jobs").send("x");
  const acking = held?.ack();
  peer.settled(await peer.next("ack"));
  await acking;
  deepEqual(peer.take(), []);
  peer.bufferedBytes = 0;
  peer.drained();
  peer.sent((await peer.next("send")).id);
  await sending;
  await network.close(client);
});
