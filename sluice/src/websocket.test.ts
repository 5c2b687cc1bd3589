/** `/ws` of a whole process: it is there, asks for the token, and ends in order when the process stops. */
import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "@sluice/runtime";
import { WebSocket } from "ws";
import { Sluice } from "./compose.ts";
import { settingsFrom } from "./settings.ts";

interface Running extends AsyncDisposable {
  readonly sluice: Sluice;
}

async function start(environment: Readonly<Record<string, string>>): Promise<Running> {
  const path = await mkdtemp(join(tmpdir(), "sluice-websocket-"));
  const ports = { HTTP_PORT: "0", TCP_PORT: "0", PARTS: "broker" };
  const sluice = await Sluice.start(settingsFrom({ ...ports, DATA_DIR: path, ...environment }), silentLog);
  return {
    sluice,
    [Symbol.asyncDispose]: async () => {
      await sluice.stop();
      await rm(path, { recursive: true });
    },
  };
}

const address = ({ addresses }: Sluice): string => `${addresses.http.replace("http", "ws")}/ws`;

async function ask(webSocket: WebSocket, request: object): Promise<unknown> {
  webSocket.send(JSON.stringify(request));
  const [answer] = await once(webSocket, "message");
  return JSON.parse(String(answer));
}

test("the token lets in, its absence does not, and a stop ends with 1001", async () => {
  await using running = await start({ AUTH_TOKENS: "ann:the-token-of-ann" });
  const { sluice } = running;
  const stranger = new WebSocket(address(sluice));
  const [, response] = await once(stranger, "unexpected-response");
  equal(response.statusCode, 401);
  const ann = new WebSocket(address(sluice), { headers: { authorization: "Bearer the-token-of-ann" } });
  await once(ann, "open");
  deepEqual(await ask(ann, { id: 1, op: "ping" }), { id: 1, ok: true });
  const closed = once(ann, "close");
  await sluice.stop();
  equal((await closed)[0], 1001);
});

test("a page of another origin is kept out, also on loopback without tokens, unless it is allowed", async () => {
  await using running = await start({ ALLOWED_ORIGINS: "https://shop.test" });
  const { sluice } = running;
  const evil = new WebSocket(address(sluice), { origin: "https://evil.test" });
  const [, response] = await once(evil, "unexpected-response");
  equal(response.statusCode, 403);
  const shop = new WebSocket(address(sluice), { origin: "https://shop.test" });
  await once(shop, "open");
  shop.terminate();
});

test("another name than ours in the Host header is no way in", async () => {
  await using running = await start({});
  const { sluice } = running;
  const rebound = new WebSocket(address(sluice), { headers: { host: "evil.test" } });
  const [, response] = await once(rebound, "unexpected-response");
  equal(response.statusCode, 421);
});
