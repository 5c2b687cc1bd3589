/**
 * The whole broker on a simulated disk, from a seed: random work, and the power is cut at some call of the disk, several times. What was
 * answered must be there afterwards, what was acked must be gone, transactions are whole, generations never repeat, and leases hold.
 */
import { ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { settled } from "./ledger.ts";
import { Life } from "./simulated-life.ts";
import { counts, World } from "./simulated-world.ts";

const seeds =
  process.env.SEED !== undefined ? [Number(process.env.SEED)] : range(1, Number(process.env.SEEDS ?? 2000));
const livesPerSeed = 4;
const stepsPerLife = 60;

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

async function simulate(seed: number): Promise<void> {
  const world = new World(seed);
  for (let life = 0; life < livesPerSeed; life++) {
    await world.live((of, broker) => new Life(of, broker), stepsPerLife);
    if (world.failure !== undefined) throw world.failure;
    const calm = world.disk.imageAfterKill();
    calm.capacityBytes = Number.POSITIVE_INFINITY;
    const journal = await FileJournal.open({ disk: calm, random: world.random, segmentBytes: 4096 });
    const broker = await settled(
      world.clock,
      Broker.open({ journal, clock: world.clock, random: world.random }),
    );
    await world.ledger.check(broker, world.clock);
    if (life === livesPerSeed - 1)
      await world.ledger.checkDrained(broker, world.clock, ["jobs", "mail", "dead"]);
    await settled(world.clock, broker[Symbol.asyncDispose]());
    world.disk = calm;
  }
}

/** Seeds of one test: a line for each would bury everything else. */
const seedsPerTest = 50;

for (let first = 0; first < seeds.length; first += seedsPerTest) {
  const these = seeds.slice(first, first + seedsPerTest);
  test(`seeds ${these[0]} to ${these.at(-1)}: nothing answered is lost, nothing acked comes back`, async () => {
    for (const seed of these) {
      try {
        await simulate(seed);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`replay with SEED=${seed}: ${why}`, { cause: error });
      }
    }
  });
}

test("the disk was full often enough", () => {
  ok(seeds.length < 50 || counts.full > seeds.length / 10, `${counts.full} times in ${seeds.length} seeds`);
});

test("bodies were relocated often enough", () => {
  ok(
    seeds.length < 50 || counts.livesRelocating > seeds.length / 10,
    `in ${counts.livesRelocating} lives of ${seeds.length} seeds`,
  );
});

test("topics were archived often enough, and files went again", () => {
  const { archived, archivesRemoved } = counts;
  const told = `${archived} files made and ${archivesRemoved} removed over ${seeds.length} seeds`;
  ok(seeds.length < 50 || (archived > seeds.length && archivesRemoved > seeds.length / 10), told);
});
