/** What a client can do wrong, what it is told, and that nobody else notices. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { announce, bytesOf, openFixture, type TestClient } from "./tcp-fixture.ts";

type Misdeed = readonly [what: string, answer: RegExp, act: (client: TestClient) => unknown];

const misdeeds: readonly Misdeed[] = [
  ["another word", /^ERROR unknown-role "OBSERVER" is not a role/, (c) => c.send("OBSERVER")],
  ["an HTTP request", /^ERROR unknown-role .*HTTP_PORT/, (c) => c.write("GET / HTTP/1.1\r\n\r\n")],
  ["a first frame that is too long", /^ERROR malformed-role .*65536/, (c) => c.write(announce(65_536))],
  [
    "a role that is cut off",
    /^ERROR malformed-role .*middle/,
    (c) => c.write(announce(8)).write("PRO").stream.end(),
  ],
  ["an unknown parameter", /^ERROR unknown-parameter .*colour/, (c) => c.send("CONSUMER colour=red")],
  ["a queue and a topic", /^ERROR malformed-role .*not to both/, (c) => c.send("PRODUCER queue=a topic=b")],
  ["a bad escape", /^ERROR malformed-role .*percent/, (c) => c.send("CONSUMER queue=%")],
  ["a name that is none, to consume", /^ERROR invalid-name ./, (c) => c.send("CONSUMER queue=no%20name")],
  ["a name that is none, to hear", /^ERROR invalid-name ./, (c) => c.send("CONSUMER topic=no%20name")],
  ["a name that is none, to send", /^ERROR invalid-name ./, (c) => c.send("PRODUCER queue=no%20name", "x")],
  [
    "a name that is none, to publish",
    /^ERROR invalid-name ./,
    (c) => c.send("PRODUCER topic=no%20name", "x"),
  ],
  [
    "a message over 1 MiB",
    /^ERROR frame-too-large .*1048577/,
    (c) => c.send("PRODUCER").write(announce(1_048_577)),
  ],
  [
    "a length of 4 GiB",
    /^ERROR frame-too-large .*4294967295/,
    (c) => c.send("PRODUCER").write(announce(0xffff_ffff)),
  ],
  [
    "a frame that is cut off",
    /^ERROR incomplete-frame .*9 bytes/,
    (c) => c.send("PRODUCER").write(announce(100)).write("hello").stream.end(),
  ],
  [
    "a consumer that talks",
    /^ERROR unexpected-bytes ./,
    (c) => c.send("CONSUMER", "I have something to say"),
  ],
  ["a bare consumer that talks", /^ERROR unexpected-bytes ./, (c) => c.write("CONSUMER\r\nhello")],
  ["a queue consumer that talks", /^ERROR unexpected-bytes ./, (c) => c.send("CONSUMER queue=q", "hello")],
];

for (const [what, answer, act] of misdeeds) {
  test(`${what}: an error, the end of the connection, and others undisturbed`, async () => {
    await using port = await openFixture();
    const witness = await port.consumer();
    const producer = port.producer().send("before");
    const offender = port.connect();
    act(offender);
    const frames = await offender.rest();
    equal(frames.length, 1);
    match(frames[0] ?? "", answer);
    producer.send("after");
    deepEqual(await witness.take(2), ["before", "after"]);
    const [, code = ""] = (frames[0] ?? "").split(" ");
    equal(await port.count("sluice_refused_total", { code }), 1);
  });
}

test("messages before an oversized frame count", async () => {
  await using port = await openFixture();
  const consumer = await port.consumer();
  port.producer().send("one", "two").write(announce(2_000_000));
  deepEqual(await consumer.take(2), ["one", "two"]);
});

test("no role in time: told so, and let go", async () => {
  await using port = await openFixture();
  const silent = port.connect();
  const half = port.connect().write(announce(8)).write("CONS");
  await port.clock.advance(9_999);
  equal(port.server.connectionCount, 2);
  await port.clock.advance(1);
  match((await silent.next()) ?? "", /^ERROR role-timeout ./);
  match((await half.next()) ?? "", /^ERROR role-timeout ./);
});

test("once the role is known, quiet is fine, also in the middle of a frame", async () => {
  await using port = await openFixture();
  const consumer = await port.consumer();
  const producer = port.producer().write(announce(5)).write("he");
  await port.clock.advance(86_400_000);
  producer.write("llo");
  equal(await consumer.next(), "hello");
});

test("a connection too many is told so; a place that gets free can be taken", async () => {
  await using port = await openFixture({ limits: { connectionCountMax: 2 } });
  const [consumer, leaving] = [await port.consumer(), port.connect()];
  const third = port.connect();
  match((await third.next()) ?? "", /^ERROR too-many-connections .*2/);
  equal(await third.next(), undefined);
  leaving.destroy();
  await settle();
  port.producer().send("hello");
  equal(await consumer.next(), "hello");
});

test("a client that does not read its error is let go all the same", async () => {
  await using port = await openFixture();
  port.connect().send("OBSERVER");
  await settle();
  equal(port.server.connectionCount, 1);
  await port.clock.advance(2_000);
  await settle();
  equal(port.server.connectionCount, 0);
});

test("a flood of empty messages is held back like any other", async () => {
  await using port = await openFixture({
    bufferCountMax: 10,
    overflow: "block",
    limits: { batchCountMax: 5 },
  });
  await port.consumer();
  const stuck = port
    .producer()
    .send("x".repeat(100_000), ...Array.from({ length: 20 }, () => "x".repeat(10_000)));
  const empty = new Uint8Array(4 * 16_000);
  for (let i = 0; i < 20; i++) stuck.write(empty);
  for (let i = 0; i < 10; i++) await settle();
  ok(stuck.stream.writableNeedDrain, "the server has stopped reading");
});

test("half messages of many connections are bounded together: the one that holds most goes, and others notice nothing", async () => {
  const mebi = 1024 * 1024;
  await using port = await openFixture({ limits: { totalBytesMax: 4 * mebi } });
  const witness = await port.consumer();
  const modest = port.producer().send("before");
  const hoarders = Array.from({ length: 8 }, (_, i) =>
    port
      .producer()
      .write(announce(mebi))
      .write(new Uint8Array(900_000 + i)),
  );
  for (let i = 0; i < 20; i++) await settle();
  const left = port.server.connectionCount - 2;
  ok(
    left >= 3 && left <= 5,
    `${left} of ${hoarders.length} half messages fit into 4 MiB, and the one that is too much`,
  );
  equal(port.warnings.length, hoarders.length - left);
  equal(port.warnings[0]?.msg, "all connections hold too much; one that holds most is ended");
  modest.send("after");
  deepEqual(await witness.take(2), ["before", "after"]);
});

test("consumers that do not read are bounded together as well", async () => {
  await using port = await openFixture({ limits: { totalBytesMax: 2 * 1024 * 1024 } });
  const slow = await Promise.all(Array.from({ length: 6 }, (_, i) => port.consumer(` topic=t${i}`)));
  const witness = await port.consumer(" topic=t0");
  const large = { key: undefined, body: new Uint8Array(1_000_000), attributes: new Map() };
  for (const i of slow.keys()) ok((await port.broker.publish({ topic: `t${i}`, records: [large] })).ok);
  equal((await witness.next())?.length, 1_000_000);
  for (let i = 0; i < 20; i++) await settle();
  const evicted = port.warnings.filter(({ msg }) => String(msg).startsWith("all connections hold too much"));
  ok(evicted.length >= 3 && evicted.length <= 5, `${evicted.length} were ended`);
  ok(evicted.every(({ role }) => role === "consumer"));
});

test("no random bytes bring the port down", async () => {
  await using port = await openFixture();
  const witness = await port.consumer();
  for (let seed = 1; seed <= 200; seed++) {
    const noise = Uint8Array.from(
      { length: 40 },
      (_, i) => (Math.imul(seed, 2654435761) >>> (i % 24)) ^ (i * seed),
    );
    const client = port.connect();
    if (seed % 2 === 0) client.send("PRODUCER topic=noise");
    client.write(noise);
    client.stream.end(bytesOf("end"));
  }
  await settle();
  port.producer().send("still here");
  equal(await witness.next(), "still here");
});
