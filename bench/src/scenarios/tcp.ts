/** Framed TCP with the classic roles: a broadcast and a queue, each beside a relay that knows no messages. */
import { type Scenario, served } from "../scenario.ts";
import { perSecond } from "../tally.ts";

const consumers = 10;
const frames = "frames of 128 bytes, written 64 KiB at a time";

export const tcpBroadcast: Scenario = {
  name: "tcp-broadcast",
  run: async (bench) => {
    // Blocking, because a drop is no delivery.
    const server = await bench.server("sluice", { port: "tcp", settings: { OVERFLOW: "block" } });
    const relay = await bench.server("raw-relay", {});
    const toAll = { consumers, parameters: "", spread: "to all" } as const;
    const load = await bench.load("tcp-frames", { port: server.port, ...toAll });
    const bareLoad = await bench.load("tcp-frames", { port: relay.port, ...toAll });
    const against = `raw relay, 1 to ${consumers}`;
    const [unit, read] = ["deliveries/s", perSecond];
    const how = `server + generator; 1 producer, ${consumers} consumers; ${frames}`;
    return bench.contest([
      served(server, load, `${how}; live-only topic, memory, OVERFLOW=block`, [
        {
          figure: `framed TCP, broadcast 1 to ${consumers}`,
          unit,
          read,
          against,
        },
      ]),
      served(relay, bareLoad, how, [{ figure: against, unit, read }]),
    ]);
  },
};

export const tcpQueue: Scenario = {
  name: "tcp-queue",
  run: async (bench) => {
    const server = await bench.server("sluice", { port: "tcp", settings: {} });
    const relay = await bench.server("raw-relay", {});
    const toOne = { consumers: 1, spread: "to one" } as const;
    const load = await bench.load("tcp-frames", { port: server.port, parameters: " queue=bench", ...toOne });
    const bareLoad = await bench.load("tcp-frames", { port: relay.port, parameters: "", ...toOne });
    const against = "raw relay, 1 to 1";
    const [unit, read] = ["messages/s", perSecond];
    const how = `server + generator; 1 producer, 1 consumer; ${frames}`;
    return bench.contest([
      served(server, load, `${how}; queue, synced; until the consumer has them all`, [
        { figure: "framed TCP, queue", unit, read, against },
      ]),
      served(relay, bareLoad, how, [{ figure: against, unit, read }]),
    ]);
  },
};
