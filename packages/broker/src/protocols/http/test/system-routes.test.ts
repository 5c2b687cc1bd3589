/** What a port says about its process. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { Counter, createMetrics, type Readiness } from "@sluice/runtime";
import Fastify from "fastify";
import { systemRoutes } from "../index.ts";

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
