/** What a hub does on the wire with clients that break the rules, and that nobody else notices. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { listenHub } from "./listening-hub.ts";
import { connectRaw, handshakeRecord, shakenRaw } from "./raw-client.ts";

const separator = "\x1e";

test("handshakes: what is answered, and what closes the connection", async () => {
  await using listening = await listenHub();
  const malformed = "An unexpected error occurred during connection handshake.";
  const table: readonly [string, object][] = [
    ['{"protocol":"json","version":1}', {}],
    ['{"protocol":"json","version":2}', {}],
    ['{"protocol":"json","version":0}', {}],
    ['{"protocol":"messagepack","version":1}', { error: "The protocol 'messagepack' is not supported." }],
    [
      '{"protocol":"json","version":3}',
      { error: "The server does not support version 3 of the 'json' protocol." },
    ],
    ['{"protocol":"json"}', { error: malformed }],
    ['{"protocol":"json","version":"1"}', { error: malformed }],
    ["{}", { error: malformed }],
    ["null", { error: malformed }],
    ["GET / HTTP/1.1", { error: malformed }],
  ];
  for (const [record, answer] of table) {
    await using raw = await connectRaw(listening.url);
    raw.send(record + separator);
    deepEqual(await raw.next(), answer, record);
    if ("error" in answer) equal(await raw.closed, 1000);
  }
});

test("records may follow the handshake in the same frame, and be cut over frames", async () => {
  await using listening = await listenHub();
  listening.hub.on("Echo", (_connection, [value]) => value);
  await using raw = await connectRaw(listening.url);
  const call = `{"type":1,"invocationId":"0","target":"Echo","arguments":["ä"]}${separator}`;
  raw.send(handshakeRecord + call + call.slice(0, 30));
  raw.send(call.slice(30));
  deepEqual(await raw.next(), {});
  for (let i = 0; i < 2; i++) deepEqual(await raw.next(), { type: 3, invocationId: "0", result: "ä" });
});

test("an invocation without an id gets no answer, whatever becomes of it", async () => {
  await using listening = await listenHub();
  const called: string[] = [];
  listening.hub.on("Note", (_connection, [text]) => called.push(String(text)));
  await using raw = await shakenRaw(listening.url);
  raw.send(`{"type":1,"target":"Note","arguments":["a"]}${separator}`);
  raw.send(`{"type":1,"invocationId":null,"target":"Missing","arguments":[]}${separator}`);
  raw.send(`{"type":5,"invocationId":"9"}${separator}{"type":6}${separator}{"type":42}${separator}`);
  raw.send(`{"type":1,"invocationId":"7","target":"Note","arguments":["b"]}${separator}`);
  deepEqual(await raw.next(), { type: 3, invocationId: "7", result: 2 });
  deepEqual(called, ["a", "b"]);
});

test("upload streams are refused by name", async () => {
  await using listening = await listenHub();
  listening.hub.on("Upload", () => 1);
  await using raw = await shakenRaw(listening.url);
  raw.send(`{"type":1,"invocationId":"1","target":"Upload","arguments":[],"streamIds":["2"]}${separator}`);
  match(String((await raw.next()).error), /takes no streams/);
});

test("a record that breaks the rules closes its own connection with a reason, and no other", async () => {
  await using listening = await listenHub({ limits: { recordBytesMax: 1000 } });
  listening.hub.on("Echo", (_connection, [value]) => value);
  await using bystander = await shakenRaw(listening.url);
  const table: readonly [string | Buffer, RegExp][] = [
    [`{"type":1${separator}`, /not JSON/],
    [separator, /not JSON/],
    [`[1]${separator}`, /not a JSON object/],
    [`{"type":1,"target":"Echo"}${separator}`, /'arguments'/],
    [`"${"x".repeat(1000)}"${separator}`, /more than 1000 bytes/],
    ["x".repeat(1001), /more than 1000 bytes/],
    [`${"[".repeat(999)}${separator}`, /not JSON/],
    [Buffer.from([0xff, 0x1e]), /not UTF-8/],
  ];
  for (const [sent, reason] of table) {
    await using raw = await shakenRaw(listening.url);
    raw.socket.send(sent);
    const close = await raw.next();
    equal(close.type, 7);
    equal(close.allowReconnect, undefined, "a client that breaks the rules is not asked back");
    match(String(close.error), reason);
    equal(await raw.closed, 1000);
  }
  bystander.send(`{"type":1,"invocationId":"0","target":"Echo","arguments":["fine"]}${separator}`);
  deepEqual(await bystander.next(), { type: 3, invocationId: "0", result: "fine" });
});

test("a WebSocket message beyond every limit is cut off by its size", async () => {
  await using listening = await listenHub({ limits: { frameBytesMax: 5000 } });
  await using raw = await shakenRaw(listening.url);
  raw.send("x".repeat(5001));
  equal(await raw.closed, 1009);
});

test("whatever bytes come, the hub answers with whole records and serves the next client", async () => {
  await using listening = await listenHub({ limits: { recordBytesMax: 200 } });
  listening.hub.on("Echo", (_connection, [value]) => value);
  const piece = fc.oneof(
    fc.json({ maxDepth: 2 }).map((json) => json + separator),
    fc
      .record({ type: fc.nat(9), target: fc.string(), arguments: fc.array(fc.jsonValue({ maxDepth: 1 })) })
      .map((message) => JSON.stringify(message) + separator),
    fc.string({ maxLength: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
      await using raw = await shakenRaw(listening.url);
      for (const text of pieces) raw.send(text);
      raw.send(`${separator}{"type":7}${separator}`);
      equal(await raw.closed, 1000);
    }),
    { numRuns: 40 },
  );
  await using last = await shakenRaw(listening.url);
  last.send(`{"type":1,"invocationId":"0","target":"Echo","arguments":[1]}${separator}`);
  deepEqual(await last.next(), { type: 3, invocationId: "0", result: 1 });
});

test("a client that does not read is sent away to come back, and the others hear everything", async () => {
  const clock = new VirtualClock();
  const limits = { sendBufferBytesMax: 300_000, closeTimeoutMs: 0, keepAliveMs: Number.POSITIVE_INFINITY };
  await using listening = await listenHub({ clock, limits });
  const { hub } = listening;
  hub.onConnected((connection) => hub.groups.add(connection, "all"));
  await using reader = await shakenRaw(listening.url);
  await using sleeper = await shakenRaw(listening.url);
  sleeper.socket.pause();
  const text = "x".repeat(100_000);
  for (let i = 0; hub.groups.countOf("all") === 2; i++) {
    hub.groups.send("all", "Hear", i, text);
    deepEqual(await reader.next(), { type: 1, target: "Hear", arguments: [i, text] });
    await clock.advance(1000);
  }
  equal(hub.groups.countOf("all"), 1);
});

test("negotiation: versions, texts and verbs", async () => {
  await using listening = await listenHub();
  const negotiate = async (query: string, init: RequestInit = {}) => {
    const response = await fetch(`${listening.url}/negotiate${query}`, { method: "POST", ...init });
    const body = (await response.json().catch(() => ({}))) as Record<string, string>;
    return { status: response.status, body };
  };
  const transports = [{ transport: "WebSockets", transferFormats: ["Text"] }];
  const one = await negotiate("?negotiateVersion=1&useStatefulReconnect=true");
  const { connectionId, connectionToken } = one.body;
  deepEqual(one.body, {
    negotiateVersion: 1,
    connectionId,
    connectionToken,
    availableTransports: transports,
  });
  match(String(connectionToken), /^[\w-]{22}$/);
  equal(connectionToken === connectionId, false);
  deepEqual((await negotiate("?negotiateVersion=9")).body.negotiateVersion, 1);
  const zero = await negotiate("", { body: "{}", headers: { "content-type": "application/json" } });
  deepEqual(zero.body, {
    negotiateVersion: 0,
    connectionId: zero.body.connectionId,
    availableTransports: transports,
  });
  await using old = await connectRaw(`${listening.url}?id=${zero.body.connectionId}`);
  old.send(handshakeRecord);
  deepEqual(await old.next(), {});

  const errors: readonly [string, string][] = [
    ["-1", "The client requested version '-1', but the server does not support this version."],
    ["one", "The client requested an invalid protocol version 'one'"],
    ["1.5", "The client requested an invalid protocol version '1.5'"],
    ["", "The client requested an invalid protocol version ''"],
  ];
  for (const [version, error] of errors) {
    deepEqual(await negotiate(`?negotiateVersion=${version}`), { status: 200, body: { error } });
  }
  const get = await fetch(`${listening.url}/negotiate`);
  deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  match(get.headers.get("content-type") ?? "", /^text\/plain/);
  equal((await negotiate("", { body: "x".repeat(5000) })).status, 413);
  equal((await fetch(listening.url)).status, 400);
  equal((await fetch(`${listening.url}?id=${connectionToken}`)).status, 404);
});

test("a connection token opens one connection, once at a time, and nothing opens without one that is known", async () => {
  await using listening = await listenHub();
  const response = await fetch(`${listening.url}/negotiate?negotiateVersion=1`, { method: "POST" });
  const { connectionId, connectionToken } = (await response.json()) as Record<string, string>;
  const url = `${listening.url}?id=${connectionToken}`;
  await rejects(connectRaw(`${listening.url}?id=${connectionId}`), /404/, "the public name is not the token");
  await rejects(connectRaw(`${listening.url}?id=`), /404/);
  const raw = await connectRaw(url);
  await rejects(connectRaw(url), /409/);
  await raw[Symbol.asyncDispose]();
  const gone = new Promise<void>((resolve) => {
    if (listening.hub.connectionCount === 0) resolve();
    listening.hub.onDisconnected(() => resolve());
  });
  await gone;
  await rejects(connectRaw(url), /404/, "used up");
});

test("origins: pages of this server and of allowed ones may connect, others may not", async () => {
  await using listening = await listenHub({ allowedOrigins: ["https://school.example"] });
  const own = new URL(listening.url).origin;
  for (const origin of ["https://school.example", own]) {
    await using raw = await connectRaw(listening.url, { origin });
    raw.send(handshakeRecord);
    deepEqual(await raw.next(), {});
    const negotiated = await fetch(`${listening.url}/negotiate`, { method: "POST", headers: { origin } });
    equal(negotiated.headers.get("access-control-allow-origin"), origin);
    equal(negotiated.headers.get("access-control-allow-credentials"), "true");
  }
  for (const origin of ["https://evil.example", "https://school.example.evil", "null", "nonsense"]) {
    await rejects(connectRaw(listening.url, { origin }), /403/);
    const negotiated = await fetch(`${listening.url}/negotiate`, { method: "POST", headers: { origin } });
    deepEqual([negotiated.status, negotiated.headers.get("access-control-allow-origin")], [403, null]);
  }
});

test("a full hub says so", async () => {
  await using listening = await listenHub({ limits: { connectionCountMax: 1 } });
  await using _first = await connectRaw(listening.url);
  await rejects(connectRaw(listening.url), /503/);
  equal((await fetch(`${listening.url}/negotiate`, { method: "POST" })).status, 503);
});
