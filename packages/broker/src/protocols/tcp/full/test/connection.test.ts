/** The life of a connection: hello, heartbeats, bad input, and an end that loses nothing. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { encodeFrame, encodeFrames } from "@sluice/protocol";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { announce } from "../../test/tcp-fixture.ts";
import type { Authenticate } from "../greeting.ts";
import type { Came, FullClient } from "./full-client.ts";
import { openFullFixture, receive, send, subscribe, texts } from "./full-fixture.ts";

/** The last frame of a connection, and what came before it. */
async function last(client: FullClient): Promise<{ readonly error: Came; readonly before: readonly Came[] }> {
  const before: Came[] = [];
  for (;;) {
    const came = await client.next();
    if (came.verb === "closed") return { error: before.pop() ?? came, before };
    before.push(came);
  }
}

const code = (came: Came): string => ("code" in came ? came.code : came.verb);

const hello = {
  id: 1,
  major: 1,
  minor: 0,
  client: "test",
  token: "",
  producer: "",
  heartbeatMs: 0,
  wants: [] as readonly string[],
};

test("welcome says what holds on this connection", async () => {
  await using port = await openFullFixture({ durability: "buffered" });
  const welcome = await port.dial().hello({ minor: 7, heartbeatMs: 3_000, wants: ["deduplication"] });
  equal(welcome.major, 1);
  equal(welcome.minor, 0, "both speak the smaller of theirs");
  equal(welcome.heartbeatMs, 3_000);
  equal(welcome.durability, "buffered");
  equal(welcome.limits.frameBytesMax, 4 * 1024 * 1024);
  equal(welcome.limits.bodyBytesMax, 1024 * 1024);
  deepEqual(welcome.features, ["deduplication"]);
  match(welcome.session, /^[0-9a-z]+-1$/);
});

for (const [wanted, agreed] of [
  [0, 10_000],
  [1, 1_000],
  [5_000, 5_000],
  [3_600_000, 60_000],
] as const) {
  test(`a client that asks for a heartbeat of ${wanted} ms gets one of ${agreed} ms`, async () => {
    await using port = await openFullFixture();
    equal((await port.dial().hello({ heartbeatMs: wanted })).heartbeatMs, agreed);
  });
}

const secretOnly: Authenticate = (token) => {
  if (token === "secret") return { ok: true };
  return {
    ok: false,
    sentence: token === undefined ? "This server wants a token." : "It does not know the token.",
  };
};

const strangers: readonly [string, string, Partial<full.Hello>, RegExp][] = [
  ["a newer major", "unsupported-version", { major: 2 }, /SLUICE\/2.*SLUICE\/1/],
  ["an unknown token", "unauthorized", { token: "wrong" }, /does not know/],
  ["no token", "unauthorized", { token: "" }, /wants a token/],
  [
    "a feature that is not there",
    "unsupported-feature",
    { token: "secret", wants: ["teleport"] },
    /teleport/,
  ],
];
for (const [what, expected, given, sentence] of strangers) {
  test(`hello with ${what} is refused`, async () => {
    await using port = await openFullFixture({ authenticate: secretOnly });
    const client = port.dial().role();
    client.tell((to) => full.writeHello(to, { ...hello, ...given }));
    const { error, before } = await last(client);
    equal(code(error), expected);
    match("sentence" in error ? error.sentence : "", sentence);
    deepEqual(before, []);
  });
}

test("hello with the right token is welcome", async () => {
  await using port = await openFullFixture({ authenticate: secretOnly });
  await port.dial().hello({ token: "secret" });
});

test("a client that does not say hello is let go", async () => {
  await using port = await openFullFixture();
  const client = port.dial().role();
  await settle();
  await port.clock.advance(10_000);
  equal(code((await last(client)).error), "hello-timeout");
});

test("the role takes no parameters", async () => {
  await using port = await openFullFixture();
  const client = port.dial().raw(encodeFrame(Buffer.from("SLUICE/1 token=x")));
  equal(code((await last(client)).error), "unknown-parameter");
});

const said: readonly [string, string, (client: FullClient) => void][] = [
  ["anything before hello", "hello-expected", (client) => client.role().say(receive("q"))],
  [
    "a second hello",
    "hello-expected",
    (client) => {
      client.role();
      for (let i = 0; i < 2; i++) client.tell((to) => full.writeHello(to, hello));
    },
  ],
];
for (const [what, expected, say] of said) {
  test(`${what} ends the connection`, async () => {
    await using port = await openFullFixture();
    const client = port.dial();
    say(client);
    equal(code((await last(client)).error), expected);
  });
}

const frame = (...bytes: readonly number[]): Uint8Array => encodeFrame(Uint8Array.from(bytes));
/** describe-queue of a name whose only byte is no UTF-8. */
const wrongUtf8 = frame(full.requestVerbs.describeQueue, 0, 0, 0, 9, 0, 1, 0xff);

const broken: readonly [string, string, Uint8Array][] = [
  ["an empty payload", "malformed", frame()],
  ["a payload without an id", "malformed", frame(0x10, 0, 0)],
  ["a body that ends too early", "malformed", frame(full.requestVerbs.send, 0, 0, 0, 9, 0)],
  ["bytes behind the last field", "malformed", frame(full.requestVerbs.ping, 0, 0, 0, 9, 1)],
  ["a name that is not UTF-8", "malformed", wrongUtf8],
  ["an unknown verb without an id", "unknown-verb", frame(0x7f, 0, 0, 0, 0)],
  ["a frame that is too large", "frame-too-large", announce(full.fullFrameBytesMax + 1)],
];
for (const [what, expected, bytes] of broken) {
  test(`${what}: what was asked before is answered, then the connection ends; others notice nothing`, async () => {
    await using port = await openFullFixture();
    const [client, other] = [await port.client(), await port.client()];
    const asked = client.say((to, id) => full.writeList(to, { id, what: "queues", after: "", max: 10 }));
    client.raw(bytes);
    const { error, before } = await last(client);
    equal(code(error), expected);
    ok(before.some(({ verb, id }) => verb === "names" && id === asked));
    await send(other, "jobs", "a");
  });
}

test("what is broken in a request with an id is refused under that id first", async () => {
  await using port = await openFullFixture();
  const client = (await port.client()).raw(wrongUtf8);
  const { error, before } = await last(client);
  deepEqual(
    before.map((came) => [came.verb, came.id, code(came)]),
    [["refused", 9, "malformed"]],
  );
  match("sentence" in error ? error.sentence : "", /describeQueue: the queue is not valid UTF-8/);
});

test("an unknown verb with an id is refused, and the connection stays", async () => {
  await using port = await openFullFixture();
  const client = (await port.client()).raw(frame(0x3f, 0, 0, 0, 9));
  const refused = await client.expect("refused");
  deepEqual([refused.id, refused.code], [9, "unknown-verb"]);
  await send(client, "jobs", "a");
});

test("more than a bound allows is refused, and the connection stays", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const receipts = Array.from({ length: 10_001 }, () => ({ sequence: 1, lease: 1 }));
  const refused = await client.ask("refused", (to, id) => full.writeAck(to, { id, queue: "jobs", receipts }));
  equal(refused.code, "limit-exceeded");
  match(refused.sentence, /10001 receipts; 10000 are the most/);
  await send(client, "jobs", "a");
});

test("a half-sent frame is discarded with the end of the connection; the frames before it count", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  client.say((to, id) =>
    full.writeSend(to, {
      id,
      queue: "jobs",
      atomic: true,
      sequence: undefined,
      messages: [{ body: Buffer.from("a"), attributes: full.noWireAttributes }],
    }),
  );
  client.raw(announce(100)).raw(new Uint8Array(50)).end();
  const { error, before } = await last(client);
  equal(code(error), "incomplete-frame");
  ok(before.some(({ verb }) => verb === "sent"));
});

test("each end says something in every interval; a client that is silent for two is let go", async () => {
  await using port = await openFullFixture();
  const client = await port.client({ heartbeatMs: 10_000 });
  for (let i = 0; i < 5; i++) {
    await port.clock.advance(10_000);
    equal((await client.expect("ping")).id, 0);
    client.tell((to) => full.writePong(to, 0));
    await settle();
  }
  await port.clock.advance(30_000);
  const { error, before } = await last(client);
  equal(code(error), "heartbeat-missed");
  ok(before.every(({ verb }) => verb === "ping"));
});

test("a ping is answered under its id, between other answers", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const id = client.say((to, of) => full.writePing(to, of));
  equal((await client.expect("pong")).id, id);
});

test("a frame that comes byte by byte and never ends is let go, however lively its sender is", async () => {
  await using port = await openFullFixture();
  const client = (await port.client()).raw(announce(1_000));
  await settle();
  for (let i = 0; i < 20; i++) {
    client.raw(Uint8Array.of(0));
    await settle();
    await port.clock.advance(5_000);
  }
  equal(code((await last(client)).error), "frame-timeout");
});

test("a client that closes its side gets the answers to what it asked", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const waiting = client.say(receive("empty", { waitMs: 60_000 }));
  const listed = client.say((to, id) => full.writeList(to, { id, what: "queues", after: "", max: 10 }));
  client.end();
  const { error, before } = await last(client);
  deepEqual([...before, error].map(({ verb, id }) => [verb, id]).sort(), [
    ["names", listed],
    ["refused", waiting],
  ]);
});

test("drain: goaway, what is held may still be settled, and then the end", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs", "a", "b");
  const id = client.say(subscribe("jobs", 10));
  const { deliveries } = await client.expect("deliver", id);
  const drained = port.server.drain();
  equal((await client.expect("goaway")).code, "shutting-down");
  equal((await client.expect("ended", id)).code, "shutting-down");
  const refused = await client.ask("refused", receive("jobs"));
  equal(refused.code, "shutting-down");
  const receipts = deliveries.map(({ sequence, lease }) => ({ sequence, lease }));
  const acked = await client.ask("acked", (to, of) => full.writeAck(to, { id: of, queue: "jobs", receipts }));
  equal(acked.refusals.size, 0);
  equal(code((await last(client)).error), "shutting-down");
  await drained;
  const left = await port.broker.describeQueue("jobs");
  ok(left.ok);
  equal(left.description.ready + left.description.inFlight, 0);
});

test("drain: an idle client is told and gone at once; one that holds on is let go after the limit", async () => {
  await using port = await openFullFixture();
  const [idle, holding] = [await port.client(), await port.client()];
  await send(idle, "jobs", "a");
  await holding.ask("received", receive("jobs"));
  const drained = port.server.drain();
  equal(code((await last(idle)).error), "shutting-down");
  await port.clock.advance(10_000);
  await drained;
  const left = await port.broker.receive({ queue: "jobs", max: 10, waitMs: 0 });
  ok(left.ok);
  deepEqual(texts(left.deliveries), ["a"]);
});

test("many requests in one write, one write cut anywhere", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const to = new full.FrameWriter();
  for (let id = 100; id < 200; id++) full.writePing(to, id);
  const bytes = Buffer.concat(to.take());
  for (let at = 0; at < bytes.length; at += 7) client.raw(bytes.subarray(at, at + 7));
  for (let id = 100; id < 200; id++) equal((await client.expect("pong")).id, id);
  client.raw(encodeFrames([]));
});

test("over a real socket: a broken client reads its error, though more of it is on the way", async () => {
  await using port = await openFullFixture();
  const client = port.dialSocket();
  await client.hello();
  client.raw(Buffer.alloc(5_000_000, 0x20));
  equal(code((await last(client)).error), "frame-too-large");
});
