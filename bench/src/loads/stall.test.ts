/** When a round is given up. */
import { equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { unlessStalled } from "./stall.ts";

const never = new Promise<never>(() => {});

test("work that ends is waited for", async () => {
  equal(await unlessStalled(Promise.resolve(7), () => 0), 7);
});

test("work that fails fails as it did", async () => {
  const failed = Promise.reject(new RangeError("as it was"));
  await rejects(
    unlessStalled(failed, () => 0),
    RangeError,
  );
});

test("work without progress is given up, and not before the progress ends", async () => {
  let asked = 0;
  const stalled = unlessStalled(never, () => Math.min(asked++, 3), 1);
  await rejects(stalled, { code: "stalled", message: /after 3 operations/ });
});
