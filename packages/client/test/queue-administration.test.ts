/** What an operator asks of queues through the client, on a real server; and what is not asked twice when a connection is lost. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { writePurged } from "@sluice/protocol/full";
import type { Client, Delivery } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";
import { ScriptedNetwork } from "./scripted-server.ts";

async function withClient(run: (client: Client) => Promise<void>): Promise<void> {
  await using server = new RestartableServer();
  await server.start();
  await using client = await server.connect();
  await run(client);
}

const refusal = (code: string) => ({ name: "RefusedError", code });
const textsOf = (deliveries: readonly Delivery[]) => deliveries.map((delivery) => delivery.text());

test("a queue is made, described, changed and deleted, with every setting by its name", () =>
  withClient(async (client) => {
    const jobs = client.queue("jobs");
    const settings = {
      retry: { minDelayMs: 1_000, jitter: 0 },
      deadLetter: { queue: "jobs-dead", receiveCountMax: 5 },
      inFlightMax: 3,
    };
    equal(await jobs.create(settings), true);
    equal(await jobs.create(settings), false);
    await rejects(jobs.create(), refusal("invalid-setting"));
    await jobs.send("a");
    const { retry, deadLetter, inFlightMax, startsPerSecondMax, ready, parked } = await jobs.describe();
    deepEqual(
      { retry, deadLetter, inFlightMax, startsPerSecondMax, ready, parked },
      {
        ...settings,
        retry: { minDelayMs: 1_000, maxDelayMs: 900_000, factor: 2, jitter: 0 },
        startsPerSecondMax: Number.POSITIVE_INFINITY,
        ready: 1,
        parked: 0,
      },
    );
    deepEqual(await jobs.configure({ deadLetter: null, startsPerSecondMax: 0.5 }), { durability: "synced" });
    const after = await jobs.describe();
    deepEqual([after.deadLetter, after.startsPerSecondMax, after.inFlightMax], [undefined, 0.5, 3]);
    await jobs.delete();
    await rejects(jobs.describe(), refusal("unknown-queue"));
    await client.topic("news").create();
    await client.topic("news").delete();
    await rejects(client.topic("news").delete(), refusal("unknown-topic"));
  }));

test("a queue can be paused and purged, its messages looked at, cancelled and put off", () =>
  withClient(async (client) => {
    const jobs = client.queue("jobs");
    const sent = await jobs.sendBatch([{ body: "a" }, { body: "b", delayMs: 60_000 }, { body: "c" }]);
    const [a = "", b = "", c = ""] = sent.map((each) => (each.ok ? each.messageId : ""));
    await jobs.pause();
    deepEqual(await jobs.receive({ max: 10 }), []);
    const { messages, next } = await jobs.browse({ max: 2 });
    deepEqual(
      [
        messages.map(({ messageId, state }) => [messageId, state]),
        (await jobs.browse({ after: next ?? "" })).next,
      ],
      [
        [
          [a, "ready"],
          [b, "delayed"],
        ],
        undefined,
      ],
    );
    await jobs.cancel(a);
    await rejects(jobs.cancel(a), refusal("unknown-message"));
    await jobs.reschedule(b, 0);
    await jobs.reschedule(c, 60_000);
    await jobs.resume();
    deepEqual(textsOf(await jobs.receive({ max: 10 })), ["b"]);
    await rejects(jobs.cancel(b), refusal("message-in-flight"));
    deepEqual(await jobs.purge(), { messages: 2, durability: "synced" });
  }));

test("dead letters are listed page by page, redriven one by one or all at once, or deleted", () =>
  withClient(async (client) => {
    const [jobs, dead] = [client.queue("jobs"), client.queue("jobs-dead")];
    await jobs.create({ deadLetter: { queue: "jobs-dead", receiveCountMax: 1 } });
    const bodies = Array.from({ length: 250 }, (_, i) => ({ body: `job ${i}` }));
    await jobs.sendBatch(bodies);
    await Promise.all((await jobs.receive({ max: 250 })).map((each) => each.nack({ error: "no disk" })));
    const letters = [];
    for await (const letter of dead.deadLetters()) letters.push(letter);
    deepEqual(
      letters.map(({ body }) => new TextDecoder().decode(body)),
      bodies.map(({ body }) => body),
    );
    const [first, second] = letters;
    deepEqual([first?.movedFrom?.queue, first?.movedFrom?.lastError], ["jobs", "no disk"]);
    await dead.cancel(first?.messageId ?? "");
    await dead.redriveMessage(second?.messageId ?? "", { to: "jobs" });
    deepEqual(textsOf(await jobs.receive({ max: 10 })), ["job 1"]);
    const { redrive, total, status } = await dead.redrive({ perSecondMax: 1 });
    deepEqual([redrive, total, status], [1, 248, "running"]);
    await rejects(dead.redrive(), refusal("redrive-running"));
    await dead.cancelRedrive(redrive);
    await rejects(dead.cancelRedrive(redrive), refusal("unknown-redrive"));
    await dead.redrive();
    const statuses = (await dead.listRedrives()).map((each) => [each.redrive, each.perSecondMax]);
    deepEqual(statuses, [
      [1, 1],
      [2, undefined],
    ]);
  }));

test("what done twice would have another effect waits for a connection, and is not asked again on another", async () => {
  const network = new ScriptedNetwork();
  const { client, peer } = await network.connect();
  const jobs = client.queue("jobs");
  const lost = rejects(jobs.purge(), { name: "ClientFault", code: "connection-lost" });
  await peer.next("purgeQueue");
  const pausing = jobs.pause();
  await peer.next("pauseQueue");
  peer.drop();
  await lost;
  const waiting = jobs.purge();
  const next = await network.reconnect(100);
  // A pause is a pause, however often it is asked for.
  await next.next("pauseQueue");
  const { id } = await next.next("purgeQueue");
  next.say((to) => writePurged(to, { id, durability: "synced", messages: 3 }));
  deepEqual(await waiting, { messages: 3, durability: "synced" });
  pausing.catch(() => undefined);
  await network.close(client);
});
