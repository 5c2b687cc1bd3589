/**
 * Bad input of every kind against one process in which well-behaved clients of all four systems are at work: each gets a clear answer, and
 * the others notice nothing and lose nothing.
 */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { dataDirectory } from "../src/data-directory.ts";
import { FramedSocket, frame } from "../src/framed-socket.ts";
import type { HttpClient } from "../src/http-client.ts";
import { type Incarnation, Incarnations } from "../src/incarnations.ts";
import { Load } from "../src/load.ts";
import { RawHttp } from "../src/raw-http.ts";
import { until } from "../src/until.ts";
import { badClients, expectError } from "./bad-input/framed-clients.ts";
import {
  expectAnswer,
  expectStatus,
  notHttp,
  toBroker,
  toChat,
  toWaitroom,
} from "./bad-input/http-requests.ts";
import {
  badHandshakes,
  expectClosed,
  expectRefusals,
  flood,
  openSlowWebSockets,
  vanish,
} from "./bad-input/web-sockets.ts";
import { subscribed } from "./proof/classic-clients.ts";
import { Everybody } from "./proof/everybody.ts";
import { readTopic, type TopicRecord } from "./proof/records.ts";
import type { Session } from "./proof/visitors.ts";

const consumersMax = 10;
const slowCount = 20;

test("whatever some send, they are told what is wrong with it, and nobody else notices", async (t) => {
  await using data = await dataDirectory();
  await using sluice = new Incarnations(data.path, { mayBeSaid: /becomes a dead letter/ });
  const load = new Load();
  await using everybody = await Everybody.join(load);
  const at = await sluice.start();
  await everybody.prepare(at);
  load.begin(at);
  await load.reached(1, 0);
  const ports = [at.httpUrl, at.chatUrl].map((url) => Number(new URL(url).port));

  {
    await using slow = await openSlowClients(at);
    for (const [what, bytes, code] of badClients) {
      await t.test(`framed TCP, ${what}: ${code}`, () => expectError(at.tcpPort, bytes, code));
    }
    await t.test("framed TCP, one consumer too many", () => oneTooMany(at));
    for (const row of [...toBroker, ...toWaitroom, ...toChat]) {
      await t.test(`${row[1].slice(0, 60)}, ${row[0]}: ${row[3]} ${row[4]}`, () =>
        expectAnswer(at.httpUrl, row),
      );
    }
    await t.test("the second port answers the chat's requests alike", async () => {
      for (const row of toChat) await expectAnswer(at.chatUrl, row);
    });
    for (const [what, bytes, status] of notHttp) {
      await t.test(`HTTP, ${what}: ${status}`, async () => {
        for (const port of ports) await expectStatus(port, bytes, status);
      });
    }
    for (const [what, bytes, status] of badHandshakes) {
      await t.test(`WebSocket, ${what}: ${status}`, () => expectStatus(ports[0] ?? 0, bytes, status));
    }
    await t.test("WebSocket, messages that are refused", () => expectRefusals(at.httpUrl));
    await t.test("WebSocket, messages that end the connection", () => expectClosed(at.httpUrl));
    await t.test("WebSocket, a flood of requests", () => flood(at.httpUrl));
    await t.test("WebSocket, a consumer that vanishes", () => vanish(at));
    for (const port of ports) {
      await t.test("who is still sending what is too long is answered, and can go on", () =>
        sendTooMuch(port),
      );
    }
    await t.test("other people's sessions", () => otherPeoplesSessions(at.http));
    await t.test("calls of the hub that cannot be", () => badCalls(at));
    await t.test("what is no handshake", () => badHandshake(at));
    await t.test("events that are none become dead letters", () => badEvents(at.http));
    await t.test("requests that are given up half way", () => giveUp(at));
    equal(slow.count, 5 * slowCount);
    await t.test("the others go on", () => load.reached(20, 0));
  }

  deepEqual(await sluice.terminate(), { code: 0, signal: null });
  await load.ended();
  const last = await sluice.start();
  t.diagnostic(await everybody.settle(last, () => sluice.log, { CHECKOUT_COMPLETED: 3 }));
});

/** Those who begin and never finish: half a request, half a frame, half a message, and consumers that never read. */
async function openSlowClients({
  httpUrl,
  tcpPort,
}: Incarnation): Promise<AsyncDisposable & { count: number }> {
  const stack = new AsyncDisposableStack();
  const port = Number(new URL(httpUrl).port);
  for (let i = 0; i < slowCount; i++) {
    stack.use(await RawHttp.open(port)).write("GET /healthz HTTP/1.1\r\nHost: local");
    const body =
      "POST /enqueue HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stack.use(await RawHttp.open(port)).write(body);
    const producer = stack.use(await FramedSocket.open(tcpPort));
    producer.send(["PRODUCER queue=bad"]);
    producer.write(Uint8Array.of(0, 0, 0x10, 0, 1, 2, 3));
    for (const webSocket of await openSlowWebSockets(port, "readings")) stack.use(webSocket);
  }
  const deaf = stack.use(await FramedSocket.open(tcpPort));
  deaf.pause();
  deaf.send(["CONSUMER topic=readings"]);
  return { count: 5 * slowCount, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function oneTooMany({ http, tcpPort }: Incarnation): Promise<void> {
  await using stack = new AsyncDisposableStack();
  for (let i = 0; i < consumersMax; i++) {
    stack.use(await FramedSocket.open(tcpPort)).send(["CONSUMER topic=crowd"]);
  }
  await subscribed(http, "crowd", consumersMax);
  const late = stack.use(await FramedSocket.open(tcpPort));
  late.send(["CONSUMER topic=crowd"]);
  match((await late.rest()).join(), /^ERROR too-many-consumers /);
}

/** The answer comes before the end of the body. Ending the connection then would reset it, and the answer would be lost with it. */
async function sendTooMuch(port: number): Promise<void> {
  const halfBytes = 5 * 1024 * 1024;
  await using raw = await RawHttp.open(port);
  raw.write("POST /api/v1/messages/text HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
  raw.write(`Content-Length: ${2 * halfBytes}\r\n\r\n${"x".repeat(halfBytes)}`);
  await raw.has(/^HTTP\/1\.1 413 /);
  raw.write("x".repeat(halfBytes));
  raw.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  match((await raw.answer()).body, /HTTP\/1\.1 200 /);
}

async function otherPeoplesSessions(http: HttpClient): Promise<void> {
  const join = { event_id: "private", user_id: "victim" };
  const { body } = await http.post<Session>("/api/v1/waitroom/join", join);
  const path = `/api/v1/waitroom/sessions/${body.session_id}`;
  equal((await http.get(path)).status, 401);
  equal((await http.delete(path)).status, 401);
  equal((await http.delete(path, { authorization: "Bearer guessed" })).status, 403);
  const own = { authorization: `Bearer ${body.session_token}` };
  notEqual((await http.get<Session>(path, own)).body.status, "left", "nobody else can end a session");
}

async function badCalls({ chatUrl }: Incarnation): Promise<void> {
  const client = new HubConnectionBuilder()
    .withUrl(`${chatUrl}/hubs/chat`)
    .configureLogging(LogLevel.None)
    .build();
  await client.start();
  await rejects(client.invoke("Join", "nobodys"), /unknown-conversation/);
  await rejects(client.invoke("Join", { conversationId: "parents" }), /Join/);
  await rejects(client.invoke("Join"), /Join/);
  await rejects(client.invoke("DropTables"), /DropTables/i);
  const joined = await client.invoke<{ lastSeq: number }>("Join", "parents");
  ok(joined.lastSeq >= 0, "the connection has survived all that");
  await client.stop();
}

async function badHandshake({ chatUrl }: Incarnation): Promise<void> {
  for (const bytes of [
    "junk\u001e",
    '{"protocol":"carrier-pigeon","version":1}\u001e',
    "x".repeat(100_000),
  ]) {
    const socket = new WebSocket(`${chatUrl.replace("http", "ws")}/hubs/chat`);
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    socket.addEventListener("open", () => socket.send(bytes));
    await closed;
  }
}

/** A shop or a chat in another language that gets it wrong: what cannot be read is put aside, with the reason. */
async function badEvents(http: HttpClient): Promise<void> {
  const order = { order_id: "o", user_id: "u", event_id: "small", timestamp: new Date().toISOString() };
  const bad = {
    CHECKOUT_COMPLETED: ["junk", "{}", JSON.stringify({ ...order, session_id: 7 })],
    "emis.message.sent": ["junk", JSON.stringify({ conversationId: "parents", content: "x" })],
  };
  for (const [topic, bodies] of Object.entries(bad)) {
    for (const body of bodies)
      equal((await http.post("/publish", { topic, key: "small", body })).status, 201);
  }
  for (const [topic, bodies] of Object.entries(bad)) {
    let kept: readonly TopicRecord[] = [];
    await until(`${topic}.dlq has ${bodies.length} records`, async () => {
      kept = await readTopic(http, `${topic}.dlq`);
      return kept.length >= bodies.length;
    });
    deepEqual(kept.map(({ body }) => body).sort(), [...bodies].sort());
  }
}

/** Connections that are cut in the middle of what they say. */
async function giveUp({ httpUrl, tcpPort }: Incarnation): Promise<void> {
  for (let i = 0; i < slowCount; i++) {
    await using request = await RawHttp.open(Number(new URL(httpUrl).port));
    request.write("POST /enqueue HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{");
    await using poll = await RawHttp.open(Number(new URL(httpUrl).port));
    poll.write("GET /dequeue?queue=empty&waitSeconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await using producer = await FramedSocket.open(tcpPort);
    producer.write(frame("PRODUCER queue=bad"));
    producer.write(Uint8Array.of(0, 0, 1, 0, 1));
  }
}
