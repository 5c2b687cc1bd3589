/** What operators do over SLUICE/1: pause, purge, delete, browse, cancel, reschedule, redrive; and how each of it is refused. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { FullClient } from "./full-client.ts";
import { messages, openFullFixture, receiptsOf, receive, send, subscribe, texts } from "./full-fixture.ts";

const take = async (client: FullClient, queue: string) =>
  (await client.ask("received", receive(queue))).deliveries;

const browse = (client: FullClient, queue: string, more: Partial<full.BrowseQueueRequest> = {}) =>
  client.ask("browsed", (to, id) =>
    full.writeBrowseQueue(to, { queue, what: "all", after: "", max: 100, bytesMax: 1_000_000, ...more, id }),
  );

const changed = (client: FullClient, write: (to: full.FrameWriter, id: number) => void) =>
  client.ask("changed", write);

/** A queue with dead letters: what is received there once and given back is one, parked in it or moved to `target`. */
async function giveUp(
  client: FullClient,
  queue: string,
  target: string | undefined,
  ...of: readonly string[]
) {
  const settings =
    target === undefined ? { parkAfterReceives: 1 } : { deadLetter: { queue: target, receiveCountMax: 1 } };
  await client.ask("created", (to, id) => full.writeCreateQueue(to, { id, queue, settings }));
  const { ids } = await send(client, queue, ...of);
  const receipts = receiptsOf(await take(client, queue));
  await client.ask("nacked", (to, id) =>
    full.writeNack(to, { id, queue, delayMs: undefined, counts: true, error: "it broke", receipts }),
  );
  return of.map((_, i) => full.messageIdAt(ids, i));
}

test("Q15: a paused queue takes messages and hands out none; resumed, it serves who waits", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs", "a");
  await changed(client, (to, id) => full.writePauseQueue(to, { id, queue: "jobs", paused: true }));
  const subscription = client.say(subscribe("jobs", 10));
  await client.expect("subscribed", subscription);
  await send(client, "jobs", "b");
  await settle();
  deepEqual(client.arrived, []);
  const { paused, ready } = await client.ask("queue", (to, id) =>
    full.writeDescribeQueue(to, { id, queue: "jobs" }),
  );
  deepEqual([paused, ready], [true, 2]);
  await changed(client, (to, id) => full.writePauseQueue(to, { id, queue: "jobs", paused: false }));
  deepEqual(texts((await client.expect("deliver", subscription)).deliveries), ["a", "b"]);
});

test("Q14: a purge takes everything, also what is in hand", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs", "a", "b", "c");
  const held = await client.ask("received", receive("jobs", { max: 1 }));
  const purged = await client.ask("purged", (to, id) => full.writePurgeQueue(to, { id, queue: "jobs" }));
  deepEqual([purged.messages, purged.durability], [3, "memory"]);
  const { refusals } = await client.ask("acked", (to, id) =>
    full.writeAck(to, { id, queue: "jobs", receipts: receiptsOf(held.deliveries) }),
  );
  equal(refusals.get(0)?.code, "stale-receipt");
});

test("Q20: a queue or topic that is deleted is gone, and its waits and subscriptions with it", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await send(client, "jobs");
  const subscription = client.say(subscribe("jobs", 10));
  await client.expect("subscribed", subscription);
  const waiting = client.say(receive("jobs", { waitMs: 60_000 }));
  await settle();
  await changed(client, (to, id) => full.writeDeleteQueue(to, { id, queue: "jobs" }));
  equal((await client.expect("ended", subscription)).code, "unknown-queue");
  const refused = await client.expect("refused");
  deepEqual([refused.id, refused.code], [waiting, "unknown-queue"]);
  const gone = await client.ask("refused", (to, id) => full.writeDeleteQueue(to, { id, queue: "jobs" }));
  equal(gone.code, "unknown-queue");
  await client.ask("created", (to, id) =>
    full.writeCreateTopic(to, {
      id,
      topic: "news",
      partitionCount: 1,
      retention: undefined,
      durability: undefined,
    }),
  );
  const live = client.say((to, id) =>
    full.writeListen(to, { id, topic: "news", credit: 1, bufferCountMax: 10, overflow: "drop" }),
  );
  await client.expect("listening", live);
  await changed(client, (to, id) => full.writeDeleteTopic(to, { id, topic: "news" }));
  equal((await client.expect("ended", live)).code, "unknown-topic");
  const topic = await client.ask("refused", (to, id) => full.writeDeleteTopic(to, { id, topic: "news" }));
  equal(topic.code, "unknown-topic");
});

test("Q13: browsing shows messages in every state, and changes none", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const nowMs = port.clock.now().wallMs;
  const [parked = ""] = await giveUp(client, "jobs", undefined, "broken");
  await client.ask("sent", (to, id) =>
    full.writeSend(to, {
      id,
      queue: "jobs",
      atomic: true,
      sequence: undefined,
      messages: [
        { ...(messages("held")[0] as full.WireMessage), groupId: "g", priority: 9 },
        { ...(messages("behind")[0] as full.WireMessage), groupId: "g" },
        { ...(messages("later")[0] as full.WireMessage), delayMs: 1_000, timeToLiveMs: 500 },
      ],
    }),
  );
  await client.ask("received", receive("jobs", { max: 1, visibilityTimeoutMs: 3_000 }));
  const { messages: seen, next } = await browse(client, "jobs");
  equal(next, undefined);
  deepEqual(
    seen.map(({ body, state, receiveCount, dueAtMs, expiresAtMs }) => ({
      ...{ text: new TextDecoder().decode(body), state, receiveCount },
      ...{ due: dueAtMs && dueAtMs - nowMs, expires: expiresAtMs && expiresAtMs - nowMs },
    })),
    [
      { text: "broken", state: "parked", receiveCount: 1, due: undefined, expires: undefined },
      { text: "held", state: "in-flight", receiveCount: 1, due: 3_000, expires: undefined },
      { text: "behind", state: "blocked", receiveCount: 0, due: undefined, expires: undefined },
      { text: "later", state: "delayed", receiveCount: 0, due: 1_000, expires: 1_500 },
    ],
  );
  const [broken, held] = seen;
  deepEqual(
    [broken?.messageId, broken?.lastError, broken?.parked],
    [parked, "it broke", { reason: "max-receives", atMs: nowMs }],
  );
  deepEqual([held?.groupId, held?.priority], ["g", 9]);
  deepEqual(
    (await browse(client, "jobs", { what: "dead-letters" })).messages.map(({ messageId }) => messageId),
    [parked],
  );
  deepEqual((await browse(client, "jobs")).messages, seen);
});

test("Q13: a time to live that ends after the last day of any calendar is for ever", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const [message] = messages("a") as [full.WireMessage];
  for (const timeToLiveMs of [2 ** 53 - 2, 8.64e15, 1_000]) {
    await client.ask("sent", (to, id) =>
      full.writeSend(to, {
        ...{ id, queue: "jobs", atomic: true, sequence: undefined },
        messages: [{ ...message, timeToLiveMs }],
      }),
    );
  }
  const { messages: seen } = await browse(client, "jobs");
  deepEqual(
    seen.map(({ expiresAtMs }) => expiresAtMs),
    [undefined, undefined, port.clock.now().wallMs + 1_000],
  );
});

test("Q13: what does not fit an answer comes with the next one, each message once", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const bodies = Array.from({ length: 9 }, (_, i) => new Uint8Array(900_000).fill(i));
  for (const body of bodies) {
    await client.ask("sent", (to, id) =>
      full.writeSend(to, {
        id,
        queue: "jobs",
        atomic: true,
        sequence: undefined,
        messages: [{ body, attributes: full.noWireAttributes }],
      }),
    );
  }
  for (const bytesMax of [0xffff_ffff, 2_000_000, 1]) {
    const pages: number[][] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page: full.BrowsedAnswer = await browse(client, "jobs", { after, bytesMax });
      pages.push(page.messages.map(({ body }) => body[0] ?? -1));
      after = page.next;
    }
    deepEqual(pages.flat(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    ok(pages.length > 2);
  }
  // What stands beside the bodies fills a frame as well.
  const attributes = new Map([["notes", { type: "string", value: "n".repeat(60_000) }]]);
  for (let sent = 0; sent < 120; sent += 60) {
    await client.ask("sent", (to, id) =>
      full.writeSend(to, {
        ...{ id, queue: "noted", atomic: true, sequence: undefined },
        messages: Array.from({ length: 60 }, (_, i) => ({ body: Uint8Array.of(sent + i), attributes })),
      }),
    );
  }
  const noted: number[] = [];
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: full.BrowsedAnswer = await browse(client, "noted", { after, max: 1_000 });
    noted.push(...page.messages.map(({ body }) => body[0] ?? -1));
    after = page.next;
  }
  deepEqual(
    noted,
    Array.from({ length: 120 }, (_, i) => i),
  );
  const refused = await client.ask("refused", (to, id) =>
    full.writeBrowseQueue(to, { id, queue: "jobs", what: "all", after: "", max: 1_001, bytesMax: 1 }),
  );
  equal(refused.code, "limit-exceeded");
});

test("Q5: a message that nobody has can be cancelled, or be ready at another time", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const { ids } = await send(client, "jobs", "a", "b", "c");
  const [a = "", b = "", c = ""] = [0, 1, 2].map((i) => full.messageIdAt(ids, i));
  const cancel = (messageId: string) => (to: full.FrameWriter, id: number) =>
    full.writeCancelMessage(to, { id, queue: "jobs", messageId });
  const reschedule = (messageId: string, delayMs: number) => (to: full.FrameWriter, id: number) =>
    full.writeRescheduleMessage(to, { id, queue: "jobs", messageId, delayMs });
  await client.ask("received", receive("jobs", { max: 1 }));
  equal((await client.ask("refused", cancel(a))).code, "message-in-flight");
  equal((await client.ask("refused", reschedule(a, 0))).code, "message-in-flight");
  await changed(client, cancel(b));
  equal((await client.ask("refused", cancel(b))).code, "unknown-message");
  equal((await client.ask("refused", reschedule(b, 0))).code, "unknown-message");
  equal((await client.ask("refused", reschedule(c, 2 ** 50))).code, "invalid-message");
  await changed(client, reschedule(c, 5_000));
  deepEqual(texts(await take(client, "jobs")), []);
  await port.clock.advance(5_000);
  deepEqual(texts(await take(client, "jobs")), ["c"]);
});

test("Q11, Q12: one dead letter is redriven by its id, to its queue or another", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  const [one = "", two = ""] = await giveUp(client, "jobs", undefined, "one", "two");
  const redrive = (messageId: string, to?: string) => (writer: full.FrameWriter, id: number) =>
    full.writeRedriveMessage(writer, { id, queue: "jobs", messageId, to });
  equal((await client.ask("refused", redrive(one, "none"))).code, "unknown-queue");
  await changed(client, redrive(one));
  await send(client, "others");
  await changed(client, redrive(two, "others"));
  equal((await client.ask("refused", redrive(two))).code, "unknown-message");
  deepEqual(texts(await take(client, "jobs")), ["one"]);
  const [moved] = await take(client, "others");
  deepEqual([moved?.messageId, moved?.movedFrom?.reason, moved?.movedFrom?.queue], [two, "redrive", "jobs"]);
});

test("Q12: a redrive of all goes at its rate, tells how far it is, and can be ended", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await giveUp(client, "jobs", "dead", ..."abcdef");
  const start = (to: string | undefined, perSecondMax?: number) => (writer: full.FrameWriter, id: number) =>
    full.writeStartRedrive(writer, { id, queue: "dead", to, perSecondMax });
  const cancel = (redrive: number) => (to: full.FrameWriter, id: number) =>
    full.writeCancelRedrive(to, { id, queue: "dead", redrive });
  const list = async () =>
    (await client.ask("redrives", (to, id) => full.writeListRedrives(to, { id, queue: "dead" }))).redrives;
  equal((await client.ask("refused", start("none"))).code, "unknown-queue");
  equal((await client.ask("refused", start(undefined, 0))).code, "invalid-setting");
  const { redrive } = await client.ask("redriving", start(undefined, 2));
  const startedAtMs = port.clock.now().wallMs;
  deepEqual(
    { ...redrive, moved: 0 },
    {
      ...{ redrive: 1, to: undefined, perSecondMax: 2, status: "running", total: 6, moved: 0 },
      ...{ startedAtMs, endedAtMs: undefined },
    },
  );
  equal((await client.ask("refused", start(undefined))).code, "redrive-running");
  await port.clock.advance(1_000);
  const [running] = await list();
  ok(running !== undefined && running.moved >= 2 && running.moved <= 4, `${running?.moved} in a second`);
  await changed(client, cancel(1));
  equal((await client.ask("refused", cancel(1))).code, "unknown-redrive");
  await client.ask("redriving", start("jobs"));
  await port.clock.advance(10);
  const [first, second] = await list();
  deepEqual(
    [first?.status, first?.moved, first?.endedAtMs],
    ["cancelled", running.moved, startedAtMs + 1_000],
  );
  deepEqual(
    [second?.redrive, second?.status, second?.to, second?.perSecondMax, second?.moved],
    [2, "done", "jobs", undefined, 6 - running.moved],
  );
  deepEqual(texts(await take(client, "jobs")).toSorted(), [..."abcdef"]);
});
