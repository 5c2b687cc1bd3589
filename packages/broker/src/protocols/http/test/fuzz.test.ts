/**
 * A million requests that fit the schemas of the routes more or less, in any order, on a real broker in virtual time: each is answered as the
 * OpenAPI document says, and never with 500. What it finds is replayed with `SLUICE_FUZZ_SEED=<seed>`; `SLUICE_FUZZ=<count>` makes it longer or shorter.
 */
import { equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Lives, Statuses } from "./fuzz-lives.ts";

const inputCount = Number(process.env.SLUICE_FUZZ ?? 1_000_000);
const firstSeed = Number(process.env.SLUICE_FUZZ_SEED ?? 1);
/** Requests to one broker; then another one begins, so that neither grows. */
const lifeCount = 20_000;
const workerCount = 2;

/** @throws what a life ended with. */
async function live(lives: Lives): Promise<Statuses> {
  const worker = new Worker(new URL("./fuzz-lives.ts", import.meta.url), { workerData: lives });
  try {
    const [statuses] = await once(worker, "message");
    return statuses as Statuses;
  } finally {
    await worker.terminate();
  }
}

test(`${inputCount.toLocaleString("en-US")} requests, and no mistake of ours`, async () => {
  const seeds = Array.from({ length: Math.ceil(inputCount / lifeCount) }, (_, i) => ({
    seed: firstSeed + i,
    requestCount: Math.min(lifeCount, inputCount - i * lifeCount),
  }));
  const shares = Array.from({ length: workerCount }, (_, share) => ({
    seeds: seeds.filter((_seed, i) => i % workerCount === share),
  }));
  const total = new Map<number, number>();
  for (const statuses of await Promise.all(shares.map(live))) {
    for (const [status, count] of statuses) total.set(status, (total.get(status) ?? 0) + count);
  }
  equal(
    [...total.values()].reduce((sum, count) => sum + count, 0),
    inputCount,
  );
  if (inputCount < lifeCount) return;
  // A fuzz that only ever hears 400 tests one thing.
  for (const status of [200, 201, 400, 404, 409, 422]) {
    ok((total.get(status) ?? 0) > inputCount / 1000, `${status}: ${JSON.stringify([...total])}`);
  }
});
