/** SLUICE/1 over a WebSocket: the same connections as over TCP, with the same bounds. */
import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createWebSocketStream, type WebSocket } from "ws";
import { FullClient } from "../../tcp/full/test/full-client.ts";
import { receive, send, texts } from "../../tcp/full/test/full-fixture.ts";
import { openWebSockets } from "./websocket-fixture.ts";

const sluice1 = { protocols: ["sluice.1"] };
const clientOver = (webSocket: WebSocket): FullClient => new FullClient(createWebSocketStream(webSocket));

test("a client says its role and hello, sends and receives", async () => {
  await using door = await openWebSockets();
  const webSocket = door.knock(sluice1);
  const client = clientOver(webSocket);
  await client.hello();
  equal(webSocket.protocol, "sluice.1");
  await send(client, "jobs", "one", "two");
  const { deliveries } = await client.ask("received", receive("jobs"));
  deepEqual(texts(deliveries), ["one", "two"]);
  webSocket.terminate();
  await once(webSocket, "close");
});
