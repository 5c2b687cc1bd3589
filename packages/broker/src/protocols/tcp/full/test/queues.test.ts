/** Queues over the full protocol: batches, credit, receipts, and what becomes of deliveries when a connection ends. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import { messages, openFullFixture, receiptsOf, receive, send, subscribe, texts } from "./full-fixture.ts";

test("send, receive, ack", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const sent = await send(client, "jobs", "a", "b", "c");
  equal(sent.refusals.size, 0);
  const { deliveries } = await client.ask("received", receive("jobs"));
  deepEqual(texts(deliveries), ["a", "b", "c"]);
  deepEqual(
    deliveries.map(({ messageId }) => messageId),
    [0, 1, 2].map((i) => full.messageIdAt(sent.ids, i)),
  );
  const acked = await client.ask("acked", (to, id) =>
    full.writeAck(to, { id, queue: "jobs", receipts: receiptsOf(deliveries) }),
  );
  equal(acked.refusals.size, 0);
  const again = await client.ask("acked", (to, id) =>
    full.writeAck(to, { id, queue: "jobs", receipts: receiptsOf(deliveries) }),
  );
  deepEqual(
    [...again.refusals.values()].map(({ code }) => code),
    ["stale-receipt", "stale-receipt", "stale-receipt"],
  );
});

test("a subscription is pushed as many messages as it has credit", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs", ..."abcdefg");
  const id = client.say(subscribe("jobs", 3));
  await client.expect("subscribed", id);
  deepEqual(texts((await client.expect("deliver", id)).deliveries), ["a", "b", "c"]);
  await settle();
  deepEqual(client.arrived, []);
  client.tell((to) => full.writeCredit(to, { id, add: 2 }));
  deepEqual(texts((await client.expect("deliver", id)).deliveries), ["d", "e"]);
});

test("what a connection held goes back at once when it ends", async () => {
  await using port = await openFullFixture();
  const [gone, other] = [await port.client(), await port.client()];
  await send(other, "jobs", "a", "b");
  const id = gone.say(subscribe("jobs", 10));
  const { deliveries } = await gone.expect("deliver", id);
  equal(deliveries.length, 2);
  gone.destroy();
  await settle();
  const again = await other.ask("received", receive("jobs"));
  deepEqual(texts(again.deliveries), ["a", "b"]);
  deepEqual(
    again.deliveries.map(({ receiveCount }) => receiveCount),
    [2, 2],
  );
});

test("each entry of a batch fares for itself, unless it is atomic", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const large = { body: new Uint8Array(1024 * 1024 + 1), attributes: full.noWireAttributes };
  const batch = [...messages("a"), large, ...messages("b")];
  const sent = await client.ask("sent", (to, id) =>
    full.writeSend(to, { id, queue: "jobs", atomic: false, sequence: undefined, messages: batch }),
  );
  deepEqual(
    [...sent.refusals].map(([index, { code }]) => [index, code]),
    [[1, "body-too-large"]],
  );
  const refused = await client.ask("refused", (to, id) =>
    full.writeSend(to, { id, queue: "jobs", atomic: true, sequence: undefined, messages: batch }),
  );
  equal(refused.code, "body-too-large");
  const { deliveries } = await client.ask("received", receive("jobs"));
  deepEqual(texts(deliveries), ["a", "b"]);
});

test("a wait can be cancelled, and answers come in the order in which they are there", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const waiting = client.say(receive("jobs", { waitMs: 60_000 }));
  const other = client.say(receive("other", { waitMs: 60_000 }));
  await send(client, "other", "x");
  equal((await client.expect("received")).id, other);
  client.tell((to) => full.writeCancel(to, waiting));
  const refused = await client.expect("refused");
  deepEqual([refused.id, refused.code], [waiting, "cancelled"]);
  match(refused.sentence, /cancelled/);
  ok(refused.retryAfterMs === 0);
});
