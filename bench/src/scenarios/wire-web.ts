/** What the WebSocket costs: send to receive to ack over SLUICE/1 in binary messages of `/ws`, beside the same over TCP. */
import { type Scenario, served } from "../scenario.ts";
import { perSecond } from "../tally.ts";

const batch = 100;
const batchedWindow = 3_200;
const singleWindow = 1_024;

export const wireWeb: Scenario = {
  name: "wire-web",
  run: async (bench) => {
    const overTcp = await bench.server("sluice", { port: "tcp", settings: {} });
    const overWeb = await bench.server("sluice", { port: "http", settings: {} });
    const batched = { queue: "batched", batch, window: batchedWindow };
    const single = { queue: "single", batch: 1, window: singleWindow };
    const web = { port: overWeb.port, over: "websocket" } as const;
    const tcpBatched = await bench.load("wire-queue", { ...batched, port: overTcp.port });
    const webBatched = await bench.load("wire-queue", { ...batched, ...web });
    const tcpSingle = await bench.load("wire-queue", { ...single, port: overTcp.port });
    const webSingle = await bench.load("wire-queue", { ...single, ...web });
    const unit = "messages/s";
    const read = perSecond;
    const howBatched = `server + generator; synced; ${batch} messages a send, ${batchedWindow} on their way; 2 connections`;
    const howSingle = `server + generator; synced; one message a send and an ack, ${singleWindow} in flight; 2 connections`;
    const [besideBatched, besideSingle] = [
      "TCP beside the WebSocket, in batches",
      "TCP beside the WebSocket, one by one",
    ];
    return bench.contest([
      served(overWeb, webBatched, howBatched, [
        { figure: "SLUICE/1 over WebSocket, in batches", unit, read, against: besideBatched },
      ]),
      served(overTcp, tcpBatched, howBatched, [{ figure: besideBatched, unit, read }]),
      served(overWeb, webSingle, howSingle, [
        { figure: "SLUICE/1 over WebSocket, one by one", unit, read, against: besideSingle },
      ]),
      served(overTcp, tcpSingle, howSingle, [{ figure: besideSingle, unit, read }]),
    ]);
  },
};
