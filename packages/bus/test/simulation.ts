/** One run of the ticket line under a seed: random commands, events and looks, with faults where the plan wants them. */
import { deepEqual, equal } from "node:assert/strict";
import { type Clock, type Random, seededRandom, silentLog } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { Bus } from "../src/bus.ts";
import type { Engine } from "../src/engine.ts";
import type { Fate, FaultyCall } from "../src/engines/faulty.ts";
import { MemoryEngine } from "../src/engines/memory.ts";
import { Ledger } from "./ledger.ts";
import { LineProcess, partitionCount, partitionCounts } from "./line-process.ts";
import { type LineCommand, lineAnnounced, lineRecord, visitEnded } from "./ticket-line.ts";

export interface Plan {
  readonly seed: number;
  readonly stepCount: number;
  /** The engine that the processes share. Default: one in memory. */
  readonly open?: (clock: Clock, random: Random) => Promise<Engine>;
  /** The fate of a call of process number `process` (from 0). */
  readonly fateOf: (call: FaultyCall, process: number) => Fate;
  /** The steps at which a further process starts, and those before it hear nothing of it. */
  readonly fights: ReadonlySet<number>;
}

const rooms = ["opera", "derby", "circus", "expo", "regatta"];

/** Runs the plan, then heals everything and checks the books. Answers with how much happened. */
export async function simulate(
  plan: Plan,
): Promise<{ appendCount: number; answered: number; looks: number }> {
  const random = seededRandom(plan.seed);
  const clock = new VirtualClock();
  const engine = (await plan.open?.(clock, random)) ?? MemoryEngine.open({ clock });
  const ledger = new Ledger();
  await using world = await Bus.open({
    engine,
    source: "/world",
    clock,
    random,
    log: silentLog,
    partitionCounts,
  });
  for (const { topic } of [lineRecord, lineAnnounced, visitEnded]) await world.topics.ensure(topic);

  const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T => {
    const item = items[Math.floor(random.unit() * items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  };
  let healed = false;
  const processes: LineProcess[] = [];
  const start = (): void => {
    const number = processes.length;
    const fateOf = (call: FaultyCall): Fate => (healed ? "works" : plan.fateOf(call, number));
    processes.push(LineProcess.start({ engine, clock, random, ledger, fateOf }));
  };
  const alive = (): LineProcess[] => processes.filter(({ isDead }) => !isDead);
  const visitors = ["nobody"];

  const command = (by: string): Exclude<LineCommand, { kind: "deadline" }> => {
    const room = pick(rooms);
    const roll = random.unit();
    if (roll < 0.1) return { kind: "resize", room, by, capacity: Math.floor(random.unit() * 4) };
    if (roll < 0.3) return { kind: "end", room, by, visitor: pick(visitors) };
    visitors.push(by);
    return { kind: "join", room, by, visitor: by };
  };

  const step = async (number: number): Promise<void> => {
    const roll = random.unit();
    const process = pick(alive());
    if (roll < 0.6) {
      for (let i = 0; i <= random.unit() * 3; i++) process.submit(command(`command ${number}.${i}`));
    } else if (roll < 0.8) {
      for (let i = 0; i <= random.unit() * 3; i++) {
        await world.publish(visitEnded, {
          room: pick(rooms),
          visitor: pick(visitors),
          by: `input ${number}.${i}`,
        });
      }
    } else process.look(Math.floor(random.unit() * partitionCount));
    await clock.advance(pick([0, 0.3, 0.3, 1, 1, 3, 20]));
  };

  start();
  await clock.advance(20);
  for (let number = 0; number < plan.stepCount; number++) {
    if (plan.fights.has(number)) {
      for (const process of alive()) process.engine.deafen();
      start();
    }
    if (alive().length === 0) {
      await ledger.check(engine);
      start();
    }
    await step(number);
  }

  healed = true;
  // Whoever is to die of a call that is under way does so now.
  await clock.advance(10);
  for (const process of alive()) process.engine.hear();
  if (alive().length === 0) start();
  await clock.advance(30_000);
  await ledger.checkAtRest(engine, async (partition) => {
    const dumps = Promise.all(alive().map((process) => process.dumpOf(partition)));
    await clock.advance(10);
    const owners = (await dumps).filter((dump) => dump !== undefined);
    equal(owners.length, 1, `partition ${partition} has one owner`);
    return owners[0] ?? "";
  });
  const closing = Promise.all(alive().map((process) => process.close()));
  await clock.advance(1_000);
  await closing;
  deepEqual(
    processes.flatMap(({ surprises }) => surprises),
    [],
  );
  return { appendCount: processes[0]?.engine.appendCount ?? 0, ...ledger.counts };
}
