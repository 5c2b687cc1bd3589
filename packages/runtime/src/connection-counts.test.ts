/** Connections are counted by what they speak now, and their bytes stay with what they spoke then. */
import { deepEqual } from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { ConnectionCounts } from "./connection-counts.ts";
import { createMetrics } from "./metrics.ts";

/** Samples that are not 0, as `name{labels}`. */
async function samples(metrics: ReturnType<typeof createMetrics>): Promise<Record<string, number>> {
  const lines = (await metrics.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const all = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

const connections = (protocol: string): string => `sluice_connections{protocol="${protocol}"}`;
const bytes = (protocol: string, direction: string): string =>
  `sluice_network_bytes_total{protocol="${protocol}",direction="${direction}"}`;

test("a connection that is upgraded takes its bytes along no further than it got", async () => {
  const metrics = createMetrics();
  const counts = ConnectionCounts.of(metrics);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = connect(port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  try {
    counts.speaks(accepted, "http");
    deepEqual(await samples(metrics), { [connections("http")]: 1 });

    client.write("upgrade");
    await once(accepted, "data");
    counts.speaks(accepted, "websocket");
    accepted.write("hello");
    client.write("abc");
    await Promise.all([once(accepted, "data"), once(client, "data")]);
    deepEqual(await samples(metrics), {
      [connections("websocket")]: 1,
      [bytes("http", "in")]: 7,
      [bytes("websocket", "in")]: 3,
      [bytes("websocket", "out")]: 5,
    });
  } finally {
    client.destroy();
  }
  await once(accepted, "close");
  deepEqual(await samples(metrics), {
    [bytes("http", "in")]: 7,
    [bytes("websocket", "in")]: 3,
    [bytes("websocket", "out")]: 5,
  });
  counts.speaks(accepted, "http");
  deepEqual((await samples(metrics))[connections("http")], undefined, "one that has ended is not counted");
  server.close();
});
