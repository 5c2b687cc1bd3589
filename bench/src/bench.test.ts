/** That the bench still works: every scenario once, as short as can be. What the figures are is no matter here. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { leastEffort } from "./effort.ts";
import { inOwnProcesses } from "./process/children.ts";
import { inThisProcess } from "./process/here.ts";
import { Bench, served } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { table } from "./table.ts";
import { perSecond } from "./tally.ts";

for (const { name, run } of scenarios) {
  test(`${name}: every figure is a number above 0`, async (t) => {
    await using bench = new Bench(leastEffort, inThisProcess);
    const { figures } = await run(bench);
    ok(figures.length > 0);
    equal(table(figures).split("\n").length, figures.length + 2);
    const absent = figures.flatMap((figure) => figure.absent ?? []);
    if (process.env.CI === "true") deepEqual(absent, []);
    for (const { figure, unit, value, rounds } of figures.filter((each) => each.absent === undefined)) {
      // Memory is a matter of large numbers, and not every system tells it of another process.
      const isMemory = unit === "bytes" || unit === "MiB";
      ok(isMemory || (Number.isFinite(value) && value > 0), `${figure} is ${value}`);
      equal(rounds.length, leastEffort.rounds);
    }
    if (absent.length > 0) t.skip(absent.join(" "));
  });
}

test("names of scenarios are given once", () => {
  const names = scenarios.map(({ name }) => name);
  deepEqual([...new Set(names)], names);
});

test("in processes of their own, server and generator have CPU of their own", async () => {
  await using bench = new Bench({ ...leastEffort, roundSeconds: 0.1 }, inOwnProcesses);
  const server = await bench.server("bare-fastify", {});
  const { port } = server;
  const generator = await bench.load("http-requests", {
    port,
    connections: 2,
    kind: "enqueue",
    prepare: false,
  });
  const plan = { figure: "requests", unit: "requests/s", read: perSecond };
  const { figures } = await bench.contest([served(server, generator, "two connections", [plan])]);
  const [serverCpu, generatorCpu] = figures[0]?.cpu ?? [];
  ok(serverCpu !== undefined && generatorCpu !== undefined);
  ok(serverCpu.seconds > 0 && generatorCpu.seconds > 0);
  ok(serverCpu.seconds !== generatorCpu.seconds);
});

test("what fails in a process of its own is told here", async () => {
  await using bench = new Bench(leastEffort, inOwnProcesses);
  const server = await bench.server("bare-fastify", {});
  const { port } = server;
  const prepared = bench.load("http-requests", { port, connections: 1, kind: "join", prepare: true });
  await rejects(prepared, { code: "child-failed", message: /events.bench answered 404/ });
});
