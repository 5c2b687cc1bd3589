/**
 * A sourced state under every fault of its appends: after each run the state is the fold of the log, what was answered is in the log once,
 * each input is applied exactly once, and each record has its public event.
 *
 * `SEEDS=2000` runs more seeds, `SEED=17` that one alone.
 */
import { ok } from "node:assert/strict";
import test from "node:test";
import { Broker } from "@sluice/broker";
import { MemoryJournal } from "@sluice/broker/journal";
import { type Clock, type Random, seededRandom } from "@sluice/runtime";
import type { Engine } from "../src/engine.ts";
import { BrokerEngine } from "../src/engines/broker.ts";
import type { Fate } from "../src/engines/faulty.ts";
import { type Plan, simulate } from "./simulation.ts";

const fates: readonly Fate[] = ["lost", "answer-lost", "dies-before", "dies-after"];

/** Says which run it was, so that it can be had again. */
async function run(name: string, plan: Plan): Promise<Awaited<ReturnType<typeof simulate>>> {
  try {
    return await simulate(plan);
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

test("without faults every command is answered", async () => {
  const { answered, looks, appendCount } = await run("seed 1", {
    seed: 1,
    stepCount: 60,
    fights: new Set(),
    fateOf: () => "works",
  });
  ok(answered > 50 && looks > 5, "the run is worth its name");
  ok(appendCount > 20);
});

for (const fate of fates) {
  test(`append number N meets the fate "${fate}", for every N`, async () => {
    for (const seed of [1, 2]) {
      const base = { seed, stepCount: 24, fights: new Set<number>() };
      const { appendCount } = await run(`seed ${seed}`, { ...base, fateOf: () => "works" });
      for (let n = 1; n <= appendCount; n++) {
        await run(`seed ${seed}, append ${n} ${fate}`, {
          ...base,
          fateOf: ({ kind, number }, process) =>
            kind === "append" && number === n && process === 0 ? fate : "works",
        });
      }
    }
  });
}

/** Faults of every kind, owners that fight over the partitions, or both. */
function randomPlan(seed: number): Plan {
  const random = seededRandom(-seed);
  const appendFaults = random.unit() * 0.2;
  const askFaults = random.unit() < 0.3 ? 0.05 : 0;
  const fights = new Set(random.unit() < 0.5 ? [10, 25, 40].filter(() => random.unit() < 0.6) : []);
  return {
    seed,
    stepCount: 50,
    fights,
    fateOf({ kind }) {
      if (random.unit() >= (kind === "append" ? appendFaults : askFaults)) return "works";
      return fates[Math.floor(random.unit() * fates.length)] ?? "works";
    },
  };
}

test("random faults and fighting owners, by seed", async () => {
  const { SEED, SEEDS = "200" } = process.env;
  const first = SEED === undefined ? 1 : Number(SEED);
  const count = SEED === undefined ? Number(SEEDS) : 1;
  for (let seed = first; seed < first + count; seed++) await run(`SEED=${seed}`, randomPlan(seed));
});

test("the same over the broker", async () => {
  const open = async (clock: Clock, random: Random): Promise<Engine> => {
    const broker = await Broker.open({ journal: new MemoryJournal(), clock, random });
    return BrokerEngine.open({ broker, clock, random, durability: "memory" });
  };
  for (let seed = 1; seed <= 30; seed++)
    await run(`seed ${seed} over the broker`, { ...randomPlan(seed), open });
});
