/** An estimate rests on what was seen lately, and says nothing when that is too little. */
import { equal } from "node:assert/strict";
import { test } from "node:test";
import { ReleasePace } from "./release-pace.ts";

test("the pace is that of the latest releases, whatever came before", () => {
  const pace = new ReleasePace();
  const slowUntilMs = 100 * 60_000;
  for (let n = 1; n <= 100; n++) pace.add(n * 60_000);
  equal(pace.estimateSeconds(10, slowUntilMs), 600);
  for (let n = 1; n <= 70; n++) pace.add(slowUntilMs + n * 2_000);
  equal(pace.estimateSeconds(10, slowUntilMs + 70 * 2_000), 20);
});

test("nothing is known before three releases, and while the clock stands behind them", () => {
  const pace = new ReleasePace();
  pace.add(1_000);
  pace.add(2_000);
  equal(pace.estimateSeconds(1, 10_000), undefined);
  pace.add(3_000);
  equal(pace.estimateSeconds(1, 3_000), 1);
  equal(pace.estimateSeconds(1, 1_000), undefined);
  equal(pace.estimateSeconds(1, 0), undefined);
});
