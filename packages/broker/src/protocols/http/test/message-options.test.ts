/** What a message may be sent with, and what is said of it when it is received. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { type HttpFixture, type Json, openHttp } from "./http-fixture.ts";

const bodies = async (api: HttpFixture, query = "?max=10") =>
  (await api.dequeue(query)).map(({ body }) => body);

test("delaySeconds: a message waits, in milliseconds if need be", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "later", delaySeconds: 1.5 });
  await api.clock.advance(1_499);
  deepEqual(await bodies(api), []);
  await api.clock.advance(1);
  deepEqual(await bodies(api), ["later"]);
});

test("timeToLiveSeconds: what waits too long is gone", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { messages: [{ body: "fleeting", timeToLiveSeconds: 2 }, { body: "lasting" }] });
  await api.clock.advance(2_000);
  deepEqual(await bodies(api), ["lasting"]);
});

test("priority: the more urgent first", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { messages: [{ body: "can wait" }, { body: "now", priority: 9 }] });
  const received = await api.dequeue("?max=10");
  deepEqual(
    received.map(({ body, priority }) => [body, priority]),
    [
      ["now", 9],
      ["can wait", 0],
    ],
  );
});

test("groupId: the second of a group waits for the first", async () => {
  await using api = await openHttp();
  const messages = ["a1", "a2", "b1"].map((body) => ({ body, groupId: body.slice(0, 1) }));
  await api.post("/enqueue", { messages });
  const first = await api.dequeue("?max=10");
  deepEqual(
    first.map(({ body, groupId }) => [body, groupId]),
    [
      ["a1", "a"],
      ["b1", "b"],
    ],
  );
  await api.post("/ack", { receipt: first[0]?.receipt });
  deepEqual(await bodies(api), ["a2"]);
});

test("deduplicationId: the repeat is answered with the id of the first, also after that was acked", async () => {
  await using api = await openHttp();
  const send = async () =>
    (await api.post("/enqueue", { body: "once", deduplicationId: "d" })).body.messageId;
  const first = await send();
  const [message] = await api.dequeue();
  await api.post("/ack", { receipt: message?.receipt });
  equal(await send(), first);
  deepEqual(await bodies(api), []);
});

test("a queue that is nearly full takes what fits, and says in its place what does not", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/small", { messageCountMax: 2 });
  const messages = [{ body: "a" }, { body: "?", bodyEncoding: "base64" }, { body: "b" }, { body: "c" }];
  const several = await api.post("/enqueue", { queue: "small", messages });
  equal(several.status, 201);
  deepEqual(
    (several.body.messages as Json[]).map(({ code, durability }) => code ?? durability),
    ["memory", "invalid-field", "memory", "queue-full"],
  );
  const whole = await api.post("/enqueue", { queue: "small", messages: [{ body: "d" }, { body: "e" }] });
  deepEqual([whole.status, whole.body.code], [429, "queue-full"]);
  match(String(whole.headers["retry-after"]), /^\d+$/);
});

test("more than one append takes is taken in several, unless it is to be atomic", async () => {
  await using api = await openHttp();
  const messages = Array.from({ length: 5 }, () => ({ body: "x".repeat(1024 * 1024) }));
  const whole = await api.post("/enqueue", { messages, atomic: true });
  deepEqual([whole.status, whole.body.code], [400, "limit-exceeded"]);
  equal((await api.post("/enqueue", { messages })).status, 201);
  const [ready] = ((await api.get("/v1/queues")).body.queues as Json[]).map((queue) => queue.ready);
  equal(ready, 5);
});

test("nack: the retry policy of the queue unless a delay is given; the reason goes with the dead letter", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs", {
    retry: { minDelaySeconds: 10, factor: 1, jitter: 0 },
    deadLetter: { queue: "dead", receiveCountMax: 2 },
  });
  await api.post("/enqueue", { queue: "jobs", body: "x" });
  const receive = async () => (await api.dequeue("?queue=jobs"))[0]?.receipt;
  await api.post("/nack", { queue: "jobs", receipt: await receive(), reason: "out of paper" });
  await api.clock.advance(9_999);
  equal(await receive(), undefined);
  await api.clock.advance(1);
  await api.post("/nack", { queue: "jobs", receipt: await receive(), delaySeconds: 5, reason: "still none" });
  const [dead] = await api.dequeue("?queue=dead");
  deepEqual(dead?.movedFrom, {
    reason: "max-receives",
    queue: "jobs",
    originQueue: "jobs",
    receiveCount: 2,
    movedAt: "2026-01-01T00:00:10.000Z",
    lastError: "still none",
  });
});
