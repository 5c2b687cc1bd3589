/** Clock, random and ids: what the rest of the system takes for granted. */
import { deepEqual, equal, match, notDeepEqual, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { systemClock, waitFor } from "./clock.ts";
import { uuidv7 } from "./id.ts";
import { seededRandom, systemRandom } from "./random.ts";

test("monotonic time never goes back", () => {
  let last = systemClock.now().monotonicMs;
  for (let i = 0; i < 1000; i++) {
    const now = systemClock.now().monotonicMs;
    ok(now >= last);
    last = now;
  }
});

test("a timer fires after its delay, and never synchronously", async () => {
  const order: string[] = [];
  const fired = waitFor(systemClock, 0).then(() => order.push("timer"));
  order.push("caller");
  await fired;
  deepEqual(order, ["caller", "timer"]);
});

test("a disposed timer does not fire", async () => {
  let fired = false;
  const timer = systemClock.after(0, () => {
    fired = true;
  });
  timer[Symbol.dispose]();
  await waitFor(systemClock, 1);
  equal(fired, false);
});

test("a wait ends with the reason of its signal", async () => {
  const stop = new AbortController();
  const waiting = waitFor(systemClock, 60_000, stop.signal);
  stop.abort(new Error("enough"));
  await rejects(waiting, /enough/);
  await rejects(waitFor(systemClock, 1, stop.signal), /enough/);
});

test("a seed replays, another seed differs", () => {
  deepEqual(seededRandom(7).bytes(32), seededRandom(7).bytes(32));
  notDeepEqual(seededRandom(7).bytes(32), seededRandom(8).bytes(32));
  const random = seededRandom(1);
  const units = Array.from({ length: 10_000 }, () => random.unit());
  ok(units.every((unit) => unit >= 0 && unit < 1));
  const mean = units.reduce((sum, unit) => sum + unit, 0) / units.length;
  ok(Math.abs(mean - 0.5) < 0.02, `mean ${mean}`);
});

test("pooled system randomness does not repeat itself", () => {
  const seen = new Set(
    Array.from({ length: 2000 }, () => Buffer.from(systemRandom.bytes(16)).toString("hex")),
  );
  equal(seen.size, 2000);
  equal(systemRandom.bytes(20_000).length, 20_000);
});

test("ids of version 7 carry their millisecond and sort by it", () => {
  const random = seededRandom(3);
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const id = uuidv7(random, at);
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), at);
  ok(id < uuidv7(random, at + 1));
});
