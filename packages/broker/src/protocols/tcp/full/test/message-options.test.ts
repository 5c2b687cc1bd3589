/** What messages may be sent with, given back with and done together with, over SLUICE/1; the rules behind it stand in docs/queue.md. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { bytesOf } from "../../test/tcp-fixture.ts";
import type { FullClient } from "./full-client.ts";
import { messages, openFullFixture, receiptsOf, receive, records, send, texts } from "./full-fixture.ts";

const sendWith = (client: FullClient, queue: string, ...of: readonly [string, full.WireMessageOptions][]) =>
  client.ask("sent", (to, id) =>
    full.writeSend(to, {
      id,
      queue,
      atomic: false,
      sequence: undefined,
      messages: of.map(([text, options]) => ({
        body: bytesOf(text),
        attributes: full.noWireAttributes,
        ...options,
      })),
    }),
  );

const take = async (client: FullClient, queue: string, more: Partial<full.ReceiveRequest> = {}) =>
  (await client.ask("received", receive(queue, more))).deliveries;

const settleAll =
  (queue: string, deliveries: readonly full.WireDelivery[], how: Partial<full.NackRequest> = {}) =>
  (to: full.FrameWriter, id: number): void =>
    full.writeNack(to, {
      queue,
      delayMs: undefined,
      counts: true,
      error: "",
      receipts: receiptsOf(deliveries),
      ...how,
      id,
    });

test("Q7: the more urgent comes first, and says how urgent it is", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await sendWith(client, "jobs", ["soon", { priority: 5 }], ["now", { priority: 9 }], ["some day", {}]);
  const deliveries = await take(client, "jobs");
  deepEqual(texts(deliveries), ["now", "soon", "some day"]);
  deepEqual(
    deliveries.map(({ priority }) => priority),
    [9, 5, 0],
  );
});

test("Q5, Q6: a message waits for its delay, and goes when its time to live is over", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const tenYearsMs = 10 * 365 * 24 * 60 * 60 * 1_000;
  await sendWith(
    client,
    "jobs",
    ["later", { delayMs: 1_000 }],
    ["brief", { timeToLiveMs: 500 }],
    ["distant", { delayMs: tenYearsMs }],
  );
  await port.clock.advance(999);
  deepEqual(texts(await take(client, "jobs")), []);
  await port.clock.advance(1);
  deepEqual(texts(await take(client, "jobs")), ["later"]);
  const queue = await client.ask("queue", (to, id) => full.writeDescribeQueue(to, { id, queue: "jobs" }));
  deepEqual([queue.delayed, queue.inFlight, queue.ready], [1, 1, 0]);
});

test("Q8: one message of a group is in hand at a time, others go on", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await sendWith(
    client,
    "jobs",
    ["a1", { groupId: "a" }],
    ["a2", { groupId: "a" }],
    ["b1", { groupId: "b" }],
  );
  const first = await take(client, "jobs");
  deepEqual(
    first.map(({ groupId, body }) => [groupId, new TextDecoder().decode(body)]),
    [
      ["a", "a1"],
      ["b", "b1"],
    ],
  );
  await client.ask("acked", (to, id) =>
    full.writeAck(to, { id, queue: "jobs", receipts: receiptsOf(first) }),
  );
  deepEqual(texts(await take(client, "jobs")), ["a2"]);
});

test("Q9: a repeat is answered with the id of the first, one entry of a batch by itself", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const first = await sendWith(client, "jobs", ["pay 7", { deduplicationId: "7" }]);
  const again = await sendWith(
    client,
    "jobs",
    ["pay 8", { deduplicationId: "8" }],
    ["pay 7", { deduplicationId: "7" }],
  );
  equal(full.messageIdAt(again.ids, 1), full.messageIdAt(first.ids, 0));
  deepEqual(texts(await take(client, "jobs")), ["pay 7", "pay 8"]);
});

test("an option that cannot be is refused for its entry alone, with its bound", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const { refusals } = await sendWith(
    client,
    "jobs",
    ["a", {}],
    ["b", { priority: 10 }],
    ["c", { delayMs: Number.MAX_SAFE_INTEGER }],
    ["d", { timeToLiveMs: 0 }],
    ["e", { groupId: "" }],
    ["f", { deduplicationId: "x".repeat(513) }],
    ["g", { timeToLiveMs: Number.POSITIVE_INFINITY }],
  );
  deepEqual(
    [...refusals].map(([index, { code, sentence }]) => [index, code, sentence.split(" ")[0]]),
    [
      [1, "invalid-message", "priority"],
      [2, "invalid-message", "delayMs"],
      [3, "invalid-message", "timeToLiveMs"],
      [4, "invalid-message", "The"],
      [5, "invalid-message", "The"],
    ],
  );
  deepEqual(texts(await take(client, "jobs")), ["a", "g"]);
});

test("Q10: a nack without a delay leaves it to the queue; the error goes with the message to the dead letters", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const settings = {
    retry: { minDelayMs: 2_000, factor: 1, jitter: 0 },
    deadLetter: { queue: "jobs-dead", receiveCountMax: 3 },
  };
  await client.ask("created", (to, id) => full.writeCreateQueue(to, { id, queue: "jobs", settings }));
  const { ids } = await send(client, "jobs", "photo 7");
  await client.ask("nacked", settleAll("jobs", await take(client, "jobs"), { error: "no such photo" }));
  deepEqual(texts(await take(client, "jobs")), []);
  await port.clock.advance(2_000);
  await client.ask("nacked", settleAll("jobs", await take(client, "jobs"), { delayMs: 0 }));
  await client.ask("nacked", settleAll("jobs", await take(client, "jobs"), { error: "still none" }));
  const [dead, ...others] = await take(client, "jobs-dead");
  deepEqual(others, []);
  equal(dead?.messageId, full.messageIdAt(ids, 0));
  const { movedAtMs, ...why } = dead?.movedFrom ?? { movedAtMs: 0 };
  deepEqual(why, {
    reason: "max-receives",
    queue: "jobs",
    originQueue: "jobs",
    receiveCount: 3,
    lastError: "still none",
  });
  equal(movedAtMs, port.clock.now().wallMs);
});

test("Q18: a message is done and others are sent in one step, with their ids; a receipt that does not hold refuses it whole", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "orders", "order 1");
  const deliveries = await take(client, "orders");
  const step = (to: full.FrameWriter, id: number): void =>
    full.writeTransact(to, {
      id,
      sequence: undefined,
      commit: undefined,
      fence: undefined,
      publishes: [{ topic: "paid", records: records("order 1") }],
      sends: [
        { queue: "mails", messages: messages("thanks", "invoice") },
        { queue: "parcels", messages: messages("ship") },
      ],
      acks: [{ queue: "orders", receipts: receiptsOf(deliveries) }],
    });
  const { ids, places } = await client.ask("transacted", step);
  deepEqual(places, [[{ partition: 0, offset: 0 }]]);
  const mails = await take(client, "mails");
  deepEqual(
    mails.map(({ messageId }) => messageId),
    [0, 1].map((i) => full.messageIdAt(ids[0] ?? new Uint8Array(), i)),
  );
  deepEqual(
    ids.map(({ byteLength }) => byteLength),
    [32, 16],
  );
  equal((await client.ask("refused", step)).code, "stale-receipt");
  deepEqual(texts(await take(client, "parcels")), ["ship"]);
  deepEqual(texts(await take(client, "parcels")), []);
  const { inFlight, ready } = await client.ask("queue", (to, id) =>
    full.writeDescribeQueue(to, { id, queue: "orders" }),
  );
  deepEqual([inFlight, ready], [0, 0]);
});

test("what a refused step would have acked goes back with its connection", async () => {
  await using port = await openFullFixture();
  const [client, other] = [await port.client(), await port.client()];
  await send(client, "orders", "order 1");
  const deliveries = await take(client, "orders");
  const refusal = await client.ask("refused", (to, id) =>
    full.writeTransact(to, {
      id,
      sequence: undefined,
      commit: undefined,
      fence: undefined,
      publishes: [],
      sends: [{ queue: "no name", messages: messages("x") }],
      acks: [{ queue: "orders", receipts: receiptsOf(deliveries) }],
    }),
  );
  match(refusal.code, /invalid-name/);
  client.destroy();
  await settle();
  deepEqual(texts(await take(other, "orders")), ["order 1"]);
});

test("what a step has acked is held no more: a server that drains does not wait for it", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "orders", "order 1");
  const receipts = receiptsOf(await take(client, "orders"));
  await client.ask("transacted", (to, id) =>
    full.writeTransact(to, {
      ...{ id, sequence: undefined, commit: undefined, fence: undefined, publishes: [], sends: [] },
      acks: [{ queue: "orders", receipts }],
    }),
  );
  const drained = port.server.drain();
  equal((await client.expect("goaway")).code, "shutting-down");
  await drained;
});
