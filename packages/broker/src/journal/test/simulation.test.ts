/**
 * The journal on a disk that loses power or fails, from a seed: at each call of a random life, in several outcomes each. What was told as
 * synced is there with its bytes and in order, what was not is there or not, and nothing follows what is missing.
 *
 * `SEEDS=2000` runs more seeds, `SEED=17` that one alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Fault, type Random, seededRandom } from "@sluice/runtime";
import {
  type DiskCall,
  type DiskFailure,
  type DiskOperation,
  SimulatedDisk,
  VirtualClock,
} from "@sluice/testkit";
import { FileJournal } from "../file-journal.ts";
import { KeyStore, Ledger } from "./key-store.ts";

const segmentBytes = 4096;
const reserveBytes = 2048;
const stepsMax = 12;

const only = process.env.SEED;
const seedCount = Number(process.env.SEEDS ?? 200);
const seeds = only === undefined ? Array.from({ length: seedCount }, (_, i) => i + 1) : [Number(only)];

/** Calls before which nothing has changed since the call before. */
const reading: ReadonlySet<DiskOperation> = new Set(["list", "open", "read", "size", "close"]);

/** On which journals look now and then whether there is space. */
const clock = new VirtualClock();

/** A state of the world at a power cut. */
interface Cut {
  readonly image: SimulatedDisk;
  readonly ledger: Ledger;
}

/** How often the simulation came to what it is there for. */
const reached = {
  tornTails: 0,
  starts: { withCheckpoint: 0, afterRemovals: 0 },
  losses: 0,
  full: 0,
  spaceAgain: 0,
};

/** On a disk of limited size a journal has a reserve. */
async function open(disk: SimulatedDisk, random: Random): Promise<FileJournal> {
  const limited = Number.isFinite(disk.capacityBytes) ? { reserveBytes, clock } : {};
  const journal = await FileJournal.open({ disk, random, segmentBytes, ...limited });
  journal.onFull(() => reached.full++);
  return journal;
}

/** Appends at random, waits at random, until enough was done or the journal has stopped. */
async function live(
  disk: SimulatedDisk,
  journal: FileJournal,
  store: KeyStore,
  random: Random,
): Promise<void> {
  for (let step = Math.floor(random.unit() * stepsMax); step >= 0 && journal.fault === undefined; step--) {
    const what = random.unit();
    if (what < 0.6) for (let count = random.unit() * 4; count > 0; count--) store.append(random);
    else if (what < 0.8) await turn();
    else if (what < 0.9) await store.settle();
    else if (what < 0.95) void store.checkpoint();
    else await store.checkpoint();
    if (journal.full === undefined || random.unit() < 0.7) continue;
    // Somebody makes space.
    disk.capacityBytes += 2 * reserveBytes;
    await clock.advance(30_000);
    await turn();
    if (journal.full === undefined) reached.spaceAgain++;
  }
}

/** Recovers on a disk and holds what is found against the ledger; then, half the time, goes on there, ends in order and looks again. */
async function recoverAndGoOn(disk: SimulatedDisk, ledger: Ledger, random: Random): Promise<void> {
  const journal = await open(disk, random);
  const store = new KeyStore(journal, ledger);
  const found = await store.recover(random);
  if (found.tornTail !== undefined) reached.tornTails++;
  if (found.checkpointSequence !== undefined) reached.starts.withCheckpoint++;
  if (!disk.fileNames().some((name) => name.startsWith("0000000000000001-"))) reached.starts.afterRemovals++;
  reached.losses += ledger.lostAtRecovery;
  if (random.unit() < 0.5) return;
  await live(disk, journal, store, random);
  await journal[Symbol.asyncDispose]();
  if (journal.fault !== undefined) {
    assert.ok(
      Number.isFinite(disk.capacityBytes),
      "only a disk that is full, and the reserve with it, stops a journal here",
    );
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await new KeyStore(await open(disk.imageAfterKill(), random), ledger.copy()).recover(random);
    return;
  }

  const again = await open(disk, random);
  const report = await new KeyStore(again, ledger).recover(random);
  assert.equal(report.tornTail, undefined, "a journal that was closed has no torn tail");
  assert.equal(ledger.lostAtRecovery, 0, "a journal that was closed has lost nothing");
}

async function underSeed(seed: number, run: (random: Random) => Promise<void>): Promise<void> {
  try {
    await run(seededRandom(seed));
  } catch (error) {
    throw new Error(`seed ${seed} fails; SEED=${seed} runs it alone`, { cause: error });
  }
}

/** Keeps an outcome of a power cut, or now and then of a kill, at a share of the calls that change what is on the disk. */
function cutting(disk: SimulatedDisk, ledger: Ledger, cuts: Cut[], random: Random, share: number): void {
  disk.onCall = ({ operation }) => {
    if (reading.has(operation) || random.unit() >= share) return undefined;
    const image = random.unit() < 0.2 ? disk.imageAfterKill() : disk.imageAfterCut();
    cuts.push({ image, ledger: ledger.copy() });
    return undefined;
  };
}

test(`the power is cut at each call (${seeds.length} seeds)`, async () => {
  for (const seed of seeds) {
    await underSeed(seed, async (random) => {
      const disk = new SimulatedDisk(random);
      if (seed % 3 === 0) disk.capacityBytes = reserveBytes + 2000 + Math.floor(random.unit() * 20_000);
      const ledger = new Ledger();
      const cuts: Cut[] = [];
      cutting(disk, ledger, cuts, random, 1);
      const journal = await open(disk, random);
      const store = new KeyStore(journal, ledger);
      await store.recover(random);
      await live(disk, journal, store, random);
      if (random.unit() < 0.5) await journal[Symbol.asyncDispose]();
      cuts.push({ image: disk.crash(), ledger: ledger.copy() });

      for (const { image, ledger: then } of cuts) {
        // The power may go again while the journal recovers, and while it is used after that.
        const second: Cut[] = [];
        cutting(image, then, second, random, 0.05);
        await recoverAndGoOn(image, then, random);
        if (random.unit() < 0.2) await recoverAndGoOn(image.crash(), then, random);
        for (const cut of second) await recoverAndGoOn(cut.image, cut.ledger, random);
      }
    });
  }
  if (seeds.length < 50) return;
  const { tornTails, losses, full, spaceAgain, starts } = reached;
  for (const count of [
    tornTails,
    losses,
    full,
    3 * spaceAgain,
    starts.withCheckpoint,
    starts.afterRemovals,
  ]) {
    assert.ok(count > seeds.length, `seldom reached: ${JSON.stringify(reached)}`);
  }
});

/** A life on an empty disk in which call `number` fails. Answers with what is left when nothing is under way any more. */
async function liveWithFailure(seed: number, number: number, failure: DiskFailure): Promise<LifeWithFailure> {
  const random = seededRandom(seed);
  const disk = new SimulatedDisk(random);
  const ledger = new Ledger();
  // Only a read or write is ever interrupted in a way that means "again".
  const spared = (call: DiskCall): boolean =>
    failure === "EINTR" && call.operation !== "read" && call.operation !== "write";
  let failed: DiskCall | undefined;
  disk.onCall = (call) => {
    if (call.number !== number || spared(call)) return undefined;
    failed = call;
    return failure;
  };
  try {
    const journal = await open(disk, random);
    const store = new KeyStore(journal, ledger);
    await store.recover(random);
    await live(disk, journal, store, random);
    await store.settle();
    await journal[Symbol.asyncDispose]();
    return { disk, ledger, random, failed, fault: journal.fault };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { disk, ledger, random, failed, fault: error };
  }
}

interface LifeWithFailure {
  readonly disk: SimulatedDisk;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly failed: DiskCall | undefined;
  readonly fault: Fault | undefined;
}

/** A checkpoint that cannot be written is given up, and a file that cannot be removed stays: the journal goes on. */
const mayGoOn = ({ operation, name }: DiskCall): boolean =>
  operation === "remove" || name.includes("checkpoint");

for (const failure of ["EIO", "ENOSPC", "short", "EINTR"] as const) {
  const failureSeeds = seeds.slice(0, Math.ceil(seeds.length / 20));
  test(`${failure} at each call (${failureSeeds.length} seeds)`, async () => {
    for (const seed of failureSeeds) {
      await underSeed(seed, async () => {
        for (let number = 1; ; number++) {
          const { disk, ledger, random, failed, fault } = await liveWithFailure(seed, number, failure);
          const harmless = failure === "short" || failure === "EINTR";
          if (harmless) assert.equal(fault, undefined, "a call that can go on is no fault");
          else if (failed !== undefined && (fault !== undefined || !mayGoOn(failed))) {
            assert.equal(fault?.code, "storage-failed", `${failed.operation} ${failed.name}`);
          }
          // What was told holds whether the process alone is started again or the machine as well.
          disk.onCall = () => undefined;
          await recoverAndGoOn(disk.imageAfterCut(), ledger.copy(), random);
          const restarted = disk.imageAfterKill();
          const then = ledger.copy();
          await recoverAndGoOn(restarted, then, random);
          await recoverAndGoOn(restarted.crash(), then, random);
          if (number > disk.calls) break;
        }
      });
    }
  });
}
