/** Over SLUICE/1: a queue beside a sketch of the wire without rules, a topic beside bare group commit. */
import { messageBytes } from "../loads/payload.ts";
import { alone, type Scenario, served } from "../scenario.ts";
import { perSecond } from "../tally.ts";

const headBytes = 16;
const batch = 100;
const lines = 32;
const window = lines * batch;
const inFlight = 1024;
const read = perSecond;

export const wireTopic: Scenario = {
  name: "wire-topic",
  run: async (bench) => {
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const load = await bench.load("wire-topic", { port: server.port, batch, lines });
    const appendBytes = [(headBytes + messageBytes) * batch];
    const bare = await bench.load("bare-log", { appendBytes, batch, lines });
    const unit = "records/s";
    const against = "bare group commit, publishes of a wire";
    const how = `synced; ${batch} records a publish, ${lines} under way`;
    return bench.contest([
      served(server, load, `server + generator; ${how}; 1 reader, a commit after each fetch; 2 connections`, [
        {
          figure: "SLUICE/1, topic: publish, fetch, commit",
          unit,
          read,
          against,
          floor: { bound: "at least", value: 350_000 },
        },
      ]),
      alone(bare, `1 process; ${how}`, [{ figure: against, unit, read }]),
    ]);
  },
};

export const wireQueue: Scenario = {
  name: "wire-queue",
  run: async (bench) => {
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const sketch = await bench.server("bare-wire", {});
    const inBatches = { queue: "batched", batch, window };
    const oneByOne = { queue: "single", batch: 1, window: inFlight };
    const { port } = server;
    const batched = await bench.load("wire-queue", { ...inBatches, port });
    const bareBatched = await bench.load("wire-queue", { ...inBatches, port: sketch.port });
    const single = await bench.load("wire-queue", { ...oneByOne, port });
    const bareSingle = await bench.load("wire-queue", { ...oneByOne, port: sketch.port });
    const unit = "messages/s";
    const howBatched = `server + generator; synced; ${batch} messages a send, what is pushed together acked together, ${window} on their way; 2 connections`;
    const howSingle = `server + generator; synced; one message a send and an ack, ${inFlight} in flight; 2 connections`;
    const [againstBatched, againstSingle] = [
      "sketch of the wire, in batches",
      "sketch of the wire, one by one",
    ];
    return bench.contest([
      served(server, batched, howBatched, [
        {
          figure: "SLUICE/1, send to receive to ack, in batches",
          unit,
          read,
          against: againstBatched,
          floor: { bound: "at least", value: 250_000 },
        },
      ]),
      served(sketch, bareBatched, howBatched, [{ figure: againstBatched, unit, read }]),
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
    ]);
  },
};
