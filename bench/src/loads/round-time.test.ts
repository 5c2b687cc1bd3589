/** Lines that work at once: what each of them did counts, whenever it was done. */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { inLines, RoundTime } from "./round-time.ts";

test("work that ends while others wait is not forgotten", async () => {
  let calls = 0;
  const done = await inLines(10, new RoundTime(0.005), async () => {
    calls++;
    await new Promise((resolve) => setImmediate(resolve));
    return 3;
  });
  equal(done, calls * 3);
});

test("each line works at least once, also when there is no time", async () => {
  equal(await inLines(7, new RoundTime(0), async () => 1), 7);
});

test("a round is over when its time is", () => {
  const time = new RoundTime(0);
  ok(time.isOver);
  ok(!new RoundTime(3600).isOver);
});
