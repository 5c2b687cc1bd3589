/**
 * A sourced state over the whole of what lies beneath: the broker, the journal in files, a disk that loses power at a random call. What was
 * answered is there afterwards, and what is there is consistent.
 *
 * `SEEDS=500` runs more seeds, `SEED=17` that one alone.
 */
import { ok } from "node:assert/strict";
import test from "node:test";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { type Random, seededRandom, silentLog } from "@sluice/runtime";
import { SimulatedDisk, settle, VirtualClock } from "@sluice/testkit";
import { Bus } from "../src/bus.ts";
import { BrokerEngine } from "../src/engines/broker.ts";
import { Ledger } from "./ledger.ts";
import { LineProcess, partitionCounts } from "./line-process.ts";
import { lineAnnounced, lineRecord, visitEnded } from "./ticket-line.ts";

const cutCount = 4;
const rooms = ["opera", "derby", "circus", "expo"];

const pick = (random: Random, items: readonly string[]): string =>
  items[Math.floor(random.unit() * items.length)] ?? "";

/** One life of the machine, until the power goes (or, in the last one, until everything has come to rest). */
async function live(disk: SimulatedDisk, random: Random, clock: VirtualClock, ledger: Ledger, life: number) {
  const broker = await Broker.open({ journal: await FileJournal.open({ disk, random }), clock, random });
  const engine = BrokerEngine.open({ broker, clock, random });
  const feed = await Bus.open({ engine, source: "/feed", clock, random, log: silentLog, partitionCounts });
  for (const { topic } of [lineRecord, lineAnnounced, visitEnded]) await feed.topics.ensure(topic);
  await ledger.check(engine);
  const process = LineProcess.start({ engine, clock, random, ledger, fateOf: () => "works" });
  await clock.advance(50);

  let after: SimulatedDisk | undefined;
  if (life < cutCount) {
    let callsLeft = Math.floor(random.unit() * 60);
    disk.onCall = () => {
      if (callsLeft-- === 0) {
        after = disk.crash();
        void process.engine.die();
      }
      return undefined;
    };
  }
  const visitors = ["nobody"];
  for (let step = 0; step < 40 && after === undefined; step++) {
    const [room, by] = [pick(random, rooms), `command ${life}.${step}`];
    if (random.unit() < 0.3) {
      const ended = { room, visitor: pick(random, visitors), by: `input ${life}.${step}` };
      void feed.publish(visitEnded, ended).catch(() => {});
    } else {
      visitors.push(by);
      process.submit({ kind: "join", room, visitor: by, by });
      if (random.unit() < 0.3) process.look(0);
    }
    await clock.advance(random.unit() < 0.5 ? 0.1 : 2);
  }
  if (life < cutCount) {
    after ??= disk.crash();
    void process.engine.die();
    await settle();
    return after;
  }
  await clock.advance(10_000);
  await ledger.checkAtRest(engine, async (partition) => (await process.dumpOf(partition)) ?? "no owner");
  const closing = process.close();
  await clock.advance(1_000);
  await closing;
  await broker[Symbol.asyncDispose]();
  return disk;
}

test("what was answered survives the power cut, and the state is the fold of what survived", async () => {
  const { SEED, SEEDS = "15" } = process.env;
  const first = SEED === undefined ? 1 : Number(SEED);
  const count = SEED === undefined ? Number(SEEDS) : 1;
  let answered = 0;
  for (let seed = first; seed < first + count; seed++) {
    const [random, clock, ledger] = [seededRandom(seed), new VirtualClock(), new Ledger()];
    try {
      let disk = new SimulatedDisk(random);
      for (let life = 0; life <= cutCount; life++) disk = await live(disk, random, clock, ledger, life);
    } catch (cause) {
      throw new Error(`SEED=${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    answered += ledger.counts.answered;
  }
  ok(answered > count * 30, `${answered} commands were answered`);
});
