/** A connection's life, from the first dial to the last: what the client does when the server is away, silent, draining, or says no. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { writeGoaway, writePing } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { backoffMs } from "../src/backoff.ts";
import { Client, ClientFault, RefusedError, type Status } from "../src/index.ts";
import { ScriptedNetwork } from "./scripted-server.ts";

const states = (heard: readonly Status[]): string[] =>
  heard.map((status) =>
    status.state === "disconnected"
      ? `disconnected ${status.code} next ${status.nextAttemptMs}`
      : status.state,
  );

async function collect(statuses: AsyncIterable<Status>): Promise<readonly Status[]> {
  const all: Status[] = [];
  for await (const status of statuses) all.push(status);
  return all;
}

test("it says its role and hello, and is ready when it is welcomed", async () => {
  const network = new ScriptedNetwork();
  const connecting = Client.connect(network.options({ token: "secret", name: "shop", heartbeatMs: 3_000 }));
  const peer = await network.accept();
  const hello = await peer.welcome();
  await using client = await connecting;
  equal(peer.role, "SLUICE/1");
  deepEqual(
    { ...hello, id: 0 },
    {
      verb: "hello",
      id: 0,
      major: 1,
      minor: 0,
      client: "shop",
      token: "secret",
      producer: "07".repeat(16),
      heartbeatMs: 3_000,
      wants: [],
    },
  );
  equal(client.isReady, true);
});

test("a server that is away is looked for with doubling delays up to the bound, for ever", async () => {
  const network = new ScriptedNetwork();
  network.dead("tcp://a:1");
  await using client = await Client.connect(
    network.options({ lazy: true, reconnect: { initialDelayMs: 100, delayMaxMs: 1_000 } }),
  );
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  await settle();
  await network.clock.advance(100 + 200 + 400 + 800 + 1_000 + 1_000);
  deepEqual(
    heard.flatMap((status) => (status.state === "disconnected" ? status.nextAttemptMs : [])),
    [100, 200, 400, 800, 1_000, 1_000, 1_000],
  );
  network.dead("tcp://a:1", false);
  await network.reconnect(1_000);
  equal(client.isReady, true);
});

test("each delay is drawn evenly between none and its bound, so that clients do not come back together", () => {
  const backoff = { initialDelayMs: 100, delayMaxMs: 1_000 };
  const drawn = (unit: number): number[] =>
    [0, 1, 2, 3, 4, 40].map((attempt) => backoffMs(backoff, attempt, { unit: () => unit }));
  deepEqual(drawn(0), [0, 0, 0, 0, 0, 0]);
  deepEqual(drawn(0.25), [25, 50, 100, 200, 250, 250]);
  deepEqual(drawn(1), [100, 200, 400, 800, 1_000, 1_000]);
});

test("a connection that lasted makes the delays short again; one that ended at once does not", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const delays: number[] = [];
  client.on("status", (status) => {
    if (status.state === "disconnected") delays.push(status.nextAttemptMs);
  });
  let connection = peer;
  for (const lastsMs of [0, 0, 0, 5_000, 0]) {
    await network.clock.advance(lastsMs);
    connection.drop();
    connection = await network.reconnect(1_000);
  }
  deepEqual(delays, [100, 200, 400, 100, 200]);
  await client.close();
});

test("of two addresses one is dead: the other is tried at once", async () => {
  const network = new ScriptedNetwork();
  network.dead("tcp://a:1");
  const { client, peer } = await network.connect({ addresses: ["tcp://a:1", "tcp://b:2"] });
  equal(peer.address, "tcp://b:2");
  deepEqual(network.dialled, ["tcp://a:1", "tcp://b:2"]);
  peer.drop();
  await network.clock.advance(100);
  deepEqual(network.dialled.slice(2), ["tcp://a:1", "tcp://b:2"]);
  await client.close();
});

for (const code of ["unauthorized", "unsupported-version", "unsupported-feature"] as const) {
  test(`${code} ends with a typed error and no further attempt`, async () => {
    const network = new ScriptedNetwork();
    const connecting = Client.connect(network.options({ token: "wrong" }));
    const refused = rejects(connecting, (error) => error instanceof RefusedError && error.code === code);
    const peer = await network.accept();
    await peer.next("hello");
    peer.error(code, "No.");
    await refused;
    await network.clock.advance(3_600_000);
    equal(network.dialled.length, 1);
  });
}

test("a token that is refused later fails what waits, and the client says so", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const subscription = client.queue("jobs").subscribe();
  const next = rejects(subscription.next(), { code: "unauthorized" });
  peer.drop();
  await network.clock.advance(100);
  const again = await network.accept();
  const sending = rejects(client.queue("jobs").send("x"), { code: "unauthorized" });
  await again.next("hello");
  again.error("unauthorized", "No longer.");
  await Promise.all([sending, next]);
  await rejects(client.queue("jobs").send("y"), RefusedError);
  deepEqual(states(await collect(client.status())), ["failed"]);
  await client.close();
});

test("too many connections is no reason to give up", async () => {
  const network = new ScriptedNetwork();
  const connecting = Client.connect(network.options());
  const peer = await network.accept();
  peer.error("too-many-connections", "Full.");
  await settle();
  await network.reconnect(100);
  await (await connecting).close();
});

test("without reconnect the first end is the last", async () => {
  const network = new ScriptedNetwork();
  network.dead("tcp://a:1");
  await rejects(
    Client.connect(network.options({ reconnect: false })),
    (error) => error instanceof ClientFault && error.code === "connect-failed",
  );
  network.dead("tcp://a:1", false);
  const { client, peer } = await network.connect({ reconnect: false });
  const sending = rejects(client.queue("jobs").send("x"), { code: "connection-lost" });
  await peer.next("send");
  peer.drop();
  await sending;
  await client.close();
});

test("a server that accepts and says nothing is given up", async () => {
  const network = new ScriptedNetwork();
  const connecting = Client.connect(network.options({ connectTimeoutMs: 2_000 }));
  const mute = await network.accept();
  await network.clock.advance(2_000);
  equal(mute.isOver, true);
  await network.reconnect(100);
  await (await connecting).close();
});

test("waiting for the first connection can be given up", async () => {
  const network = new ScriptedNetwork();
  network.dead("tcp://a:1");
  const giveUp = new AbortController();
  const connecting = Client.connect(network.options({ signal: giveUp.signal }));
  await settle();
  giveUp.abort(new Error("enough"));
  await rejects(connecting, { message: "enough" });
  const { length } = network.dialled;
  await network.clock.advance(60_000);
  equal(network.dialled.length, length);
});

test("it speaks when it has nothing to say, and answers the server's pings", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 1_000 });
  for (let i = 0; i < 5; i++) {
    await network.clock.advance(1_000);
    equal(
      peer.take({ pings: true }).some(({ verb }) => verb === "ping"),
      true,
    );
    peer.say((to) => writePing(to, i));
    await settle();
    deepEqual(peer.take(), [{ verb: "pong", id: i }]);
  }
  equal(client.isReady, true);
  await client.close();
});

test("a silent peer is disconnected within two intervals, and isReady does not lie", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect({}, { heartbeatMs: 1_000 });
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  await network.clock.advance(1_999);
  equal(client.isReady, true);
  await network.clock.advance(1);
  equal(client.isReady, false);
  equal(peer.isOver, true);
  deepEqual(states(heard), ["disconnected silent-peer next 100"]);
  await client.close();
});

test("a server that drains finishes what was begun; what comes later waits for the next connection", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  const jobs = client.queue("jobs");
  const [first, crossing] = [jobs.send("1"), jobs.send("2")];
  const one = await peer.next("send");
  const two = await peer.next("send");
  peer.say((to) => writeGoaway(to, { code: "shutting-down", sentence: "Bye.", reconnectAfterMs: 700 }));
  await settle();
  equal(client.isReady, false);
  const later = jobs.send("3");
  peer.sent(one.id);
  peer.refuse(two.id, "shutting-down", 1_000);
  await first;
  deepEqual(peer.take(), []);
  peer.drop();
  const next = await network.reconnect(700);
  for (const body of ["2", "3"]) {
    const { id, messages } = await next.next("send");
    equal(new TextDecoder().decode(messages[0]?.body), body);
    next.sent(id);
  }
  await Promise.all([crossing, later]);
  deepEqual(states(heard), ["draining", "disconnected connection-lost next 700", "connecting", "connected"]);
  await client.close();
});

test("bytes that are no protocol end the connection, not the process", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const heard: Status[] = [];
  client.on("status", (status) => heard.push(status));
  // An answer to a send that is cut off in the middle.
  peer.say((to) => to.begin(0x90, 1).u8(0).end());
  await settle();
  deepEqual(states(heard), ["disconnected protocol-fault next 100"]);
  await client.close();
});

test("closing tells every reader, and nothing runs on", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const reader = collect(client.status());
  await client.close();
  deepEqual(states(await reader), ["connected", "closed"]);
  equal(peer.isOver, true);
  equal(network.clock.armedCount, 0);
  await rejects(client.queue("jobs").send("x"), { code: "closed" });
});

test("an address that cannot be is refused before anything is dialled", async () => {
  for (const address of ["", "a:1", "http://a:1", "tcp://a", "tcp://a:0", "tcp://a:70000", "tcp://a b:1"]) {
    await rejects(Client.connect({ addresses: [address] }), { code: "invalid-address" });
  }
  await rejects(Client.connect({ addresses: [] }), { code: "invalid-address" });
});
