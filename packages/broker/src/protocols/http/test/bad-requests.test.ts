/** Every way to ask wrongly, and the problem document that says what was wrong. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { openHttp } from "./http-fixture.ts";

const long = (length: number): string => "x".repeat(length);

const manyAttributes = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, "x"]));

/** path, body, status, code, field */
type Row = readonly [path: string, body: unknown, status: number, code: string, field?: string];

const posts: readonly Row[] = [
  ["/enqueue", null, 400, "invalid-field"],
  ["/enqueue", [], 400, "invalid-field"],
  ["/enqueue", "text", 400, "invalid-field"],
  ["/enqueue", {}, 400, "missing-field", "body"],
  ["/enqueue", { body: 5 }, 400, "invalid-field", "body"],
  ["/enqueue", { body: null }, 400, "invalid-field", "body"],
  ["/enqueue", { body: "\udc00" }, 400, "invalid-field", "body"],
  ["/enqueue", { body: long(1024 * 1024 + 1) }, 413, "body-too-large", "body"],
  ["/enqueue", { body: "x", queue: 5 }, 400, "invalid-field", "queue"],
  ["/enqueue", { body: "x", queue: "" }, 400, "invalid-name"],
  ["/enqueue", { body: "x", queue: "no name" }, 400, "invalid-name"],
  ["/enqueue", { body: "x", bodyEncoding: "hex" }, 400, "invalid-field", "bodyEncoding"],
  ["/enqueue", { body: "eA", bodyEncoding: "base64" }, 400, "invalid-field", "body"],
  ["/enqueue", { body: "eA==\n", bodyEncoding: "base64" }, 400, "invalid-field", "body"],
  ["/enqueue", { body: "_-8=", bodyEncoding: "base64" }, 400, "invalid-field", "body"],
  ["/enqueue", { body: "x", attributes: [] }, 400, "invalid-field", "attributes"],
  ["/enqueue", { body: "x", attributes: { a: 5 } }, 400, "invalid-field", "attributes.a"],
  ["/enqueue", { body: "x", attributes: { a: { type: "string" } } }, 400, "invalid-field", "attributes.a"],
  [
    "/enqueue",
    { body: "x", attributes: { a: { type: "date", value: "" } } },
    400,
    "invalid-field",
    "attributes.a",
  ],
  [
    "/enqueue",
    { body: "x", attributes: { a: { type: "number", value: "NaN" } } },
    400,
    "invalid-field",
    "attributes.a",
  ],
  [
    "/enqueue",
    { body: "x", attributes: { a: { type: "binary", value: "?" } } },
    400,
    "invalid-field",
    "attributes.a",
  ],
  ["/enqueue", { body: "x", attributes: { "a b": "c" } }, 400, "invalid-field", "attributes.a b"],
  ["/enqueue", { body: "x", attributes: { "a\nb": 5 } }, 400, "invalid-field", "attributes.a\nb"],
  ["/enqueue", { body: "x", attributes: { a: long(70_000) } }, 400, "invalid-field", "attributes"],
  ["/enqueue", { body: "x", attributes: manyAttributes }, 400, "invalid-field", "attributes"],
  ["/enqueue", { body: "x", colour: 1 }, 400, "unknown-field", "colour"],
  ["/enqueue", { body: "x", delaySeconds: "5" }, 400, "invalid-field", "delaySeconds"],
  ["/enqueue", { body: "x", delaySeconds: -1 }, 400, "invalid-field", "delaySeconds"],
  ["/enqueue", { body: "x", delaySeconds: 315_360_001 }, 400, "invalid-field", "delaySeconds"],
  ["/enqueue", { body: "x", timeToLiveSeconds: 0 }, 400, "invalid-field", "timeToLiveSeconds"],
  ["/enqueue", { body: "x", priority: 10 }, 400, "invalid-field", "priority"],
  ["/enqueue", { body: "x", priority: 1.5 }, 400, "invalid-field", "priority"],
  ["/enqueue", { body: "x", groupId: "" }, 400, "invalid-field", "groupId"],
  ["/enqueue", { body: "x", groupId: "\udc00" }, 400, "invalid-field", "groupId"],
  ["/enqueue", { body: "x", groupId: "\u2603".repeat(200) }, 400, "invalid-field", "groupId"],
  ["/enqueue", { body: "x", deduplicationId: long(513) }, 400, "invalid-field", "deduplicationId"],
  ["/enqueue", { body: "x", atomic: true }, 400, "invalid-field", "atomic"],
  ["/enqueue", { messages: [] }, 400, "invalid-field", "messages"],
  ["/enqueue", { messages: Array(1001).fill({ body: "" }) }, 400, "invalid-field", "messages"],
  ["/enqueue", { messages: {} }, 400, "invalid-field", "messages"],
  ["/enqueue", { messages: [{}] }, 400, "missing-field", "messages[0].body"],
  ["/enqueue", { messages: [{ body: "a" }, { body: 1 }] }, 400, "invalid-field", "messages[1].body"],
  ["/enqueue", { messages: [{ body: "a", queue: "b" }] }, 400, "unknown-field", "messages[0].queue"],
  [
    "/enqueue",
    { messages: [{ body: "a", delaySeconds: null }] },
    400,
    "invalid-field",
    "messages[0].delaySeconds",
  ],
  ["/enqueue", { messages: [{ body: "a" }], priority: 1 }, 400, "invalid-field", "priority"],
  [
    "/enqueue",
    { messages: [{ body: "a", attributes: { a: 1 } }] },
    400,
    "invalid-field",
    "messages[0].attributes.a",
  ],
  ["/enqueue", { messages: [{ body: "a" }], body: "b" }, 400, "invalid-field", "body"],
  ["/enqueue", { messages: [{ body: "a" }], atomic: "yes" }, 400, "invalid-field", "atomic"],
  ["/ack", {}, 400, "missing-field", "receipt"],
  ["/ack", { receipt: 5 }, 400, "invalid-field", "receipt"],
  ["/ack", { receipt: "a", receipts: ["b"] }, 400, "missing-field", "receipt"],
  ["/ack", { receipts: "b" }, 400, "invalid-field", "receipts"],
  ["/ack", { receipts: [] }, 400, "invalid-field", "receipts"],
  ["/ack", { receipts: [1] }, 400, "invalid-field", "receipts[0]"],
  ["/ack", { receipt: "unheard-of" }, 404, "unknown-message"],
  ["/ack", { receipt: long(300) }, 400, "invalid-field", "receipt"],
  ["/ack", { queue: "nowhere", receipt: "a" }, 404, "unknown-queue"],
  ["/ack", { queue: "no name", receipt: "a" }, 400, "invalid-name"],
  ["/nack", {}, 400, "missing-field", "receipt"],
  ["/nack", { receipt: "a", delaySeconds: "5" }, 400, "invalid-field", "delaySeconds"],
  ["/nack", { receipt: "a", delaySeconds: -1 }, 400, "invalid-field", "delaySeconds"],
  ["/nack", { receipt: "a", delaySeconds: 315_360_001 }, 400, "invalid-field", "delaySeconds"],
  ["/nack", { receipt: "a", reason: 5 }, 400, "invalid-field", "reason"],
  ["/nack", { receipt: "unheard-of" }, 404, "unknown-message"],
  ["/extend", { receipt: "a" }, 400, "missing-field", "visibilityTimeoutSeconds"],
  [
    "/extend",
    { receipt: "a", visibilityTimeoutSeconds: 43_201 },
    400,
    "invalid-field",
    "visibilityTimeoutSeconds",
  ],
  ["/extend", { receipt: "a", visibilityTimeoutSeconds: 1 }, 404, "unknown-message"],
  ["/publish", {}, 400, "missing-field", "body"],
  ["/publish", { body: "x", key: 5 }, 400, "invalid-field", "key"],
  ["/publish", { body: "x", key: "\ud800" }, 400, "invalid-field", "key"],
  ["/publish", { body: "x", key: long(1025) }, 400, "invalid-field", "key"],
  ["/publish", { body: "x", topic: "no name" }, 400, "invalid-name"],
  ["/publish", { body: "x", bodyEncoding: 1 }, 400, "invalid-field", "bodyEncoding"],
  ["/publish", { body: "x", attributes: "a" }, 400, "invalid-field", "attributes"],
  ["/publish", { body: "x", queue: "q" }, 400, "unknown-field", "queue"],
  ["/publish", { body: long(1024 * 1024 + 1) }, 413, "body-too-large", "body"],
];

const gets: readonly (readonly [path: string, status: number, code: string, field?: string])[] = [
  ["/dequeue?max=0", 400, "invalid-field", "max"],
  ["/dequeue?max=101", 400, "invalid-field", "max"],
  ["/dequeue?max=1.5", 400, "invalid-field", "max"],
  ["/dequeue?max=1e1", 400, "invalid-field", "max"],
  ["/dequeue?max=0x10", 400, "invalid-field", "max"],
  ["/dequeue?max=", 400, "invalid-field", "max"],
  ["/dequeue?max=1&max=2", 400, "invalid-field", "max"],
  ["/dequeue?waitSeconds=61", 400, "invalid-field", "waitSeconds"],
  ["/dequeue?waitSeconds=-1", 400, "invalid-field", "waitSeconds"],
  ["/dequeue?waitSeconds=soon", 400, "invalid-field", "waitSeconds"],
  ["/dequeue?visibilityTimeoutSeconds=43201", 400, "invalid-field", "visibilityTimeoutSeconds"],
  ["/dequeue?queue=a&queue=b", 400, "invalid-field", "queue"],
  ["/dequeue?queue=no%20name", 400, "invalid-name"],
  ["/dequeue?colour=red", 400, "unknown-field", "colour"],
  ["/dequeue?__proto__=x", 400, "unknown-field", "__proto__"],
  ["/v1/queues/nowhere", 404, "unknown-queue"],
  ["/v1/queues/no%20name", 400, "invalid-name"],
  ["/v1/topics/nowhere", 404, "unknown-topic"],
  ["/v1/topics/nowhere/records", 404, "unknown-topic"],
  ["/v1/topics/news/records?partition=1", 404, "unknown-partition", "partition"],
  ["/v1/topics/news/records?partition=-1", 400, "invalid-field", "partition"],
  ["/v1/topics/news/records?offset=7", 404, "offset-out-of-range"],
  ["/v1/topics/news/records?offset=x", 400, "invalid-field", "offset"],
  ["/v1/topics/news/records?max=101", 400, "invalid-field", "max"],
  ["/v1/topics/live/records", 409, "not-a-log"],
  ["/v1/nothing", 404, "unknown-path"],
  ["/", 404, "unknown-path"],
];

function isProblem(
  answer: { status: number; body: Record<string, unknown> },
  status: number,
  code: string,
  field?: string,
) {
  const { type, title, detail } = answer.body;
  deepEqual(
    [answer.body.status, answer.body.code, answer.body.field],
    [status, code, field],
    JSON.stringify(answer.body),
  );
  equal(answer.status, status);
  equal(type, "about:blank");
  ok(typeof title === "string" && title.length > 2);
  ok(typeof detail === "string" && detail.endsWith(".") && detail.length < 500, String(detail));
}

test("POST: each field wrong in each way", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "undisturbed" });
  for (const [path, body, status, code, field] of posts)
    isProblem(await api.post(path, body), status, code, field);
  deepEqual(
    (await api.dequeue("?max=10")).map(({ body }) => body),
    ["undisturbed"],
    "nothing was sent by mistake",
  );
});

test("GET: each parameter wrong in each way", async () => {
  await using api = await openHttp();
  await api.post("/publish", { topic: "news", body: "x" });
  equal((await api.put("/v1/topics/live", { retention: "live" })).status, 201);
  for (const [path, status, code, field] of gets) isProblem(await api.get(path), status, code, field);
});

test("PUT: settings that cannot be", async () => {
  await using api = await openHttp();
  isProblem(
    await api.put("/v1/queues/q", { visibilityTimeoutSeconds: -1 }),
    400,
    "invalid-field",
    "visibilityTimeoutSeconds",
  );
  isProblem(
    await api.put("/v1/queues/q", { deadLetter: { queue: "d" } }),
    400,
    "missing-field",
    "deadLetter.receiveCountMax",
  );
  isProblem(
    await api.put("/v1/queues/q", { deadLetter: { queue: "d", receiveCountMax: 0 } }),
    400,
    "invalid-field",
    "deadLetter.receiveCountMax",
  );
  isProblem(await api.put("/v1/queues/q", { colour: 1 }), 400, "unknown-field", "colour");
  isProblem(await api.put("/v1/queues/no%20name"), 400, "invalid-name");
  isProblem(await api.put("/v1/topics/t", { partitionCount: 0 }), 400, "invalid-field", "partitionCount");
  isProblem(await api.put("/v1/topics/t", { retention: "forever" }), 400, "invalid-field", "retention");
  equal((await api.put("/v1/queues/q", { visibilityTimeoutSeconds: 5 })).status, 201);
  isProblem(await api.put("/v1/queues/q", { visibilityTimeoutSeconds: 6 }), 422, "invalid-setting");
});

const bodies: readonly (readonly [
  what: string,
  type: string,
  body: string | Buffer,
  status: number,
  code: string,
])[] = [
  ["malformed JSON", "application/json", '{"body": ', 400, "malformed-json"],
  ["an empty body", "application/json", "", 400, "malformed-json"],
  ["a field twice", "application/json", '{"body": "a", "body": "b"}', 400, "malformed-json"],
  ["two documents", "application/json", "{}{}", 400, "malformed-json"],
  ["no UTF-8", "application/json", Buffer.from([0x22, 0xff, 0x22]), 400, "malformed-json"],
  ["a body over 8 MiB", "application/json", `"${long(8 * 1024 * 1024)}"`, 413, "request-too-large"],
  ["a form", "application/x-www-form-urlencoded", "body=x", 415, "unsupported-media-type"],
  ["text", "text/plain", "x", 415, "unsupported-media-type"],
  ["a type that is none", "json", "{}", 415, "unsupported-media-type"],
  [
    "deep nesting",
    "application/json",
    `{"body": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    400,
    "invalid-field",
  ],
];

for (const [what, type, payload, status, code] of bodies) {
  test(`${what}: ${status} ${code}`, async () => {
    await using api = await openHttp();
    const response = await api.app.inject({
      method: "POST",
      url: "/enqueue",
      payload,
      headers: { "content-type": type },
    });
    isProblem(
      { status: response.statusCode, body: response.json() },
      status,
      code,
      code === "invalid-field" ? "body" : undefined,
    );
  });
}

test("JSON with a charset is JSON", async () => {
  await using api = await openHttp();
  const headers = { "content-type": "application/json; charset=utf-8" };
  const response = await api.app.inject({
    method: "POST",
    url: "/enqueue",
    payload: '{"body":"x"}',
    headers,
  });
  equal(response.statusCode, 201);
});

test("names of prototypes pollute nothing", async () => {
  await using api = await openHttp();
  for (const payload of [
    '{"body": "x", "__proto__": {"queue": "polluted"}}',
    '{"body": "x", "constructor": {"prototype": {"queue": "polluted"}}}',
    '{"__proto__": {"body": "x"}}',
  ]) {
    const headers = { "content-type": "application/json" };
    const response = await api.app.inject({ method: "POST", url: "/enqueue", payload, headers });
    equal(response.statusCode, 400, payload);
  }
  deepEqual(api.broker.listQueues(), []);
  equal(({} as { queue?: string }).queue, undefined);
});

test("other methods: 405 with what is allowed, and a HEAD takes no message", async () => {
  await using api = await openHttp();
  await api.post("/enqueue", { body: "x" });
  const rows = [
    ["GET", "/enqueue", "POST"],
    ["PUT", "/ack", "POST"],
    ["DELETE", "/publish", "POST"],
    ["POST", "/dequeue", "GET"],
    ["HEAD", "/dequeue", "GET"],
    ["POST", "/v1/queues/default", "GET, HEAD, PUT, PATCH, DELETE"],
    ["PATCH", "/v1/topics", "GET, HEAD"],
    ["PUT", "/v1/dead-letters/x", "GET, HEAD, DELETE"],
    ["GET", "/v1/queues/q/purge", "POST"],
    ["OPTIONS", "/enqueue", "POST"],
    ["TRACE", "/v1/queues", "GET, HEAD"],
    ["POST", "/v1/topics/t/records", "GET, HEAD, DELETE"],
  ] as const;
  for (const [method, url, allow] of rows) {
    const response = await api.app.inject({ method, url });
    deepEqual([response.statusCode, response.headers.allow], [405, allow], `${method} ${url}`);
    if (method !== "HEAD") isProblem({ status: 405, body: response.json() }, 405, "method-not-allowed");
  }
  equal((await api.dequeue())[0]?.receiveCount, 1);
});

test("a broker that shuts down says so", async () => {
  await using api = await openHttp();
  api.broker.drain();
  isProblem(await api.post("/enqueue", { body: "x" }), 503, "shutting-down");
  isProblem(await api.get("/dequeue"), 503, "shutting-down");
});

test("a mistake of ours is 500, says nothing of its inside, and is logged", async () => {
  await using api = await openHttp();
  Object.assign(api.broker, { send: () => Promise.reject(new TypeError("secret inside")) });
  const answer = await api.post("/enqueue", { body: "x" });
  isProblem(answer, 500, "internal-error");
  match(String(answer.body.detail), /^(?!.*secret)/);
});
