/** What belongs to an HTTP port whatever its routes are: how many may connect, and what their requests take together. */
import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { acceptJson } from "@sluice/http-edge";
import { Access, createLog, createMetrics, type Part, silentLog, systemClock } from "@sluice/runtime";
import type { FastifyPluginAsync } from "fastify";
import { HttpPort, type HttpPortOptions } from "./http-port.ts";

const openPort = (options: Partial<HttpPortOptions>): Promise<HttpPort> =>
  HttpPort.open({
    ...{ title: "test", version: "1", host: "127.0.0.1", port: 0, setting: "HTTP_PORT" },
    ...{ parts: [], ownRoutes: [], allowedHosts: [], log: silentLog },
    ...{ access: new Access({ tokens: [], clock: systemClock }), metrics: createMetrics() },
    ...options,
  });

async function answerOver(socket: Socket): Promise<string> {
  socket.write("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [bytes] = await once(socket, "data");
  return String(bytes);
}

test("a connection too many is closed; a place that gets free can be taken", async () => {
  await using port = await openPort({ connectionCountMax: 2 });
  const dial = (): Socket => connect(port.address.port, port.address.address);
  const [first, second] = [dial(), dial()];
  for (const socket of [first, second]) match(await answerOver(socket), /^HTTP\/1\.1 404 /);
  const third = dial().on("error", () => {});
  equal((await once(third.resume(), "close")).length, 1);
  match(await answerOver(first), /^HTTP\/1\.1 404 /);
  second.destroy();
  let fourth: Socket;
  let answer: string | undefined;
  do {
    // The server may not have noticed yet that a place is free.
    fourth = dial().on("error", () => {});
    const closed = once(fourth, "close").then(() => undefined);
    answer = await Promise.race([answerOver(fourth).catch(() => undefined), closed]);
  } while (answer === undefined);
  match(answer, /^HTTP\/1\.1 404 /);
  for (const socket of [first, fourth]) socket.destroy();
});

test("bodies on their way are bounded together: the largest goes, and the others arrive", async () => {
  const mebi = 1024 * 1024;
  const warnings: string[] = [];
  const lengthOf: FastifyPluginAsync = async (app) => {
    acceptJson(app, 8 * mebi);
    app.post("/length", async (request) => String(request.body).length);
  };
  await using port = await openPort({
    ownRoutes: [lengthOf],
    bodyBytesMax: mebi,
    log: createLog("warn", { write: (line) => warnings.push(JSON.parse(line).msg) }),
  });
  const begin = async (bodyBytes: number, sentBytes: number) => {
    const socket = connect(port.address.port, port.address.address).on("error", () => {});
    const head = `POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
    const body = `"${"x".repeat(bodyBytes - 2)}"`;
    socket.write(head + body.slice(0, sentBytes));
    const answer = once(socket, "data").then(([bytes]) => String(bytes));
    answer.catch(() => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    return { answer, closed, finish: () => socket.end(body.slice(sentBytes)) };
  };
  const hoarder = await begin(2 * mebi, 700_000);
  const modest = await begin(300_000, 299_000);
  // 100,000 more are too much, whoever sends them.
  const last = await begin(200_000, 199_000);
  await hoarder.closed;
  modest.finish();
  last.finish();
  match(await modest.answer, /299998$/);
  match(await last.answer, /199998$/);
  deepEqual(warnings, ["request bodies take too much; one of the largest is ended"]);
  // What was held is given up with the answer, so that the same fits again.
  for (let i = 0; i < 5; i++) {
    const again = await begin(900_000, 0);
    again.finish();
    match(await again.answer, /899998$/);
  }
});

test("connections are counted by what they speak, with their bytes, and refusals by their code", async () => {
  const metrics = createMetrics();
  const upgraded = Promise.withResolvers<Duplex>();
  const part: Part<FastifyPluginAsync> = {
    name: "echo",
    upgrades: new Map([
      ["/ws", (_request, socket) => upgraded.resolve(socket.resume().on("end", () => socket.end()))],
    ]),
    readiness: () => ({ ready: true }),
    drain: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  await using port = await openPort({ metrics, parts: [part] });
  const dial = (): Socket => connect(port.address.port, port.address.address);
  const value = async (name: string, labels: Readonly<Record<string, string>>): Promise<number> => {
    const { values = [] } = (await metrics.getSingleMetric(name)?.get()) ?? {};
    const found = values.filter(({ labels: of }) =>
      Object.entries(labels).every(([label, wanted]) => (of as Record<string, unknown>)[label] === wanted),
    );
    return found.reduce((sum, { value: each }) => sum + each, 0);
  };
  const plain = dial();
  const answer = await answerOver(plain);
  equal(await value("sluice_connections", { protocol: "http" }), 1);
  equal(await value("sluice_network_bytes_total", { protocol: "http", direction: "out" }), answer.length);
  equal(await value("sluice_refused_total", { protocol: "http", code: "unknown-path" }), 1);

  const key = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${"A".repeat(22)}==\r\n`;
  const webSocket = dial();
  webSocket.write(
    `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
  );
  const socket = await upgraded.promise;
  equal(await value("sluice_connections", { protocol: "websocket" }), 1);
  equal(await value("sluice_connections", { protocol: "http" }), 1);
  plain.destroy();
  webSocket.destroy();
  await once(socket, "close");
  equal(await value("sluice_connections", { protocol: "websocket" }), 0);
});
