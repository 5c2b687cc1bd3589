/**
 * Over SLUICE/1: a queue beside a sketch of the wire without rules and Redis Streams, a broadcast beside a relay and NATS core, the latency of
 * a publish beside bare group commit.
 */

import { startNats, startRedis } from "@sluice/testbed";
import { alone, besidePeer, type Scenario, served } from "../scenario.ts";
import { perSecond, reading } from "../tally.ts";

const batch = 100;
const lines = 32;
const window = lines * batch;
const inFlight = 1024;
/** Messages under way to each subscriber of NATS: some MiB, far below where its server cuts one off. */
const natsWindow = 32_768;
const read = perSecond;

export const wireQueue: Scenario = {
  name: "wire-queue",
  run: async (bench) => {
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const sketch = await bench.server("bare-wire", { syncsDeliveries: false });
    const careful = await bench.server("bare-wire", { syncsDeliveries: true });
    const inBatches = { queue: "batched", batch, window };
    const oneByOne = { queue: "single", batch: 1, window: inFlight };
    const { port } = server;
    const batched = await bench.load("wire-queue", { ...inBatches, port });
    const bareBatched = await bench.load("wire-queue", { ...inBatches, port: sketch.port });
    const single = await bench.load("wire-queue", { ...oneByOne, port });
    const carefulSingle = await bench.load("wire-queue", { ...oneByOne, port: careful.port });
    const bareSingle = await bench.load("wire-queue", { ...oneByOne, port: sketch.port });
    const redis = await bench.peer(() => startRedis({ appendonly: "yes", appendfsync: "always" }));
    const unit = "messages/s";
    const howBatched = `server + generator; synced; ${batch} messages a send, what is pushed together acked together, ${window} on their way; 2 connections`;
    const howSingle = `server + generator; synced; one message a send and an ack, ${inFlight} in flight; 2 connections`;
    const [againstBatched, againstSingle] = [
      "sketch of the wire, in batches",
      "sketch of the wire, one by one",
    ];
    const batchedFigure = "SLUICE/1, send to receive to ack, in batches";
    const streams = await besidePeer(
      redis,
      ({ url }) => bench.load("redis-queue", { url, batch, window, readMax: 1000 }),
      `appendfsync always; ${batch} XADD a write, what XREADGROUP returns together acked together, ${window} on their way; nothing deleted; 2 connections`,
      [{ figure: "Redis Streams, send to receive to ack, in batches", unit, read, against: batchedFigure }],
    );
    return bench.contest([
      served(server, batched, howBatched, [
        {
          figure: batchedFigure,
          unit,
          read,
          against: againstBatched,
          floor: { bound: "at least", value: 250_000 },
        },
      ]),
      served(sketch, bareBatched, howBatched, [{ figure: againstBatched, unit, read }]),
      streams,
      served(server, single, howSingle, [
        {
          figure: "SLUICE/1, send to receive to ack, one by one",
          unit,
          read,
          against: againstSingle,
          floor: { bound: "at least", value: 0.6, ofBaseline: true },
        },
      ]),
      served(sketch, bareSingle, howSingle, [{ figure: againstSingle, unit, read }]),
      served(careful, carefulSingle, `${howSingle}; deliveries synced too`, [
        { figure: "sketch of the wire that syncs deliveries, one by one", unit, read },
      ]),
    ]);
  },
};

export const wireLive: Scenario = {
  name: "wire-live",
  run: async (bench) => {
    const consumers = 10;
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const relay = await bench.server("raw-relay", {});
    const [liveBatch, underWay] = [500, 8];
    const live = { consumers, batch: liveBatch, lines: underWay };
    const load = await bench.load("wire-live", { port: server.port, ...live });
    const raw = { consumers, parameters: "", spread: "to all" } as const;
    const bareLoad = await bench.load("tcp-frames", { port: relay.port, ...raw });
    const against = `raw relay beside SLUICE/1, 1 to ${consumers}`;
    const liveFigure = `SLUICE/1, broadcast 1 to ${consumers}`;
    const unit = "deliveries/s";
    const ends = `server + generator; 1 publisher, ${consumers} listeners`;
    const how = `${ends}; live-only topic, memory, overflow block; ${liveBatch} records a publish, ${underWay} under way`;
    const nats = await besidePeer(
      await bench.peer(startNats),
      ({ url }) => bench.load("nats-broadcast", { url, consumers, window: natsWindow }),
      `1 publisher, ${consumers} listeners; messages of 128 bytes, written 64 KiB at a time, ${natsWindow} under way`,
      [{ figure: `NATS core, broadcast 1 to ${consumers}`, unit, read, against: liveFigure }],
    );
    return bench.contest([
      served(server, load, how, [
        {
          figure: liveFigure,
          unit,
          read,
          against,
          floor: { bound: "at least", value: 3_500_000 },
        },
      ]),
      served(relay, bareLoad, `${ends}; frames of 128 bytes, written 64 KiB at a time`, [
        { figure: against, unit, read },
      ]),
      nats,
    ]);
  },
};

export const wireLatency: Scenario = {
  name: "wire-latency",
  run: async (bench) => {
    const ratePerSecond = 1000;
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const load = await bench.load("open-loop", { ratePerSecond, target: { port: server.port } });
    const bare = await bench.load("open-loop", { ratePerSecond, target: "bare log" });
    const how = `synced; open loop of ${ratePerSecond}/s, from when it was due`;
    const [p50, p99] = [reading("p50Ms"), reading("p99Ms")];
    const floor = { bound: "at most", value: 2, ofBaseline: true } as const;
    const [bareP50, bareP99] = [
      "bare group commit beside SLUICE/1, p50",
      "bare group commit beside SLUICE/1, p99",
    ];
    return bench.contest([
      served(server, load, `server + generator; ${how}`, [
        { figure: "SLUICE/1, publish to ack, p50", unit: "ms", read: p50, against: bareP50 },
        { figure: "SLUICE/1, publish to ack, p99", unit: "ms", read: p99, against: bareP99, floor },
      ]),
      alone(bare, `1 process; ${how}`, [
        { figure: bareP50, unit: "ms", read: p50 },
        { figure: bareP99, unit: "ms", read: p99 },
      ]),
    ]);
  },
};
