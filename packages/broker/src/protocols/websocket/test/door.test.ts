/** Who is let in at `/ws`: subprotocols, tokens, origins, and how many. */
import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { createWebSocketStream } from "ws";
import { FullClient } from "../../tcp/full/test/full-client.ts";
import {
  type FixtureOptions,
  type Knock,
  openWebSockets,
  type WebSocketFixture,
} from "./websocket-fixture.ts";

const tokens = "ann:the-token-of-ann";
const encoded = (token: string): string => Buffer.from(token).toString("base64url");

/** The subprotocol that was chosen, or the status and code of the refusal. */
async function outcome(fixture: WebSocketFixture, knock: Knock): Promise<string> {
  const webSocket = fixture.knock(knock);
  webSocket.on("error", () => {});
  const refused = once(webSocket, "unexpected-response").then(async ([, response]: IncomingMessage[]) => {
    let body = "";
    for await (const chunk of response ?? []) body += chunk;
    return `${response?.statusCode} ${JSON.parse(body).code}`;
  });
  const opened = once(webSocket, "open").then(() => webSocket.protocol || "none");
  return Promise.race([opened, refused]);
}

const knocks: readonly [what: string, options: FixtureOptions, knock: Knock, expected: string][] = [
  ["no subprotocol is JSON", {}, {}, "none"],
  ["JSON", {}, { protocols: ["sluice.json"] }, "sluice.json"],
  ["frames", {}, { protocols: ["sluice.1"] }, "sluice.1"],
  ["the first that is known", {}, { protocols: ["sluice.9", "sluice.1", "sluice.json"] }, "sluice.1"],
  ["none that is known", {}, { protocols: ["mqtt"] }, "400 malformed-upgrade"],
  ["a token alone", { tokens }, { protocols: [`sluice.token.${encoded("x")}`] }, "400 malformed-upgrade"],
  ["no token", { tokens }, {}, "401 unauthorized"],
  ["a wrong token", { tokens }, { headers: { authorization: "Bearer wrong" } }, "401 unauthorized"],
  ["the token", { tokens }, { headers: { authorization: "bearer the-token-of-ann" } }, "none"],
  [
    "the token as a subprotocol",
    { tokens },
    { protocols: ["sluice.json", `sluice.token.${encoded("the-token-of-ann")}`] },
    "sluice.json",
  ],
  [
    "a wrong token as a subprotocol",
    { tokens },
    { protocols: ["sluice.json", `sluice.token.${encoded("wrong")}`] },
    "401 unauthorized",
  ],
  [
    "a token that is no base64url",
    { tokens },
    { protocols: ["sluice.json", "sluice.token.the-token-of-ann!"] },
    "400 malformed-upgrade",
  ],
  ["frames say their token later", { tokens }, { protocols: ["sluice.1"] }, "sluice.1"],
  ["a page of ours", {}, { headers: { origin: "http://sluice.test" } }, "none"],
  ["a page of others", {}, { headers: { origin: "https://evil.test" } }, "403 origin-not-allowed"],
  ["a page without an origin", {}, { headers: { origin: "null" } }, "403 origin-not-allowed"],
  [
    "a page of others, for frames",
    {},
    { protocols: ["sluice.1"], headers: { origin: "https://evil.test" } },
    "403 origin-not-allowed",
  ],
  [
    "a page of others, although it has the token",
    { tokens },
    { headers: { origin: "https://evil.test", authorization: "Bearer the-token-of-ann" } },
    "403 origin-not-allowed",
  ],
  [
    "a page that is allowed",
    { origins: ["https://shop.test"] },
    { headers: { origin: "https://shop.test" } },
    "none",
  ],
  ["one too many", { limits: { connectionCountMax: 0 } }, {}, "503 too-many-connections"],
];

for (const [what, options, knock, expected] of knocks) {
  test(`${what}: ${expected}`, async () => {
    await using fixture = await openWebSockets(options);
    equal(await outcome(fixture, knock), expected);
  });
}

test("guessing tokens is slowed", async () => {
  await using fixture = await openWebSockets({ tokens });
  const guess = { headers: { authorization: "Bearer wrong" } };
  const answers = new Set<string>();
  for (let i = 0; i < 21; i++) answers.add(await outcome(fixture, guess));
  deepEqual([...answers], ["401 unauthorized", "429 too-many-attempts"]);
});

test("a place that gets free can be taken", async () => {
  await using fixture = await openWebSockets({ limits: { connectionCountMax: 1 } });
  const first = await fixture.client();
  equal(await outcome(fixture, {}), "503 too-many-connections");
  first.webSocket.terminate();
  while ((await outcome(fixture, {})) !== "none") await settle();
});

test("the classic roles are not spoken over WebSockets", async () => {
  await using fixture = await openWebSockets();
  const stream = createWebSocketStream(fixture.knock({ protocols: ["sluice.1"] }));
  const client = new FullClient(stream);
  stream.write("CONSUMER");
  const came = await client.next();
  equal(came.verb, "error");
  equal(came.verb === "error" && came.code, "unknown-role");
});

test("while the server shuts down nobody is let in", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("enqueue", { queue: "jobs", body: "one" });
  await client.ask("subscribe", { queue: "jobs", credit: 1 });
  const { receipt } = await client.push();
  const drained = fixture.door.drain();
  equal(await outcome(fixture, {}), "503 shutting-down");
  const { op, code } = await client.push();
  deepEqual([op, code], ["ended", "shutting-down"]);
  const refused = await client.ask("enqueue", { queue: "jobs", body: "two" });
  equal(refused.code, "shutting-down");
  equal((await client.ask("ack", { queue: "jobs", receipt })).ok, true);
  match(await client.closed, /^1001 The server is shutting down/);
  await drained;
});

test("who does not settle what it holds in time is cut off, and it goes back", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("enqueue", { queue: "jobs", body: "one" });
  await client.ask("dequeue", { queue: "jobs" });
  const drained = fixture.door.drain();
  await fixture.clock.advance(10_000);
  await drained;
  const result = await fixture.broker.describeQueue("jobs");
  equal(result.ok && result.description.ready, 1);
});
