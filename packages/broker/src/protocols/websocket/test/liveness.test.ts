/** Clients that fall silent, read nothing or flood: what they cost is bounded, and what they held goes back. In virtual time. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { createWebSocketStream } from "ws";
import { FullClient } from "../../tcp/full/test/full-client.ts";
import { publish } from "../../tcp/full/test/full-fixture.ts";
import type { JsonClient, Message } from "./json-client.ts";
import { openWebSockets, type WebSocketFixture } from "./websocket-fixture.ts";

const kibi = 1024;

async function counts(
  { broker }: WebSocketFixture,
  queue: string,
): Promise<{ ready: number; inFlight: number }> {
  const result = await broker.describeQueue(queue);
  ok(result.ok);
  return result.description;
}

async function settleLong(): Promise<void> {
  for (let i = 0; i < 50; i++) await settle();
}

test("a client that answers pings may say nothing else for hours", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("subscribe", { queue: "jobs" });
  for (let hour = 0; hour < 2; hour++) await fixture.clock.advance(3_600_000);
  await client.ask("enqueue", { queue: "jobs", body: "at last" });
  equal((await client.push()).body, "at last");
});

test("a client that has fallen silent is dropped within two intervals, although it is talked to, and what it held goes back", async () => {
  await using fixture = await openWebSockets();
  const silent = await fixture.client({ pongs: false });
  await silent.ask("subscribe", { topic: "news" });
  await silent.ask("enqueue", { queue: "jobs", body: "one" });
  await silent.ask("dequeue", { queue: "jobs", visibilityTimeoutSeconds: 3_600 });
  equal((await counts(fixture, "jobs")).inFlight, 1);
  for (let second = 0; second < 25; second++) {
    await fixture.broker.publish({
      topic: "news",
      records: [{ key: undefined, body: new Uint8Array(1), attributes: new Map() }],
    });
    await fixture.clock.advance(1_000);
  }
  equal(await silent.closed, "1006");
  const { ready, inFlight } = await counts(fixture, "jobs");
  deepEqual([ready, inFlight], [1, 0]);
});

test("a silent client of frames is dropped as over TCP", async () => {
  await using fixture = await openWebSockets();
  const silent = new FullClient(createWebSocketStream(fixture.knock({ protocols: ["sluice.1"] })));
  await silent.hello();
  await fixture.clock.advance(25_000);
  const came: string[] = [];
  while (came.at(-1) !== "closed") came.push((await silent.next()).verb);
  deepEqual(came, ["ping", "ping", "error", "closed"]);
});

test("a message that does not end is given up after a minute, although its bytes keep coming", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  const socket = rawSocket(client);
  // FIN, text, masked, 60,000 bytes; the mask and the first bytes.
  socket.write(Buffer.from([0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]));
  for (let second = 0; second < 70; second += 5) {
    socket.write("x");
    await fixture.clock.advance(5_000);
  }
  match(await client.closed, /^1008 A frame was not completed in 60000 ms/);
});

test("a subscriber that does not read is pushed no more than a little, and the others get the rest", async () => {
  await using fixture = await openWebSockets();
  const [deaf, other] = [await fixture.client(), await fixture.client()];
  await deaf.ask("subscribe", { queue: "jobs", credit: 1_000 });
  deaf.webSocket.pause();
  const body = "x".repeat(10 * kibi);
  for (let i = 0; i < 20; i++) {
    await other.ask("enqueue", { queue: "jobs", messages: Array(10).fill({ body }) });
  }
  await settleLong();
  const before = await counts(fixture, "jobs");
  // What the kernel takes, what waits for the socket, and what was being dealt out.
  ok(before.inFlight < 120, `${before.inFlight} of 200 are on their way to the one who does not read`);
  await other.ask("subscribe", { queue: "jobs", credit: 1_000 });
  for (let i = 0; i < before.ready; i++) await other.push();
  // Nothing moves for a minute: then it is told so, and what it held goes back.
  await fixture.clock.advance(90_000);
  deaf.webSocket.resume();
  match(await deaf.closed, /^100[68]/);
  await settleLong();
  const counted: unknown[] = [];
  for (let i = 0; i < before.inFlight; i++) counted.push((await other.push()).receiveCount);
  equal((await counts(fixture, "jobs")).ready, 0);
  // What the kernel had taken may have been read; what was still here had reached nobody.
  ok(counted.includes(1) && counted.includes(2), `received so often: ${counted}`);
});

test("a live subscriber that does not read loses records, and memory stays as it is", async () => {
  await using fixture = await openWebSockets();
  const [deaf, publisher] = [await fixture.client(), await fixture.client()];
  await deaf.ask("subscribe", { topic: "news", credit: 65_535, bufferCountMax: 10 });
  deaf.webSocket.pause();
  const body = "x".repeat(100 * kibi);
  for (let i = 0; i < 50; i++) await publisher.ask("publish", { topic: "news", body });
  deaf.webSocket.resume();
  const heard: Message[] = [];
  for (let dropped = 0; dropped === 0; ) {
    const message = await deaf.push();
    heard.push(message);
    dropped = Number(message.dropped);
  }
  ok(heard.length < 20, `${heard.length} were kept for it`);
});

test("who asks and does not read the answers is not read either", async () => {
  const limits = { outgoingBytesMax: 256 * kibi, readCountMax: 1_000, readBytesMax: 1_000 * kibi * kibi };
  await using fixture = await openWebSockets({ limits });
  const client = await fixture.client();
  const body = "x".repeat(100 * kibi);
  for (let i = 0; i < 6; i++)
    await client.ask("enqueue", { queue: "jobs", messages: Array(10).fill({ body }) });
  client.webSocket.pause();
  for (let i = 0; i < 60; i++) {
    client.tell("dequeue", { queue: "jobs" });
    await settle();
  }
  await settleLong();
  const { inFlight } = await counts(fixture, "jobs");
  ok(inFlight < 20, `${inFlight} of 60 were handed out`);
  client.webSocket.resume();
  equal((await client.ask("ping")).ok, true);
  equal((await counts(fixture, "jobs")).inFlight, 60);
});

test("frames that are not taken stay with the client: no more of them is read than over TCP", async () => {
  await using fixture = await openWebSockets({ tcp: { full: { limits: { requestBytesMax: 256 * kibi } } } });
  const blocker = await fixture.client();
  await blocker.ask("subscribe", { topic: "news", credit: 0, bufferCountMax: 1, overflow: "block" });
  const webSocket = fixture.knock({ protocols: ["sluice.1"] });
  const client = new FullClient(createWebSocketStream(webSocket));
  await client.hello();
  const body = "x".repeat(60 * kibi);
  for (let i = 0; i < 100; i++) void publish(client, "news", body).catch(() => undefined);
  await settleLong();
  const unsentBytes = webSocket.bufferedAmount + client.stream.writableLength;
  ok(unsentBytes > 5_000_000, `${unsentBytes} of 6,000,000 bytes are still with the client`);
  webSocket.terminate();
});

test("a flood of pings from a client that does not read costs little", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  client.webSocket.pause();
  const payload = Buffer.alloc(125);
  for (let i = 0; i < 20_000; i++) client.webSocket.ping(payload);
  await settleLong();
  client.webSocket.resume();
  let pongs = 0;
  client.webSocket.on("pong", () => pongs++);
  equal((await client.ask("ping")).ok, true);
  ok(pongs < 2_000, `${pongs} pongs waited for it`);
});

test("messages that are never completed are bounded together: the largest goes, and says so in the log", async () => {
  await using fixture = await openWebSockets({ tcp: { limits: { totalBytesMax: 4 * kibi * kibi } } });
  const hoarders: JsonClient[] = [];
  for (let i = 0; i < 3; i++) {
    const client = await fixture.client(i === 0 ? { protocols: ["sluice.1"] } : {});
    // FIN, text or binary, masked, 4,000,000 bytes.
    const header = Buffer.from([i === 0 ? 0x82 : 0x81, 0xff, 0, 0, 0, 0, 0x00, 0x3d, 0x09, 0x00, 0, 0, 0, 0]);
    rawSocket(client).write(header);
    rawSocket(client).write(Buffer.alloc(1_700_000 - i * 100_000, 0x20));
    hoarders.push(client);
    await settleLong();
  }
  const [largest, ...others] = hoarders;
  equal(await largest?.closed, "1006");
  match(String(fixture.warnings[0]?.msg), /the longest unfinished message/);
  for (const client of others) equal(client.webSocket.readyState, client.webSocket.OPEN);
});

test("what a connection held goes back when it ends, although a publish of it is blocked by others", async () => {
  await using fixture = await openWebSockets();
  const [blocker, gone] = [await fixture.client(), await fixture.client()];
  await blocker.ask("subscribe", { topic: "news", credit: 0, bufferCountMax: 1, overflow: "block" });
  await gone.ask("enqueue", { queue: "jobs", body: "one" });
  await gone.ask("dequeue", { queue: "jobs" });
  await gone.ask("publish", { topic: "news", body: "fills the buffer" });
  gone.tell("publish", { topic: "news", body: "waits" });
  await gone.ask("ping");
  gone.webSocket.terminate();
  await settleLong();
  const { ready, inFlight } = await counts(fixture, "jobs");
  deepEqual([ready, inFlight], [1, 0]);
});

test("a half-open handshake, and bytes that are no WebSocket, disturb nobody", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  const raw = rawSocket(await fixture.client());
  raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
  fixture.dial().write("GET /ws HTTP/1.1\r\nHost: sluice.test\r\nUpgr");
  const unmasked = rawSocket(await fixture.client());
  unmasked.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]));
  await settleLong();
  deepEqual(await client.ask("ping"), { ok: true });
});

/** The stream below a client's WebSocket, to write what its library would not. */
function rawSocket({ webSocket }: JsonClient): { write(bytes: Uint8Array | string): boolean } {
  return (webSocket as unknown as { readonly _socket: { write(bytes: Uint8Array | string): boolean } })
    ._socket;
}
