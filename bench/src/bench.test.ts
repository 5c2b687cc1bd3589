/** That the bench still works: every scenario once, as short as can be. What the figures are is no matter here. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { leastEffort } from "./effort.ts";
import { inOwnProcesses } from "./process/children.ts";
import { inThisProcess } from "./process/here.ts";
import { Bench } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { table } from "./table.ts";

for (const { name, run } of scenarios) {
  test(`${name}: every figure is a number above 0`, async () => {
    await using bench = new Bench(leastEffort, inThisProcess);
    const { figures } = await run(bench);
    ok(figures.length > 0);
    for (const { figure, unit, value, rounds } of figures) {
      // A difference of two sizes of memory is noise when there is so little between them.
      ok(Number.isFinite(value) && (value > 0 || unit === "bytes"), `${figure} is ${value}`);
      equal(rounds.length, leastEffort.rounds);
    }
    equal(table(figures).split("\n").length, figures.length + 2);
  });
}

test("names of scenarios are given once", () => {
  const names = scenarios.map(({ name }) => name);
  deepEqual([...new Set(names)], names);
});

test("server and generator have processes and CPU of their own", async () => {
  const scenario = scenarios.find(({ name }) => name === "http-enqueue");
  await using bench = new Bench({ ...leastEffort, roundSeconds: 0.1 }, inOwnProcesses);
  const [figure] = (await scenario?.run(bench))?.figures ?? [];
  deepEqual(
    figure?.cpu.map(({ process }) => process),
    ["server", "generator"],
  );
  ok(figure.cpu.every(({ seconds }) => seconds > 0));
  ok(figure.cpu[0]?.seconds !== figure.cpu[1]?.seconds);
});
