/** Requests that are none, never end, or never stop: each is told so and ended, and others are served meanwhile. */
import { deepEqual, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { acceptJson, answerErrors } from "@sluice/http-edge";
import { Access, createMetrics, silentLog, systemClock } from "@sluice/runtime";
import { HttpPort, type HttpTimeouts } from "./http-port.ts";

/** A port with `POST /echo`. */
const openPort = (timeouts: Partial<HttpTimeouts> = {}): Promise<HttpPort> =>
  HttpPort.open({
    ...{ title: "test", version: "1", host: "127.0.0.1", port: 0, setting: "HTTP_PORT", timeouts },
    ...{ parts: [], allowedHosts: [], log: silentLog, metrics: createMetrics() },
    access: new Access({ tokens: [], clock: systemClock }),
    ownRoutes: [
      async (app) => {
        acceptJson(app, 1000);
        answerErrors(app, { bodyBytesMax: 1000 });
        app.post("/echo", async ({ body }) => body);
      },
    ],
  });

async function dial(port: HttpPort): Promise<Socket> {
  const socket = connect(port.address.port, port.address.address).on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** What the server says until it ends the connection. */
async function lastWords(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1").on("data", (more: string) => {
    text += more;
  });
  await once(socket, "close");
  return text;
}

const head = "Host: localhost\r\nContent-Type: application/json\r\n";
const whole = `POST /echo HTTP/1.1\r\n${head}Content-Length: 7\r\n\r\n{"a":1}`;

async function isServed(port: HttpPort): Promise<void> {
  using socket = await dial(port).then((dialled) => ({
    dialled,
    [Symbol.dispose]: () => void dialled.destroy(),
  }));
  socket.dialled.write(whole);
  const [answer] = await once(socket.dialled, "data");
  match(String(answer), /^HTTP\/1\.1 200 [\s\S]*\{"a":1\}$/);
}

const rows: readonly (readonly [what: string, bytes: string, status: number, code: string])[] = [
  ["no HTTP", "NONSENSE\r\n\r\n", 400, "malformed-request"],
  ["the first bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed-request"],
  ["a header without a name", `GET / HTTP/1.1\r\n: x\r\n\r\n`, 400, "malformed-request"],
  ["a zero byte in a header", `GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n`, 400, "malformed-request"],
  [
    "two lengths",
    `POST /echo HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`,
    400,
    "malformed-request",
  ],
  [
    "a chunk without a length",
    `POST /echo HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
    "malformed-request",
  ],
  ["a header of 64 KiB", `GET / HTTP/1.1\r\nX: ${"x".repeat(65_536)}\r\n\r\n`, 431, "headers-too-large"],
  ["a path of 64 KiB", `GET /${"x".repeat(65_536)} HTTP/1.1\r\n\r\n`, 431, "headers-too-large"],
];

for (const [what, bytes, status, code] of rows) {
  test(`${what}: ${status} ${code}`, async () => {
    await using port = await openPort();
    const socket = await dial(port);
    const words = lastWords(socket);
    socket.write(bytes, "latin1");
    const [answerHead = "", body = ""] = (await words).split("\r\n\r\n");
    match(
      answerHead,
      new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\r\nContent-Type: application/problem\\+json\r\n`),
    );
    const found = JSON.parse(body) as { status: number; code: string; type: string };
    deepEqual([found.status, found.code, found.type], [status, code, "about:blank"]);
    await isServed(port);
  });
}

test("headers and bodies that never end are told so when their time is over, and keep nobody else waiting", async () => {
  await using port = await openPort({
    headersTimeout: 100,
    requestTimeout: 200,
    connectionsCheckingInterval: 20,
  });
  const [headers, body] = [await dial(port), await dial(port)];
  const words = [lastWords(headers), lastWords(body)];
  headers.write("POST /echo HTTP/1.1\r\nHost: loc");
  body.write(`POST /echo HTTP/1.1\r\n${head}Content-Length: 7\r\n\r\n{"a`);
  await isServed(port);
  for (const text of await Promise.all(words)) {
    match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"code":"request-timeout"/);
  }
});

test("a flood of requests over one connection is answered in order, and others are served meanwhile", async () => {
  await using port = await openPort();
  const flood = await dial(port);
  const count = 2_000;
  let text = "";
  const answered = new Promise<void>((resolve) => {
    flood.setEncoding("latin1").on("data", (more: string) => {
      text += more;
      if (text.split("HTTP/1.1 ").length > count) resolve();
    });
    flood.on("close", resolve);
  });
  const bad = `POST /echo HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\n{"a":`;
  flood.write(Array.from({ length: count }, (_, i) => (i % 2 === 0 ? whole : bad)).join(""));
  await isServed(port);
  await answered;
  const statuses = Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));
  deepEqual(
    statuses,
    Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 200 : 400)),
  );
  flood.destroy();
});

test("a client that ends its half before the request is whole is let go", async () => {
  await using port = await openPort();
  const socket = await dial(port);
  const words = lastWords(socket);
  socket.end(`POST /echo HTTP/1.1\r\n${head}Content-Length: 7\r\n\r\n{"a`);
  const text = await words;
  ok(text === "" || text.startsWith("HTTP/1.1 400 "), text);
  await isServed(port);
});
