/** `/v1/topics`, their records, and publishing; and dead letters as a consumer sees them. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { type Json, openHttp } from "./http-fixture.ts";

test("a message received too often moves to the dead-letter queue", async () => {
  await using api = await openHttp();
  await api.put("/v1/queues/jobs", {
    visibilityTimeoutSeconds: 30,
    deadLetter: { queue: "dead", receiveCountMax: 2 },
  });
  await api.post("/enqueue", { queue: "jobs", body: "resize photo 7" });
  for (let i = 0; i < 2; i++) {
    equal((await api.dequeue("?queue=jobs")).length, 1);
    await api.clock.advance(30_000);
  }
  deepEqual(await api.dequeue("?queue=jobs"), []);
  equal((await api.dequeue("?queue=dead"))[0]?.body, "resize photo 7");
});

test("publish, then read by offset; reading changes nothing", async () => {
  await using api = await openHttp();
  equal((await api.put("/v1/topics/news", { partitionCount: 2 })).status, 201);
  const first = await api.post("/publish", { topic: "news", key: "k", body: "one", attributes: { a: "b" } });
  equal(first.status, 201);
  deepEqual(Object.keys(first.body), ["partition", "offset", "durability"]);
  const second = await api.post("/publish", {
    topic: "news",
    key: "k",
    body: "/w==",
    bodyEncoding: "base64",
  });
  deepEqual([second.body.partition, second.body.offset], [first.body.partition, 1]);
  const path = `/v1/topics/news/records?partition=${first.body.partition}`;
  for (let i = 0; i < 2; i++) {
    const { body } = await api.get(path);
    const shared = {
      partition: first.body.partition,
      key: "k",
      keyEncoding: "utf8",
      publishedAt: "2026-01-01T00:00:00.000Z",
    };
    deepEqual(body, {
      records: [
        { ...shared, offset: 0, body: "one", bodyEncoding: "utf8", attributes: { a: "b" } },
        { ...shared, offset: 1, body: "/w==", bodyEncoding: "base64", attributes: {} },
      ],
      startOffset: 0,
      endOffset: 2,
    });
  }
  deepEqual(
    ((await api.get(`${path}&offset=1&max=1`)).body.records as Json[]).map(({ offset }) => offset),
    [1],
  );
  deepEqual((await api.get(`${path}&offset=2`)).body.records, []);
});

test("a read waits for a record that is not there yet", async () => {
  await using api = await openHttp();
  await api.put("/v1/topics/news");
  const waiting = api.get("/v1/topics/news/records?waitSeconds=10");
  for (let i = 0; i < 5; i++) await settle();
  await api.post("/publish", { topic: "news", body: "now" });
  deepEqual(
    ((await waiting).body.records as Json[]).map(({ body, key }) => [body, key]),
    [["now", null]],
  );
});

test("topics are described and listed", async () => {
  await using api = await openHttp();
  await api.put("/v1/topics/live", { retention: "live" });
  await api.post("/publish", { topic: "log", body: "x" });
  const { body } = await api.get("/v1/topics/log");
  deepEqual(body, {
    topic: "log",
    partitionCount: 1,
    retention: "log",
    retentionSeconds: 7 * 24 * 60 * 60,
    retentionBytes: null,
    durability: "memory",
    partitions: [{ startOffset: 0, endOffset: 1, retainedBytes: 10 }],
    liveSubscribers: 0,
  });
  const topics = (await api.get("/v1/topics")).body.topics as Json[];
  deepEqual(
    topics.map(({ topic, retention }) => [topic, retention]),
    [
      ["live", "live"],
      ["log", "log"],
    ],
  );
});

test("how long a topic keeps its records is set at its creation and can be changed", async () => {
  await using api = await openHttp();
  const put = async (settings: object) => {
    const { status, body } = await api.put("/v1/topics/news", settings);
    return [status, body.code ?? [body.retentionSeconds, body.retentionBytes]];
  };
  deepEqual(await put({ retentionSeconds: 90, retentionBytes: null }), [201, [90, null]]);
  deepEqual(await put({ retentionBytes: 1000 }), [200, [90, 1000]]);
  deepEqual(await put({}), [200, [90, 1000]]);
  deepEqual(await put({ retentionSeconds: null }), [200, [null, 1000]]);
  deepEqual(await put({ retentionSeconds: 0 }), [400, "invalid-field"]);
  deepEqual(await put({ retentionBytes: 1.5 }), [400, "invalid-field"]);
  deepEqual(await put({ retentionSeconds: "1" }), [400, "invalid-field"]);
  deepEqual(await put({ partitionCount: 2 }), [422, "invalid-setting"]);
});

test("a topic is read from a time, and what lies before an offset is deleted", async () => {
  await using api = await openHttp();
  await api.post("/publish", { topic: "news", body: "one" });
  await api.clock.advance(1000);
  await api.post("/publish", { topic: "news", body: "two" });
  const path = "/v1/topics/news/records";
  const read = async (query: string) => {
    const { status, body } = await api.get(`${path}${query}`);
    return status === 200 ? (body.records as Json[]).map((record) => record.body) : [status, body.code];
  };
  deepEqual(await read("?time=2026-01-01T00:00:00Z"), ["one", "two"]);
  deepEqual(await read("?time=2026-01-01T01:00:00.001%2B01:00"), ["two"]);
  deepEqual(await read("?time=2026-01-01T00:00:01.001Z"), []);
  deepEqual(await read("?time=yesterday"), [400, "invalid-field"]);
  deepEqual(await read("?time=2026-01-01T00:00:00Z&offset=1"), [400, "invalid-field"]);

  const remove = async (query: string) => {
    const response = await api.app.inject({ method: "DELETE", url: `${path}${query}` });
    return [response.statusCode, response.json().code ?? response.json().durability];
  };
  deepEqual(await remove("?before=1"), [200, "memory"]);
  deepEqual(await remove("?before=1"), [200, "memory"]);
  deepEqual(await read(""), ["two"]);
  deepEqual(await remove(""), [400, "missing-field"]);
  deepEqual(await remove("?before=3"), [(await api.get(`${path}?offset=3`)).status, "offset-out-of-range"]);
  deepEqual(await remove("?partition=1&before=0"), [404, "unknown-partition"]);
});

test("the offset at a time", async () => {
  await using api = await openHttp();
  await api.post("/publish", { topic: "news", body: "one" });
  await api.clock.advance(1000);
  await api.post("/publish", { topic: "news", body: "two" });
  const at = async (query: string) => {
    const { status, body } = await api.get(`/v1/topics/news/offsets${query}`);
    return status === 200 ? [body.partition, body.offset] : [status, body.code];
  };
  deepEqual(await at("?time=2026-01-01T00:00:00Z"), [0, 0]);
  deepEqual(await at("?time=2026-01-01T00:00:00.500Z"), [0, 1]);
  deepEqual(await at("?time=2027-01-01T00:00:00Z"), [0, 2]);
  deepEqual(await at("?time=2027-01-01T00:00:00Z&partition=1"), [404, "unknown-partition"]);
  deepEqual(await at("?time=9999-99-99T00:00:00Z"), [400, "invalid-field"]);
  deepEqual(await at(""), [400, "missing-field"]);
});

test("how long a topic keeps its records is changed by itself; delete takes the topic with it", async () => {
  await using api = await openHttp();
  await api.put("/v1/topics/news");
  const changed = await api.patch("/v1/topics/news", { retentionSeconds: null, retentionBytes: 1000 });
  deepEqual([changed.status, changed.body.retentionSeconds, changed.body.retentionBytes], [200, null, 1000]);
  deepEqual((await api.patch("/v1/topics/news", { partitionCount: 2 })).body.code, "unknown-field");
  deepEqual((await api.patch("/v1/topics/olds", { retentionBytes: 1 })).body.code, "unknown-topic");
  equal((await api.remove("/v1/topics/news")).status, 200);
  equal((await api.remove("/v1/topics/news")).body.code, "unknown-topic");
  deepEqual((await api.get("/v1/topics")).body, { topics: [], next: null });
});

test("the list of topics is in pages, by name", async () => {
  await using api = await openHttp();
  for (const name of ["b", "c", "a"]) await api.put(`/v1/topics/${name}`);
  const { body } = await api.get("/v1/topics?max=2");
  deepEqual([(body.topics as Json[]).map(({ topic }) => topic), body.next], [["a", "b"], "b"]);
});
