/** Topics over `sluice.json`: every subscriber hears what is published from now on. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { openWebSockets } from "./websocket-fixture.ts";

test("every subscriber hears what is published, with key, place and time", async () => {
  await using fixture = await openWebSockets();
  const [ann, bob, publisher] = [await fixture.client(), await fixture.client(), await fixture.client()];
  for (const client of [ann, bob]) {
    deepEqual(await client.ask("subscribe", { topic: "news", mode: "broadcast" }), {
      ok: true,
      subscription: 1,
    });
  }
  const published = {
    topic: "news",
    key: "sport",
    body: "1:0",
    attributes: { minute: { type: "number", value: "3" } },
  };
  deepEqual(await publisher.ask("publish", published), {
    ok: true,
    partition: 0,
    offset: 0,
    durability: "memory",
  });
  for (const client of [ann, bob]) {
    deepEqual(await client.push(), {
      op: "message",
      subscription: 1,
      topic: "news",
      dropped: 0,
      partition: 0,
      offset: 0,
      key: "sport",
      keyEncoding: "utf8",
      body: "1:0",
      bodyEncoding: "utf8",
      attributes: { minute: { type: "number", value: "3" } },
      publishedAt: "2026-01-01T00:00:00.000Z",
    });
  }
});

test("without credit records wait; what its buffer does not hold is dropped, and counted", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("subscribe", { topic: "news", credit: 0, bufferCountMax: 2 });
  for (const body of ["1", "2", "3"]) await client.ask("publish", { topic: "news", body });
  equal(client.arrived.length, 0);
  await client.ask("credit", { subscription: 1, credit: 10 });
  const heard = [await client.push(), await client.push()];
  deepEqual(
    heard.map(({ body, dropped }) => [body, dropped]),
    [
      ["1", 1],
      ["2", 1],
    ],
  );
});

test("a subscriber that asked to be ended by an overflow is ended, and told", async () => {
  await using fixture = await openWebSockets();
  const client = await fixture.client();
  await client.ask("subscribe", { topic: "news", credit: 0, bufferCountMax: 1, overflow: "end" });
  for (const body of ["1", "2"]) await client.ask("publish", { topic: "news", body });
  const { detail, ...ended } = await client.push();
  deepEqual(ended, { op: "ended", subscription: 1, code: "slow-consumer" });
  match(String(detail), /ended/);
});

test("who has unsubscribed, or is gone, is no subscriber any more", async () => {
  await using fixture = await openWebSockets();
  const [ann, bob] = [await fixture.client(), await fixture.client()];
  const subscribers = async (): Promise<number> => {
    const result = await fixture.broker.describeTopic("news");
    return result.ok ? result.description.liveSubscribers : 0;
  };
  for (const client of [ann, bob]) await client.ask("subscribe", { topic: "news" });
  equal(await subscribers(), 2);
  await ann.ask("unsubscribe", { subscription: 1 });
  equal(await subscribers(), 1);
  bob.webSocket.terminate();
  while ((await subscribers()) > 0) await settle();
});

const wrong: readonly [fields: object, field: string, sentence: RegExp][] = [
  [{ queue: "jobs", topic: "news" }, "topic", /does not go together with queue/],
  [{ queue: "jobs", mode: "broadcast" }, "mode", /A queue hands each message to one/],
  [{ topic: "news", mode: "round-robin" }, "mode", /use a queue or, over SLUICE\/1, a consumer group/],
  [{ queue: "jobs", overflow: "drop" }, "overflow", /does not go together with queue/],
  [{ queue: "jobs", bufferCountMax: 5 }, "bufferCountMax", /does not go together with queue/],
  [{ topic: "news", visibilityTimeoutSeconds: 5 }, "visibilityTimeoutSeconds", /together with topic/],
  [{ topic: "news", credit: -1 }, "credit", /must be >= 0/],
  [{ topic: "news", credit: 1.5 }, "credit", /must be integer/],
  [{ topic: 5 }, "topic", /must be string/],
  [{ topic: "news", mode: "fanout" }, "mode", /must be one of round-robin, broadcast/],
];

for (const [fields, field, sentence] of wrong) {
  test(`subscribe ${JSON.stringify(fields)} is refused`, async () => {
    await using fixture = await openWebSockets();
    const client = await fixture.client();
    const { detail, ...refused } = await client.ask("subscribe", fields);
    deepEqual(refused, { ok: false, code: "invalid-field", field });
    match(String(detail), sentence);
  });
}
