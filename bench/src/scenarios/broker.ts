/** The broker in process: queues and topics through its API, with the same durable work by bare group commit beside it. */
import { scaled } from "../effort.ts";
import { messageBytes } from "../loads/payload.ts";
import { alone, type Scenario } from "../scenario.ts";
import { perSecond, reading } from "../tally.ts";

/** What is said of a message beside its body when it is sent, received or acked, in bytes, as little as can be. */
const headBytes = 16;
const batch = 100;
const batchedLines = 32;
const inFlight = 1024;
const unit = "messages/s";

export const brokerQueue: Scenario = {
  name: "broker-queue",
  run: async (bench) => {
    const sizes = (count: number) => [
      (headBytes + messageBytes) * count,
      headBytes * count,
      headBytes * count,
    ];
    const batched = await bench.load("broker-queue", { batch, lines: batchedLines, waiting: 0 });
    const waiting = scaled(1_000_000, bench.effort);
    const behind = await bench.load("broker-queue", { batch, lines: batchedLines, waiting });
    const single = await bench.load("broker-queue", { batch: 1, lines: inFlight, waiting: 0 });
    const bareBatched = await bench.load("bare-log", {
      appendBytes: sizes(batch),
      batch,
      lines: batchedLines,
    });
    const bareSingle = await bench.load("bare-log", { appendBytes: sizes(1), batch: 1, lines: inFlight });
    const [bareBatchedFigure, bareSingleFigure] = [
      "bare group commit, send to receive to ack, in batches",
      "bare group commit, send to receive to ack, one by one",
    ];
    const inBatches = `1 process; synced; ${batch} messages a send, a receive and an ack, ${batchedLines} lines`;
    const oneByOne = `1 process; synced; one message a call, ${inFlight} in flight`;
    const batchedFigure = "broker in process, send to receive to ack, in batches";
    const read = perSecond;
    return bench.contest([
      alone(batched, inBatches, [
        {
          figure: batchedFigure,
          unit,
          read,
          against: bareBatchedFigure,
        },
      ]),
      alone(behind, `${inBatches}; ${waiting} messages waiting`, [
        {
          figure: "broker in process, send to receive to ack, behind a backlog",
          unit,
          read,
          against: batchedFigure,
          floor: { bound: "at least", value: 0.5, ofBaseline: true },
        },
      ]),
      alone(bareBatched, inBatches, [{ figure: bareBatchedFigure, unit, read }]),
      alone(single, oneByOne, [
        {
          figure: "broker in process, send to receive to ack, one by one",
          unit,
          read,
          against: bareSingleFigure,
        },
      ]),
      alone(bareSingle, oneByOne, [{ figure: bareSingleFigure, unit, read }]),
    ]);
  },
};

export const brokerTopic: Scenario = {
  name: "broker-topic",
  run: async (bench) => {
    const topic = await bench.load("broker-topic", { batch, lines: batchedLines });
    const appendBytes = [(headBytes + messageBytes) * batch];
    const bare = await bench.load("bare-log", { appendBytes, batch, lines: batchedLines });
    const against = "bare group commit, batches of records";
    const how = `1 process; synced; ${batch} records a publish, ${batchedLines} under way`;
    const read = perSecond;
    return bench.contest([
      alone(topic, `${how}; 1 reader, a commit after each fetch`, [
        {
          figure: "broker in process, topic: publish, fetch, commit",
          unit: "records/s",
          read,
          against,
        },
      ]),
      alone(bare, how, [{ figure: against, unit: "records/s", read }]),
    ]);
  },
};

export const latency: Scenario = {
  name: "latency",
  run: async (bench) => {
    const ratePerSecond = 1000;
    const topic = await bench.load("open-loop", { ratePerSecond, target: "topic" });
    const bare = await bench.load("open-loop", { ratePerSecond, target: "bare log" });
    const how = `1 process; synced; open loop of ${ratePerSecond}/s, from when it was due`;
    const [p50, p99] = [reading("p50Ms"), reading("p99Ms")];
    const floor = { bound: "at most", value: 2, ofBaseline: true } as const;
    return bench.contest([
      alone(topic, how, [
        { figure: "publish to ack, p50", unit: "ms", read: p50, against: "bare group commit, p50" },
        { figure: "publish to ack, p99", unit: "ms", read: p99, against: "bare group commit, p99", floor },
      ]),
      alone(bare, how, [
        { figure: "bare group commit, p50", unit: "ms", read: p50 },
        { figure: "bare group commit, p99", unit: "ms", read: p99 },
      ]),
    ]);
  },
};
