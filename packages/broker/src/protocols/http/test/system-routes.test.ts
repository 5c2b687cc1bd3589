/** What a port says about its process, and what the API says about itself. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import swagger from "@fastify/swagger";
import { Counter, createMetrics, type Readiness } from "@sluice/runtime";
import Fastify from "fastify";
import { httpRoutes, systemRoutes } from "../index.ts";
import { openHttp } from "./http-fixture.ts";

test("healthz and ready are different questions", async () => {
  let readiness: Readiness = { ready: true };
  const parts = [
    { name: "broker", readiness: () => readiness },
    { name: "chat", readiness: () => ({ ready: true }) as const },
  ];
  await using app = Fastify();
  await app.register(systemRoutes({ parts, metrics: createMetrics() }));
  deepEqual((await app.inject("/ready")).json(), { ready: true, reasons: [] });
  readiness = { ready: false, reason: "The storage failed." };
  const ready = await app.inject("/ready");
  equal(ready.statusCode, 503);
  deepEqual(ready.json(), { ready: false, reasons: [{ part: "broker", reason: "The storage failed." }] });
  const health = await app.inject("/healthz");
  deepEqual(
    [health.statusCode, health.json(), health.headers["cache-control"]],
    [200, { status: "ok" }, "no-store"],
  );
  equal((await app.inject({ method: "POST", url: "/ready" })).statusCode, 405);
});

test("metrics are in Prometheus' text format", async () => {
  const metrics = createMetrics();
  new Counter({ name: "things_total", help: "Things", registers: [metrics] }).inc(3);
  await using app = Fastify();
  await app.register(systemRoutes({ parts: [], metrics }));
  const response = await app.inject("/metrics");
  match(String(response.headers["content-type"]), /^text\/plain; version=/);
  match(response.body, /^things_total 3$/m);
});

test("the OpenAPI document has every route, with a summary, and problems for what goes wrong", async () => {
  await using api = await openHttp();
  await using app = Fastify();
  await app.register(swagger, { openapi: { openapi: "3.1.0", info: { title: "Sluice", version: "0" } } });
  await app.register(systemRoutes({ parts: [], metrics: createMetrics() }));
  await app.register(httpRoutes({ broker: api.broker }));
  await app.ready();
  const { paths = {} } = app.swagger() as {
    paths?: Record<string, Record<string, { summary?: string; responses?: object }>>;
  };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
  );
  deepEqual(
    operations
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("head "))
      .sort(),
    [
      "delete /v1/topics/{topic}/records",
      "get /dequeue",
      "get /healthz",
      "get /metrics",
      "get /ready",
      "get /v1/queues",
      "get /v1/queues/{queue}",
      "get /v1/topics",
      "get /v1/topics/{topic}",
      "get /v1/topics/{topic}/records",
      "post /ack",
      "post /enqueue",
      "post /extend",
      "post /nack",
      "post /publish",
      "put /v1/queues/{queue}",
      "put /v1/topics/{topic}",
    ],
  );
  for (const { name, summary } of operations) ok(summary, name);
  match(JSON.stringify(paths["/enqueue"]), /application\/problem\+json/);
});
