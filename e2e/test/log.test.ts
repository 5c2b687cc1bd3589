/** What a process writes to its log, down to the last level: JSON lines of one form, and nothing that is a secret or somebody's content. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "@sluice/client";
import { dataDirectory } from "../src/data-directory.ts";
import { FramedSocket } from "../src/framed-socket.ts";
import { SluiceProcess } from "../src/sluice-process.ts";

const token = "0f8a2c44-token-of-ann";
const wrong = "5d1b7e90-token-of-mallory";
const body = "the-body-7c41";
const attribute = "the-attribute-9a02";
const text = "the-text-3e77";
const secrets = { token, wrong, body, attribute, text };

/** Uses each port with each secret, rightly and wrongly. */
async function useEverything(process: SluiceProcess): Promise<void> {
  const { http, chat, tcpPort } = await process.addresses();
  const addresses = [`tcp://127.0.0.1:${tcpPort}`];
  const post = (url: string, of: unknown, as = token): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${as}` },
      body: typeof of === "string" ? of : JSON.stringify(of),
    });
  await rejects(Client.connect({ addresses, token: wrong, reconnect: false }), /token/i);
  await using client = await Client.connect({ addresses, token });
  await client.queue("jobs").send(body);
  const message = { queue: "jobs", body, attributes: { name: { type: "string", value: attribute } } };
  equal((await post(`${http}/enqueue`, message)).status, 201);
  equal((await post(`${http}/enqueue`, message, wrong)).status, 401);
  equal((await post(`${http}/enqueue`, `{"body": "${body}`)).status, 400);
  equal((await post(`${http}/enqueue`, { ...message, [body]: attribute })).status, 400);
  for (const asked of ["CONSUMER queue=jobs", "PRODUCER queue=jobs", body]) {
    for (const as of [token, wrong]) await classic(tcpPort, `${asked} token=${as}`);
  }
  await fetch(`${http}/dequeue?queue=jobs&token=${wrong}`);
  await post(`${chat}/api/v1/conversations`, { member_ids: ["ann", "bob"], text });
  await post(`${chat}/api/v1/messages/text`, { conversation_id: text, content: text, sender_id: "ann" });
}

/** A classic role and a message, and an end that the server answers with one of its own. */
async function classic(port: number, role: string): Promise<void> {
  const socket = await FramedSocket.open(port);
  socket.send([role, body]);
  socket.end();
  await socket.closed;
}

test("every line is a JSON object of one form, its fields are documented, and nothing in it is secret", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const documented = new Set([...page.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
  await using data = await dataDirectory();
  await using process = await SluiceProcess.start({
    DATA_DIR: data.path,
    LOG_LEVEL: "trace",
    AUTH_TOKENS: `ann:${token}`,
  });
  await useEverything(process);
  deepEqual(await process.stop("SIGTERM"), { code: 0, signal: null });

  ok(process.log.length > 10, "it had something to say");
  for (const line of process.log) {
    const shown = JSON.stringify(line);
    ok(["trace", "debug", "info", "warn", "error", "fatal"].includes(String(line.level)), shown);
    match(String(line.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    match(String(line.msg), /^\S.*\S$/);
    for (const field of Object.keys(line)) ok(documented.has(field), `${field} is documented: ${shown}`);
    for (const [what, secret] of Object.entries(secrets)) {
      ok(!shown.includes(secret), `${what} is in the log: ${shown}`);
    }
  }
  deepEqual(process.errors, []);
});
