/** One commit under way at a time, for the newest offset, under the newest generation. */
import { deepEqual } from "node:assert/strict";
import test from "node:test";
import { seededRandom } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import { BusFault } from "./faults.ts";
import { OffsetCommits } from "./offset-commits.ts";

/** Commits that the test answers one by one. */
function createBench() {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const stop = new AbortController();
  const commits = new OffsetCommits({
    commit(generation, offset) {
      asked.push(`${offset} in ${generation}`);
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      return answer.promise;
    },
    clock,
    random: seededRandom(1),
    signal: stop.signal,
    generation: 1,
  });
  const answer = async (fault?: BusFault): Promise<void> => {
    const next = answers.shift();
    if (fault === undefined) next?.resolve();
    else next?.reject(fault);
    await settle();
  };
  return { clock, asked, stop, commits, answer };
}

const stale = new BusFault("stale-generation", "as the test asked for");
const unavailable = new BusFault("engine-unavailable", "as the test asked for");

test("while one is under way the newest of the others waits; those in between are never sent", async () => {
  const { asked, commits, answer } = createBench();
  for (const offset of [1, 2, 3]) commits.advance(offset);
  deepEqual(asked, ["1 in 1"]);
  await answer();
  deepEqual(asked, ["1 in 1", "3 in 1"]);
  await answer();
  deepEqual(asked.length, 2);
});

test("idle resolves when nothing is under way any more", async () => {
  const { commits, answer } = createBench();
  commits.advance(1);
  let idle = false;
  const waiting = commits.idle().then(() => {
    idle = true;
  });
  await settle();
  deepEqual(idle, false);
  await answer();
  await waiting;
});

test("a commit that an older generation was refused is made again under the new one", async () => {
  const { asked, commits, answer } = createBench();
  commits.advance(1);
  commits.renew(2);
  await answer(stale);
  deepEqual(asked, ["1 in 1", "1 in 2"], "when the new one was known before the refusal");
  commits.advance(2);
  await answer();
  await answer(stale);
  deepEqual(asked.slice(2), ["2 in 2"]);
  commits.renew(3);
  deepEqual(asked.slice(2), ["2 in 2", "2 in 3"], "and when it is known after it");
});

test("what was committed in a transaction is not committed again, nor is what is older", async () => {
  const { asked, commits } = createBench();
  commits.committedElsewhere(5);
  commits.renew(2);
  deepEqual(asked, []);
});

test("a fault is tried again after a while, unless the partition is being given up", async () => {
  const { clock, asked, stop, commits, answer } = createBench();
  commits.advance(1);
  await answer(unavailable);
  deepEqual(asked.length, 1);
  await clock.advance(50);
  deepEqual(asked.length, 2);
  stop.abort();
  await answer(unavailable);
  await commits.idle();
  await clock.advance(10_000);
  deepEqual(asked.length, 2);
});
