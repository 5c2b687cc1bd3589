/** Histograms that take many equal values at once show what the usual ones would. */
import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { createMetrics, Histogram } from "./metrics.ts";
import { TallyHistogram } from "./tally-histogram.ts";

test("many equal values at once are as many observations, also on a bound and beyond the last one", async () => {
  const [tallied, observed] = [createMetrics(), createMetrics()];
  const about = { name: "latency_seconds", help: "How long", buckets: [0.001, 0.5, 1] };
  const tally = new TallyHistogram({ ...about, registers: [tallied] });
  const usual = new Histogram({ ...about, registers: [observed] });
  deepEqual(await tallied.metrics(), await observed.metrics(), "before anything");
  for (const [value, count] of [
    [0, 3],
    [0.001, 2],
    [0.25, 4],
    [1, 1],
    [7, 2],
  ] as const) {
    tally.tally(value, count);
    for (let i = 0; i < count; i++) usual.observe(value);
  }
  deepEqual(await tallied.metrics(), await observed.metrics());
});
