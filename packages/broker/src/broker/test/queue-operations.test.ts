/** What operators do with queues, and what senders may ask for, through the broker: every part of it over the shell, one story each. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes, type OutgoingMessage } from "@sluice/broker";
import { granted, refused, VirtualBroker } from "./world.ts";

const message = (body: string, options: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  body: Buffer.from(body),
  attributes: noAttributes,
  ...options,
});

async function send(world: VirtualBroker, queue: string, ...messages: OutgoingMessage[]) {
  return granted(await world.answer(world.broker.send({ queue, messages }))).messageIds;
}

async function receive(world: VirtualBroker, queue: string, max = 10) {
  return granted(await world.answer(world.broker.receive({ queue, max, waitMs: 0 }))).deliveries;
}

const bodiesOf = (messages: readonly { readonly body: Uint8Array }[]): string[] =>
  messages.map(({ body }) => Buffer.from(body).toString());

async function browse(world: VirtualBroker, queue: string, what: "all" | "dead-letters" = "all") {
  return granted(await world.answer(world.broker.browseQueue({ queue, max: 100, what }))).messages;
}

test("Q5: a long poll is answered when the delay of a message is over, also one of many weeks", async () => {
  await using world = await VirtualBroker.open();
  const delayMs = 60 * 24 * 60 * 60 * 1000;
  await send(world, "jobs", message("later", { delayMs }));
  await world.clock.advance(delayMs - 1);
  deepEqual(await world.bodies("jobs"), []);
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 10 });
  await world.clock.advance(1);
  deepEqual(bodiesOf(granted(await world.answer(waiting)).deliveries), ["later"]);
});

test("Q5: a delayed message is cancelled and rescheduled by its id; one that a consumer has is not", async () => {
  await using world = await VirtualBroker.open();
  const [one = "", two = "", three = ""] = await send(
    world,
    "jobs",
    message("cancelled", { delayMs: 1000 }),
    message("sooner", { delayMs: 9000 }),
    message("held"),
  );
  await receive(world, "jobs");
  granted(await world.broker.cancelMessage({ queue: "jobs", messageId: one }));
  granted(await world.broker.rescheduleMessage({ queue: "jobs", messageId: two, delayMs: 100 }));
  for (const answer of [
    await world.broker.cancelMessage({ queue: "jobs", messageId: three }),
    await world.broker.rescheduleMessage({ queue: "jobs", messageId: three, delayMs: 0 }),
  ]) {
    refused(answer, "message-in-flight");
  }
  refused(await world.broker.cancelMessage({ queue: "jobs", messageId: one }), "unknown-message");
  refused(await world.broker.cancelMessage({ queue: "jobs", messageId: "no id" }), "unknown-message");
  await world.clock.advance(100);
  deepEqual(await world.bodies("jobs"), ["sooner"]);
});

test("Q9: a repeat is answered with the first message's id, also when only the content tells, and after an ack", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "content", deduplication: "by-content" }));
  const [first] = await send(world, "jobs", message("one", { deduplicationId: "order-7" }));
  const [delivery] = await receive(world, "jobs");
  granted(await world.broker.ack({ queue: "jobs", receipt: delivery?.receipt ?? "" }));
  const again = await send(world, "jobs", message("two", { deduplicationId: "order-7" }), message("three"));
  equal(again[0], first);
  deepEqual(await world.bodies("jobs"), ["three"]);
  const ids = await send(world, "content", message("same"), message("other"), message("same"));
  equal(ids[0], ids[2]);
  deepEqual(await world.bodies("content"), ["same", "other"]);
});

test("Q10 and Q11: the last error stays with a message that is parked; a redrive or a cancel ends that", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "jobs", parkAfterReceives: 1 }));
  const [one = "", two = ""] = await send(world, "jobs", message("one"), message("two"));
  for (const { receipt } of await receive(world, "jobs")) {
    granted(await world.broker.nack({ queue: "jobs", receipt, error: "no such photo" }));
  }
  const [parked] = await browse(world, "jobs", "dead-letters");
  deepEqual(
    [parked?.state, parked?.lastError, parked?.parked?.reason],
    ["parked", "no such photo", "max-receives"],
  );
  deepEqual(await world.bodies("jobs"), []);
  granted(await world.broker.redriveMessage({ queue: "jobs", messageId: one }));
  granted(await world.broker.cancelMessage({ queue: "jobs", messageId: two }));
  deepEqual(await world.bodies("jobs"), ["one"]);
  deepEqual(await browse(world, "jobs", "dead-letters"), []);
});

test("Q10: a dead letter says why, from where, how often and with which error", async () => {
  await using world = await VirtualBroker.open();
  granted(
    await world.broker.createQueue({
      queue: "jobs",
      deadLetter: { queue: "dead", receiveCountMax: 1 },
      timeToLiveMs: 5000,
      onExpiry: "dead-letter",
    }),
  );
  const [failed, stale] = await send(world, "jobs", message("failed"), message("stale"));
  const [delivery] = await receive(world, "jobs", 1);
  granted(
    await world.broker.nack({ queue: "jobs", receipt: delivery?.receipt ?? "", delayMs: 9, error: "broken" }),
  );
  await world.clock.advance(5000);
  const letters = await receive(world, "dead");
  deepEqual(
    letters.map(({ messageId, movedFrom }) => [
      messageId,
      movedFrom?.reason,
      movedFrom?.queue,
      movedFrom?.receiveCount,
      movedFrom?.lastError,
    ]),
    [
      [failed, "max-receives", "jobs", 1, "broken"],
      [stale, "expired", "jobs", 0, ""],
    ],
  );
});

test("Q12: a redrive keeps its rate, tells how far it is, and goes on after a restart where it was", async () => {
  await using world = await VirtualBroker.open({ on: "disk" });
  const { broker } = world;
  granted(
    await world.answer(
      broker.createQueue({ queue: "jobs", deadLetter: { queue: "dead", receiveCountMax: 1 } }),
    ),
  );
  await send(world, "jobs", ...Array.from({ length: 30 }, (_, i) => message(`m${i}`)));
  for (const { receipt } of await receive(world, "jobs", 100)) {
    granted(await world.answer(broker.nack({ queue: "jobs", receipt })));
  }
  const { redrive } = granted(await world.answer(broker.startRedrive({ queue: "dead", perSecondMax: 10 })));
  deepEqual([redrive.status, redrive.total, redrive.moved], ["running", 30, 0]);
  refused(await world.answer(broker.startRedrive({ queue: "dead" })), "redrive-running");
  await world.clock.advance(950);
  const progress = granted(await world.answer(broker.listRedrives("dead"))).redrives[0];
  equal(progress?.moved, 10);
  await world.restart();
  await world.clock.advance(2500);
  const done = granted(await world.answer(world.broker.listRedrives("dead"))).redrives[0];
  deepEqual([done?.status, done?.moved], ["done", 30]);
  equal((await receive(world, "jobs", 100)).length, 30);
});

test("Q12: a cancelled redrive leaves the rest where it is", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "jobs", parkAfterReceives: 1 }));
  await send(world, "jobs", message("one"), message("two"), message("three"));
  for (const { receipt } of await receive(world, "jobs"))
    granted(await world.broker.nack({ queue: "jobs", receipt }));
  const { redrive } = granted(
    await world.broker.startRedrive({ queue: "jobs", to: "jobs", perSecondMax: 1 }),
  );
  await world.clock.advance(1);
  granted(await world.broker.cancelRedrive({ queue: "jobs", redrive: redrive.redrive }));
  refused(await world.broker.cancelRedrive({ queue: "jobs", redrive: redrive.redrive }), "unknown-redrive");
  await world.clock.advance(10_000);
  deepEqual(await world.bodies("jobs"), ["one"]);
  equal((await browse(world, "jobs", "dead-letters")).length, 2);
});

test("Q13: browsing goes through a queue page by page and changes nothing", async () => {
  await using world = await VirtualBroker.open();
  await send(world, "jobs", message("a", { groupId: "g" }), message("b", { groupId: "g" }), message("c"));
  await send(world, "jobs", message("d", { delayMs: 500, priority: 3, timeToLiveMs: 100 }));
  await receive(world, "jobs", 1);
  const seen: [string, string][] = [];
  let after: string | undefined;
  do {
    const page = granted(await world.broker.browseQueue({ queue: "jobs", max: 1, what: "all", after }));
    for (const { body, state } of page.messages) seen.push([Buffer.from(body).toString(), state]);
    after = page.next;
  } while (after !== undefined);
  deepEqual(seen, [
    ["a", "in-flight"],
    ["b", "blocked"],
    ["c", "ready"],
    ["d", "delayed"],
  ]);
  const [, , , last] = await browse(world, "jobs");
  const now = world.clock.now().wallMs;
  deepEqual([last?.dueAtMs, last?.expiresAtMs, last?.priority], [now + 500, now + 600, 3]);
  deepEqual(await world.bodies("jobs"), ["c"]);
  refused(
    await world.broker.browseQueue({ queue: "jobs", max: 1, what: "all", after: "x" }),
    "invalid-setting",
  );
});

test("Q14: a purge takes everything, and what was handed out before is refused afterwards", async () => {
  await using world = await VirtualBroker.open();
  await send(world, "jobs", message("held"), message("ready"), message("delayed", { delayMs: 10 }));
  const [held] = await receive(world, "jobs", 1);
  equal(granted(await world.broker.purgeQueue("jobs")).purged, 3);
  refused(await world.broker.ack({ queue: "jobs", receipt: held?.receipt ?? "" }), "stale-receipt");
  await world.clock.advance(60_000);
  deepEqual(await world.bodies("jobs"), []);
});

test("Q15: nothing is handed out while a queue is paused; those who wait are served when it goes on", async () => {
  await using world = await VirtualBroker.open();
  await send(world, "jobs", message("one"));
  granted(await world.broker.pauseQueue({ queue: "jobs", paused: true }));
  const waiting = world.broker.receive({ queue: "jobs", max: 1, waitMs: 60_000 });
  await world.clock.advance(30_000);
  ok(granted(await world.broker.describeQueue("jobs")).description.paused);
  granted(await world.broker.pauseQueue({ queue: "jobs", paused: false }));
  deepEqual(bodiesOf(granted(await world.answer(waiting)).deliveries), ["one"]);
});

test("Q16: those who wait are served when the rate allows the next start, and when a place in flight is free", async () => {
  await using world = await VirtualBroker.open();
  granted(await world.broker.createQueue({ queue: "slow", startsPerSecondMax: 2 }));
  await send(world, "slow", message("one"), message("two"), message("three"));
  deepEqual(await world.bodies("slow"), ["one"]);
  const waiting = world.broker.receive({ queue: "slow", max: 10, waitMs: 60_000 });
  await world.clock.advance(499);
  await world.clock.advance(1);
  deepEqual(bodiesOf(granted(await world.answer(waiting)).deliveries), ["two"]);

  granted(await world.broker.createQueue({ queue: "narrow", inFlightMax: 1 }));
  await send(world, "narrow", message("one"), message("two"));
  const [first] = await receive(world, "narrow");
  const next = world.broker.receive({ queue: "narrow", max: 10, waitMs: 60_000 });
  await world.clock.advance(1000);
  granted(await world.broker.ack({ queue: "narrow", receipt: first?.receipt ?? "" }));
  deepEqual(bodiesOf(granted(await world.answer(next)).deliveries), ["two"]);
});

test("Q19: counts and ages by state", async () => {
  await using world = await VirtualBroker.open();
  granted(
    await world.broker.createQueue({ queue: "jobs", parkAfterReceives: 1, visibilityTimeoutMs: 60_000 }),
  );
  await send(world, "jobs", message("parked"));
  const [one] = await receive(world, "jobs");
  granted(await world.broker.nack({ queue: "jobs", receipt: one?.receipt ?? "" }));
  await world.clock.advance(1000);
  await send(world, "jobs", message("in flight"), message("ready"), message("delayed", { delayMs: 9000 }));
  await receive(world, "jobs", 1);
  await world.clock.advance(500);
  const { description } = granted(await world.broker.describeQueue("jobs"));
  const { ready, delayed, inFlight, parked, oldestReadyMs, oldestInFlightMs, oldestParkedMs } = description;
  deepEqual({ ready, delayed, inFlight, parked }, { ready: 1, delayed: 1, inFlight: 1, parked: 1 });
  deepEqual([oldestReadyMs, oldestInFlightMs, oldestParkedMs], [500, 500, 1500]);
});

test("Q20: settings change while the queue works, its durability does not, and what is not named stays", async () => {
  await using world = await VirtualBroker.open();
  granted(
    await world.broker.createQueue({ queue: "jobs", deadLetter: { queue: "dead", receiveCountMax: 3 } }),
  );
  granted(
    await world.broker.configureQueue({ queue: "jobs", visibilityTimeoutMs: 5, retry: { minDelayMs: 7 } }),
  );
  const { description } = granted(await world.broker.describeQueue("jobs"));
  deepEqual(
    [description.visibilityTimeoutMs, description.retry.minDelayMs, description.retry.factor],
    [5, 7, 2],
  );
  deepEqual(description.deadLetter, { queue: "dead", receiveCountMax: 3 });
  granted(await world.broker.configureQueue({ queue: "jobs", deadLetter: null }));
  equal(granted(await world.broker.describeQueue("jobs")).description.deadLetter, undefined);
  for (const change of [{ durability: "memory" }, { inFlightMax: 0 }, { retry: { jitter: 2 } }] as const) {
    refused(await world.broker.configureQueue({ queue: "jobs", ...change }), "invalid-setting");
  }
  refused(await world.broker.configureQueue({ queue: "none" }), "unknown-queue");
});
