/** What operators do over HTTP: look at messages, cancel and reschedule them, and bring back what was given up. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { type HttpFixture, type Json, openHttp } from "./http-fixture.ts";

const list = (answer: { body: Json }, name: string) => answer.body[name] as Json[];
const bodiesOf = (messages: readonly Json[]) => messages.map(({ body }) => body);
const outcome = ({ status, body }: { status: number; body: Json }) => [status, body.code ?? body.durability];

test("looking at messages changes nothing, and says where each stands", async () => {
  await using api = await openHttp();
  const messages = [
    { body: "a" },
    { body: "b", delaySeconds: 60, timeToLiveSeconds: 5 },
    { body: "c", groupId: "g" },
  ];
  await api.post("/enqueue", { queue: "jobs", messages });
  await api.post("/enqueue", { queue: "jobs", body: "d", groupId: "g", priority: 3 });
  await api.dequeue("?queue=jobs");
  for (let i = 0; i < 2; i++) {
    const seen = await api.get("/v1/queues/jobs/messages");
    deepEqual(
      list(seen, "messages").map((message) => [
        message.body,
        message.state,
        message.dueAt,
        message.expiresAt,
      ]),
      [
        ["a", "in-flight", "2026-01-01T00:00:30.000Z", null],
        ["b", "delayed", "2026-01-01T00:01:00.000Z", "2026-01-01T00:01:05.000Z"],
        ["c", "ready", null, null],
        ["d", "blocked", null, null],
      ],
    );
    equal(seen.body.next, null);
  }
  const [, , , last] = list(await api.get("/v1/queues/jobs/messages"), "messages");
  deepEqual(last, {
    ...{ messageId: last?.messageId, state: "blocked", dueAt: null, expiresAt: null },
    ...{ body: "d", bodyEncoding: "utf8", attributes: {}, receiveCount: 0 },
    ...{
      enqueuedAt: "2026-01-01T00:00:00.000Z",
      priority: 3,
      groupId: "g",
      lastError: null,
      movedFrom: null,
    },
  });
  deepEqual((await api.get(`/v1/queues/jobs/messages/${last?.messageId}`)).body, last);
});

test("messages are looked at in pages", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { queue: "jobs", messages: ["a", "b", "c"].map((body) => ({ body })) });
  const first = await api.get("/v1/queues/jobs/messages?max=2");
  deepEqual(bodiesOf(list(first, "messages")), ["a", "b"]);
  const second = await api.get(`/v1/queues/jobs/messages?max=2&after=${first.body.next}`);
  deepEqual([bodiesOf(list(second, "messages")), second.body.next], [["c"], null]);
});

test("a message is cancelled or rescheduled by its id, unless a consumer has it", async () => {
  await using api = await openHttp();
  const send = async (body: string) =>
    `/v1/queues/jobs/messages/${(await api.post("/enqueue", { queue: "jobs", body })).body.messageId}`;
  const [taken, later, never] = [await send("taken"), await send("later"), await send("never")];
  await api.dequeue("?queue=jobs");
  deepEqual(outcome(await api.remove(taken)), [409, "message-in-flight"]);
  deepEqual(outcome(await api.patch(taken, { delaySeconds: 0 })), [409, "message-in-flight"]);
  deepEqual(outcome(await api.patch(later, { delaySeconds: 60 })), [200, "memory"]);
  deepEqual(outcome(await api.remove(never)), [200, "memory"]);
  deepEqual(outcome(await api.remove(never)), [404, "unknown-message"]);
  deepEqual(await api.dequeue("?queue=jobs"), []);
  deepEqual(outcome(await api.patch(later, { delaySeconds: 0 })), [200, "memory"]);
  deepEqual(bodiesOf(await api.dequeue("?queue=jobs")), ["later"]);
});

/** Queues with what was given up in them: `mail` parks, `jobs` has a dead-letter queue. */
async function giveUp(api: HttpFixture): Promise<void> {
  await api.put("/v1/queues/mail", { parkAfterReceives: 1 });
  await api.put("/v1/queues/jobs", { deadLetter: { queue: "dead", receiveCountMax: 1 } });
  for (const queue of ["mail", "jobs"]) {
    await api.post("/enqueue", {
      queue,
      messages: [{ body: `${queue} 1` }, { body: `${queue} 2` }, { body: "fine" }],
    });
    const received = await api.dequeue(`?queue=${queue}&max=2`);
    for (const { receipt } of received) await api.post("/nack", { queue, receipt, reason: "no paper" });
  }
  await api.clock.advance(1_000);
}

test("dead letters of all queues: why, after what, from where", async () => {
  await using api = await openHttp();
  await giveUp(api);
  const all = await api.get("/v1/dead-letters");
  equal(all.body.next, null);
  const [first, , third] = list(all, "deadLetters");
  const shared = {
    reason: "max-receives",
    givenUpAt: "2026-01-01T00:00:00.000Z",
    dueAt: null,
    expiresAt: null,
    bodyEncoding: "utf8",
    attributes: {},
    receiveCount: 1,
    enqueuedAt: "2026-01-01T00:00:00.000Z",
    priority: 0,
    groupId: null,
    lastError: "no paper",
  };
  deepEqual(first, {
    ...shared,
    ...{ queue: "dead", givenUpBy: "jobs", originQueue: "jobs", state: "ready", body: "jobs 1" },
    messageId: first?.messageId,
  });
  deepEqual(third, {
    ...shared,
    ...{ queue: "mail", givenUpBy: "mail", originQueue: "mail", state: "parked", body: "mail 1" },
    messageId: third?.messageId,
  });
  deepEqual((await api.get(`/v1/dead-letters/${third?.messageId}?queue=mail`)).body, third);
});

test("dead letters come in pages over the queues, or of one queue", async () => {
  await using api = await openHttp();
  await giveUp(api);
  for (const max of [1, 2, 3, 4]) {
    const seen: unknown[] = [];
    let after = "";
    for (;;) {
      const page = await api.get(`/v1/dead-letters?max=${max}${after}`);
      ok(list(page, "deadLetters").length <= max);
      seen.push(...bodiesOf(list(page, "deadLetters")));
      if (page.body.next === null) break;
      after = `&after=${encodeURIComponent(String(page.body.next))}`;
    }
    deepEqual(seen, ["jobs 1", "jobs 2", "mail 1", "mail 2"], `${max} a page`);
  }
  deepEqual(bodiesOf(list(await api.get("/v1/dead-letters?queue=mail"), "deadLetters")), [
    "mail 1",
    "mail 2",
  ]);
  deepEqual(outcome(await api.get("/v1/dead-letters?queue=nowhere")), [404, "unknown-queue"]);
  deepEqual(outcome(await api.get("/v1/dead-letters?queue=mail&after=x")), [422, "invalid-setting"]);
});

test("one dead letter is redriven or deleted; a message that is none is neither", async () => {
  await using api = await openHttp();
  await giveUp(api);
  const [dead1, dead2, parked] = list(await api.get("/v1/dead-letters"), "deadLetters").map(
    ({ messageId }) => `/v1/dead-letters/${messageId}`,
  );
  deepEqual(outcome(await api.post(`${dead1}/redrive`, { queue: "dead" })), [200, "memory"]);
  deepEqual(outcome(await api.post(`${parked}/redrive`, { queue: "mail", to: "jobs" })), [200, "memory"]);
  deepEqual(outcome(await api.remove(`${dead2}?queue=dead`)), [200, "memory"]);
  deepEqual(outcome(await api.remove(`${dead2}?queue=dead`)), [404, "unknown-message"]);
  deepEqual(bodiesOf(await api.dequeue("?queue=jobs&max=9")), ["fine", "jobs 1", "mail 1"]);
  const { body: sent } = await api.post("/enqueue", { queue: "mail", body: "alive" });
  const alive = `/v1/dead-letters/${sent.messageId}`;
  deepEqual(outcome(await api.get(`${alive}?queue=mail`)), [404, "unknown-message"]);
  deepEqual(outcome(await api.remove(`${alive}?queue=mail`)), [404, "unknown-message"]);
  deepEqual(outcome(await api.post(`${alive}/redrive`, { queue: "mail" })), [404, "unknown-message"]);
  deepEqual(outcome(await api.remove(alive)), [400, "missing-field"]);
  equal((await api.get("/v1/queues/mail")).body.ready, 2);
});

test("a redrive is started, watched and cancelled", async () => {
  await using api = await openHttp();
  await giveUp(api);
  const path = "/v1/queues/dead/redrives";
  const started = await api.post(path, { perSecondMax: 1 });
  const redrive = {
    ...{ redrive: 1, to: null, perSecondMax: 1, status: "running", total: 2, moved: 0 },
    ...{ startedAt: "2026-01-01T00:00:01.000Z", endedAt: null },
  };
  deepEqual([started.status, started.body], [201, redrive]);
  equal(started.headers.location, `${path}/1`);
  deepEqual(outcome(await api.post(path)), [409, "redrive-running"]);
  await api.clock.advance(1);
  equal((await api.get(`${path}/1`)).body.moved, 1);
  deepEqual(outcome(await api.remove(`${path}/1`)), [200, "memory"]);
  const ended = { ...redrive, moved: 1, status: "cancelled", endedAt: "2026-01-01T00:00:01.001Z" };
  deepEqual((await api.get(path)).body, { redrives: [ended] });
  deepEqual(outcome(await api.remove(`${path}/1`)), [404, "unknown-redrive"]);
  deepEqual(outcome(await api.get(`${path}/2`)), [404, "unknown-redrive"]);
  deepEqual(outcome(await api.get(`${path}/one`)), [400, "invalid-field"]);
  deepEqual(bodiesOf(await api.dequeue("?queue=jobs&max=9")), ["fine", "jobs 1"]);
});
