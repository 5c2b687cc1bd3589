/** Over SLUICE/1: a topic as a log, beside bare group commit and beside Kafka, which gets the same work in the same shape. */
import { startKafka } from "@sluice/testbed";
import { messageBytes } from "../loads/payload.ts";
import { alone, besidePeer, type Scenario, served } from "../scenario.ts";
import { perSecond } from "../tally.ts";

const headBytes = 16;
const [batch, lines] = [100, 32];
/** As users of Kafka set it where rates matter: records wait for each other before they are sent. */
const largeBatch = 1000;
const kafkaHeapMebibytes = 1024;
/** A commit of offsets is a record like any other to Kafka, and is so synced as well, as it is with us. */
const kafkaSettings = { "log.flush.interval.messages": "1" };
const unit = "records/s";
const read = perSecond;

export const wireTopic: Scenario = {
  name: "wire-topic",
  run: async (bench) => {
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const { port } = server;
    const load = await bench.load("wire-topic", { port, batch, lines });
    const largeLoad = await bench.load("wire-topic", { port, batch: largeBatch, lines });
    const appendBytes = [(headBytes + messageBytes) * batch];
    const bare = await bench.load("bare-log", { appendBytes, batch, lines });
    const kafka = await bench.peer(() =>
      startKafka({ heapMebibytes: kafkaHeapMebibytes, settings: kafkaSettings }),
    );
    const shape = (records: number) =>
      `${records} records a publish, ${lines} under way; 1 reader, a commit after each fetch`;
    const beside = (records: number, against: string) =>
      besidePeer(
        kafka,
        ({ brokers: [broker = ""] }) => bench.load("kafka-topic", { broker, batch: records, lines }),
        `acks=all, each batch synced, heap of ${kafkaHeapMebibytes} MiB; ${shape(records)}; 3 connections`,
        [{ figure: `Kafka, topic: publish, fetch, commit, ${records} a publish`, unit, read, against }],
      );
    const against = "bare group commit, publishes of a wire";
    const figure = "SLUICE/1, topic: publish, fetch, commit";
    const largeFigure = `${figure}, ${largeBatch} a publish`;
    const how = (records: number) => `server + generator; synced; ${shape(records)}; 2 connections`;
    const floor = { bound: "at least", value: 350_000 } as const;
    return bench.contest([
      served(server, load, how(batch), [{ figure, unit, read, against, floor }]),
      alone(bare, `1 process; synced; ${batch} records a publish, ${lines} under way`, [
        { figure: against, unit, read },
      ]),
      await beside(batch, figure),
      served(server, largeLoad, how(largeBatch), [{ figure: largeFigure, unit, read }]),
      await beside(largeBatch, largeFigure),
    ]);
  },
};
