/** HTTP: a queue, the waiting room and the chat, each beside a Fastify that takes the same requests and does nothing. */

import type { Outcome } from "../contest.ts";
import type { Floor } from "../figure.ts";
import type { RequestKind } from "../loads/request-kinds.ts";
import { type Bench, type Scenario, served } from "../scenario.ts";
import { perSecond, reading } from "../tally.ts";

const connections = 64;

async function beside(
  bench: Bench,
  kind: RequestKind,
  figure: string,
  unit: string,
  floor?: Floor,
): Promise<Outcome> {
  const server = await bench.server("sluice", { port: "http", settings: {} });
  const fastify = await bench.server("bare-fastify", {});
  const load = await bench.load("http-requests", { port: server.port, connections, kind, prepare: true });
  const bareLoad = await bench.load("http-requests", {
    port: fastify.port,
    connections,
    kind,
    prepare: false,
  });
  const against = `bare Fastify, ${kind}`;
  const how = `server + generator; ${connections} connections, one request at a time on each`;
  return bench.contest([
    served(server, load, `${how}; synced`, [
      { figure, unit, read: perSecond, against, ...(floor === undefined ? {} : { floor }) },
      { figure: `${figure}, p99`, unit: "ms", read: reading("p99Ms") },
    ]),
    served(fastify, bareLoad, how, [{ figure: against, unit, read: perSecond }]),
  ]);
}

export const httpEnqueue: Scenario = {
  name: "http-enqueue",
  run: (bench) =>
    beside(bench, "enqueue", "HTTP enqueue", "requests/s", {
      bound: "at least",
      value: 0.5,
      ofBaseline: true,
    }),
};

export const waitroomJoin: Scenario = {
  name: "waitroom-join",
  run: (bench) => beside(bench, "join", "waiting room, join", "joins/s"),
};

export const chatMessage: Scenario = {
  name: "chat-message",
  run: (bench) => beside(bench, "chat message", "chat, message accepted", "messages/s"),
};
