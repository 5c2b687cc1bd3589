/** WebSockets that get it wrong: at the door, in a message, and by going away in the middle. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import { RawHttp } from "../../src/raw-http.ts";
import type { Deliveries } from "../proof/queue-clients.ts";

const host = "Host: localhost\r\n";
const upgrade = `GET /ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** A whole handshake for JSON. */
const handshake = `${upgrade}${key}Sec-WebSocket-Protocol: sluice.json\r\n\r\n`;

/** What is wrong with a handshake, byte by byte, and its status. */
export const badHandshakes: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ["no upgrade", `GET /ws HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 404],
  ["no key", `${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`, 400],
  ["an old version", `${upgrade}Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n\r\n`, 400],
  ["no protocol of ours", `${upgrade}${key}Sec-WebSocket-Protocol: mqtt\r\n\r\n`, 400],
  ["a page of others", `${upgrade}${key}Origin: https://evil.example\r\n\r\n`, 403],
];

/** What is wrong with a message; the message; the code of its answer. An object is sent with an id. */
const badMessages: readonly (readonly [what: string, message: string | object, code: string])[] = [
  ["half an object", '{"id": 1', "malformed-json"],
  ["nothing", "", "malformed-json"],
  ["a deep pit", "[".repeat(100_000), "malformed-json"],
  ["a list", "[]", "invalid-field"],
  ["no id", '{"op": "ping"}', "missing-field"],
  ["no op", {}, "missing-field"],
  ["an op of no version", { op: "dance" }, "unknown-op"],
  ["a field of no version", { op: "ping", colour: "red" }, "unknown-field"],
  ["a number as body", { op: "enqueue", body: 5 }, "invalid-field"],
  ["a name that is none", { op: "enqueue", queue: "no name!", body: "x" }, "invalid-name"],
  ["more than 1 MiB", { op: "enqueue", body: "x".repeat(1024 * 1024 + 1) }, "body-too-large"],
  ["an hour's wait", { op: "dequeue", waitSeconds: 3_600 }, "invalid-field"],
  ["a receipt of nobody", { op: "ack", queue: "work", receipt: "nonsense" }, "unknown-message"],
  ["a queue of nobody", { op: "nack", queue: "nobodys", receipt: "nonsense" }, "unknown-queue"],
  ["a log of others", { op: "publish", topic: "waitroom.records", body: "junk" }, "owned-topic"],
  ["all of a queue to all", { op: "subscribe", queue: "work", mode: "broadcast" }, "invalid-field"],
  ["both at once", { op: "subscribe", queue: "work", topic: "readings" }, "invalid-field"],
  ["credit for nothing", { op: "credit", subscription: 99, credit: 1 }, "unknown-subscription"],
  ["an empty transaction", { op: "transact" }, "missing-field"],
];

/** Sends all of them over one connection, which survives them. */
export async function expectRefusals(httpUrl: string): Promise<void> {
  const socket = await opened(httpUrl);
  for (const [what, message, code] of badMessages) {
    const text = typeof message === "string" ? message : JSON.stringify({ id: what, ...message });
    const answer = await answerTo(socket, text);
    equal(answer.code, code, `${what}: ${JSON.stringify(answer)}`);
    equal(answer.ok, false);
    equal(answer.id, typeof message === "string" ? null : what);
    ok(String(answer.detail).length > 10, `${what}: ${answer.detail} says what is wrong`);
  }
  deepEqual(await answerTo(socket, '{"id": 1, "op": "ping"}'), { id: 1, ok: true });
  socket.close();
}

/** What no connection survives, and how it is closed. */
export async function expectClosed(httpUrl: string): Promise<void> {
  for (const [messages, code] of [
    [[Uint8Array.of(1, 2, 3)], 1003],
    [["x".repeat(8 * 1024 * 1024 + 1)], 1009],
    [Array<string>(10).fill("junk"), 1008],
  ] as const) {
    const socket = await opened(httpUrl);
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    for (const message of messages) socket.send(message);
    equal((await closed).code, code);
  }
}

const floodCount = 10_000;

/** Many requests at once, without waiting for any answer: each is answered, also the wrong ones among them. */
export async function flood(httpUrl: string): Promise<void> {
  const socket = await opened(httpUrl);
  const waiting = new Set(Array.from({ length: floodCount }, (_, id) => id));
  const answered = new Promise<void>((resolve, reject) => {
    socket.addEventListener("close", ({ code, reason }) => reject(new Error(`${code} ${reason}`)));
    socket.addEventListener("message", ({ data }) => {
      const { id, ok: isDone } = JSON.parse(String(data)) as { readonly id: number; readonly ok: boolean };
      if (isDone === (id % 2 === 0)) waiting.delete(id);
      if (waiting.size === 0) resolve();
    });
  });
  for (const id of waiting) socket.send(JSON.stringify({ id, op: id % 2 === 0 ? "ping" : "dance" }));
  await answered;
  socket.close();
}

/** A consumer that goes away without a word in the middle of its messages: what it held comes to others. */
export async function vanish({
  http,
  httpUrl,
}: {
  readonly http: HttpClient;
  readonly httpUrl: string;
}): Promise<void> {
  const queue = "abandoned";
  // Only that its consumer is gone brings a message back.
  equal((await http.put(`/v1/queues/${queue}`, { visibilityTimeoutSeconds: 3_600 })).status, 201);
  const bodies = Array.from({ length: 20 }, (_, i) => `left ${i}`);
  const messages = bodies.map((body) => ({ body }));
  equal((await http.post("/enqueue", { queue, messages })).status, 201);
  {
    await using raw = await RawHttp.open(Number(new URL(httpUrl).port));
    raw.write(handshake);
    await raw.has(/sluice\.json/i);
    raw.write(masked('{"id": 1, "op": "subscribe", "queue": "abandoned", "credit": 15}'));
    await raw.has(/left 14/);
  }
  const came = new Set<string>();
  for (let round = 0; round < bodies.length && came.size < bodies.length; round++) {
    const { body } = await http.get<Deliveries>(`/dequeue?queue=${queue}&max=100&waitSeconds=1`);
    for (const message of body.messages) came.add(message.body);
  }
  deepEqual([...came].sort(), [...bodies].sort(), "all of them come to somebody else");
}

/** Half a message; and somebody who wants to hear a topic, and reads nothing. */
export async function openSlowWebSockets(port: number, topic: string): Promise<readonly RawHttp[]> {
  const half = await RawHttp.open(port);
  half.write(handshake);
  await half.has(/sluice\.json/i);
  half.write(masked('{"id": 1, "op": "ping"}').subarray(0, 9));
  const deaf = await RawHttp.open(port);
  deaf.write(handshake);
  await deaf.has(/sluice\.json/i);
  deaf.write(masked(`{"id": 1, "op": "subscribe", "topic": "${topic}", "credit": 60000}`));
  deaf.pause();
  return [half, deaf];
}

/** A short text as a frame of a client, masked with zeros (RFC 6455 section 5.2). */
function masked(text: string): Buffer {
  ok(text.length < 126);
  return Buffer.concat([Buffer.of(0x81, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);
}

async function opened(httpUrl: string): Promise<WebSocket> {
  const socket = new WebSocket(`${httpUrl.replace("http:", "ws:")}/ws`, "sluice.json");
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  return socket;
}

async function answerTo(socket: WebSocket, text: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = new Promise<MessageEvent>((resolve) =>
    socket.addEventListener("message", resolve, { once: true }),
  );
  socket.send(text);
  return JSON.parse(String((await answer).data));
}
