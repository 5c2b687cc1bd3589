/** `/v1/queues`: how queues are made, described, changed, stopped, emptied and deleted. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { type HttpFixture, type Json, openHttp } from "./http-fixture.ts";

const defaults = {
  visibilityTimeoutSeconds: 30,
  delaySeconds: 0,
  timeToLiveSeconds: null,
  onExpiry: "drop",
  retry: { minDelaySeconds: 0, maxDelaySeconds: 900, factor: 2, jitter: 0.5 },
  deadLetter: null,
  parkAfterReceives: 100,
  priorityAgingSeconds: 60,
  deduplication: "by-id",
  deduplicationWindowSeconds: 300,
  inFlightMax: null,
  startsPerSecondMax: null,
  messageCountMax: null,
  bodyBytesMax: null,
  overflow: "refuse",
};

/** A value that is not the default, for each setting. */
const others = {
  visibilityTimeoutSeconds: 1.5,
  delaySeconds: 0.25,
  timeToLiveSeconds: 86_400,
  onExpiry: "dead-letter",
  retry: { minDelaySeconds: 1, maxDelaySeconds: 60, factor: 3, jitter: 0 },
  deadLetter: { queue: "jobs-dead", receiveCountMax: 2 },
  parkAfterReceives: null,
  priorityAgingSeconds: 5,
  deduplication: "by-content",
  deduplicationWindowSeconds: 60,
  inFlightMax: 10,
  startsPerSecondMax: 0.5,
  messageCountMax: 1000,
  bodyBytesMax: 1_000_000,
  overflow: "drop-oldest",
};

const empty = {
  durability: "memory",
  paused: false,
  ready: 0,
  delayed: 0,
  inFlight: 0,
  parked: 0,
  bodyBytes: 0,
  oldestReadySeconds: null,
  oldestInFlightSeconds: null,
  oldestParkedSeconds: null,
};

const settingsOf = ({ body }: { body: Json }): Json =>
  Object.fromEntries(Object.keys(defaults).map((name) => [name, body[name]]));

test("a queue that says nothing has the defaults", async () => {
  await using api = await openHttp();
  const created = await api.put("/v1/queues/jobs");
  equal(created.status, 201);
  deepEqual(created.body, { queue: "jobs", ...defaults, ...empty });
});

test("every setting can be given at the creation, which may be repeated, and not with others", async () => {
  await using api = await openHttp();
  const created = await api.put("/v1/queues/jobs", others);
  deepEqual(created.body, { queue: "jobs", ...others, ...empty });
  deepEqual((await api.get("/v1/queues/jobs")).body, created.body);
  equal((await api.put("/v1/queues/jobs", others)).status, 200);
  const differs = await api.put("/v1/queues/jobs", { ...others, delaySeconds: 1 });
  deepEqual([differs.status, differs.body.code], [422, "invalid-setting"]);
});

test("each setting can be changed by itself, and back to the default", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs");
  let expected: Json = defaults;
  for (const settings of [others, defaults]) {
    for (const [name, value] of Object.entries(settings)) {
      expected = { ...expected, [name]: value };
      const changed = await api.patch("/v1/queues/jobs", { [name]: value });
      deepEqual([changed.status, settingsOf(changed)], [200, expected], name);
    }
  }
  deepEqual(settingsOf(await api.patch("/v1/queues/jobs", {})), defaults);
  deepEqual(settingsOf(await api.patch("/v1/queues/jobs", { retry: { factor: 5 } })).retry, {
    ...defaults.retry,
    factor: 5,
  });
});

test("settings that contradict each other, or what is there, are refused and change nothing", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs", { durability: "buffered" });
  const refused = async (settings: object) => {
    const { status, body } = await api.patch("/v1/queues/jobs", settings);
    return [status, body.code];
  };
  deepEqual(await refused({ retry: { minDelaySeconds: 901 } }), [422, "invalid-setting"]);
  deepEqual(await refused({ deadLetter: { queue: "jobs", receiveCountMax: 1 } }), [422, "invalid-setting"]);
  deepEqual(await refused({ durability: "synced" }), [422, "invalid-setting"]);
  deepEqual(settingsOf(await api.get("/v1/queues/jobs")), defaults);
});

test("counts and ages by state", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs", { parkAfterReceives: 1 });
  const messages = ["parked", "taken", "waiting"].map((body) => ({ body }));
  await api.post("/enqueue", { queue: "jobs", messages: [...messages, { body: "later", delaySeconds: 60 }] });
  const [parked] = await api.dequeue("?queue=jobs");
  await api.post("/nack", { queue: "jobs", receipt: parked?.receipt });
  await api.clock.advance(1_000);
  await api.dequeue("?queue=jobs");
  await api.clock.advance(500);
  const { body } = await api.get("/v1/queues/jobs");
  deepEqual(Object.fromEntries(Object.keys(empty).map((name) => [name, body[name]])), {
    ...{ ...empty, ready: 1, delayed: 1, inFlight: 1, parked: 1, bodyBytes: 23 },
    ...{ oldestReadySeconds: 1.5, oldestInFlightSeconds: 0.5, oldestParkedSeconds: 1.5 },
  });
});

const names = (answer: { body: Json }) => (answer.body.queues as Json[]).map(({ queue }) => queue);

test("the list is in pages, by name", async () => {
  await using api = await openHttp();
  for (const name of ["c", "a", "d", "b"]) await api.put(`/v1/queues/${name}`);
  const first = await api.get("/v1/queues?max=2");
  deepEqual([names(first), first.body.next], [["a", "b"], "b"]);
  await api.remove("/v1/queues/b");
  const second = await api.get(`/v1/queues?max=2&after=${first.body.next}`);
  deepEqual([names(second), second.body.next], [["c", "d"], null]);
});

const pause = (api: HttpFixture, action: string) => api.post(`/v1/queues/jobs/${action}`);

test("a queue that is paused takes messages and hands out none", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs");
  deepEqual((await pause(api, "pause")).body, { paused: true, durability: "memory" });
  equal((await api.post("/enqueue", { queue: "jobs", body: "x" })).status, 201);
  equal((await api.get("/v1/queues/jobs")).body.paused, true);
  deepEqual(await api.dequeue("?queue=jobs"), []);
  deepEqual((await pause(api, "resume")).body, { paused: false, durability: "memory" });
  equal((await api.dequeue("?queue=jobs")).length, 1);
});

test("purge empties a queue, also of what is in flight; delete takes the queue with it", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { queue: "jobs", messages: [{ body: "a" }, { body: "b" }] });
  const [taken] = await api.dequeue("?queue=jobs");
  deepEqual((await api.post("/v1/queues/jobs/purge")).body, { purged: 2, durability: "memory" });
  const stale = await api.post("/ack", { queue: "jobs", receipt: taken?.receipt });
  deepEqual([stale.status, stale.body.code], [409, "stale-receipt"]);
  deepEqual((await api.remove("/v1/queues/jobs")).status, 200);
  equal((await api.get("/v1/queues/jobs")).status, 404);
  equal((await api.remove("/v1/queues/jobs")).body.code, "unknown-queue");
});

test("what an action is not asked with is refused, not ignored", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { queue: "jobs", body: "x" });
  const rows = [
    await api.post("/v1/queues/jobs/purge", { olderThanSeconds: 60 }),
    await api.post("/v1/queues/jobs/purge?dryRun=true"),
    await api.remove("/v1/queues/jobs?ifEmpty=true"),
    await api.post("/enqueue?queue=jobs", { body: "x" }),
  ];
  for (const { status, body } of rows) deepEqual([status, body.code], [400, "unknown-field"]);
  equal((await api.get("/v1/queues/jobs")).body.ready, 1);
});
