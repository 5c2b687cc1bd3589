/**
 * Queues in full on a simulated disk, from a seed: groups, delays, times to live, deduplication, dead letters, parking, redrives, handing over,
 * and the power is cut at some call of the disk, several times. Order, repeats, ages and both-or-none hold through every cut.
 */
import { ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { settled } from "./ledger.ts";
import { QueueLedger } from "./queue-ledger.ts";
import { lifeQueues, QueueLife } from "./queue-life.ts";
import { World } from "./simulated-world.ts";

const seeds =
  process.env.SEED !== undefined
    ? [Number(process.env.SEED)]
    : Array.from({ length: Math.ceil(Number(process.env.SEEDS ?? 1000) / 2) }, (_, i) => 1 + i);
const livesPerSeed = 4;
const stepsPerLife = 60;

/** Takes everything out, as patiently as it must be: what is delayed, in flight, parked or behind another one comes as well. */
async function drain(world: World, broker: Broker, ledger: QueueLedger): Promise<void> {
  const { clock } = world;
  const found = new Set<string>();
  const timed = await settled(clock, broker.describeQueue("timed"));
  for (const queue of [...lifeQueues, "dead"]) {
    await settled(clock, broker.pauseQueue({ queue, paused: false }));
    for (const { redrive, status } of await redrivesOf(world, broker, queue)) {
      if (status === "running") await settled(clock, broker.cancelRedrive({ queue, redrive }));
    }
  }
  for (let idle = 0; idle < 3; ) {
    await settled(clock, broker.startRedrive({ queue: "fragile" }));
    await clock.advance(60_000);
    const before = found.size;
    for (const queue of [...lifeQueues, "dead"]) await takeAll(world, broker, ledger, queue, found);
    idle = found.size === before ? idle + 1 : 0;
  }
  // A send may have made the queue before the life came to it, and then it has the usual settings.
  const keepsExpired = timed.ok && timed.description.onExpiry === "dead-letter";
  ledger.checkDrained(found, clock.now().wallMs, keepsExpired);
}

async function redrivesOf(world: World, broker: Broker, queue: string) {
  const answer = await settled(world.clock, broker.listRedrives(queue));
  return answer.ok ? answer.redrives : [];
}

async function takeAll(world: World, broker: Broker, ledger: QueueLedger, queue: string, found: Set<string>) {
  const { clock } = world;
  for (;;) {
    const askedAtMs = clock.now().wallMs;
    const answer = await settled(clock, broker.receive({ queue, max: 100, waitMs: 0 }));
    if (!answer.ok && answer.refusal === "unknown-queue") return;
    ok(answer.ok, `receive from ${queue}`);
    if (answer.deliveries.length === 0) return;
    for (const delivery of answer.deliveries) {
      const message = ledger.received(queue, delivery, askedAtMs, clock.now().wallMs);
      ok(!found.has(message.body), `'${message.body}' is there twice`);
      found.add(message.body);
      message.gone = "asked";
      const acked = await settled(clock, broker.ack({ queue, receipt: delivery.receipt }));
      ok(acked.ok, `ack of '${message.body}'`);
      message.gone = "answered";
    }
  }
}

async function simulate(seed: number): Promise<void> {
  const world = new World(seed);
  const ledger = new QueueLedger();
  for (let life = 0; life < livesPerSeed; life++) {
    await world.live((of, broker) => new QueueLife(of, broker, ledger), stepsPerLife);
    if (world.failure !== undefined) throw world.failure;
    if (life < livesPerSeed - 1) continue;
    const calm = world.disk.imageAfterKill();
    calm.capacityBytes = Number.POSITIVE_INFINITY;
    const { clock, random } = world;
    const journal = await FileJournal.open({ disk: calm, random, segmentBytes: 4096 });
    const broker = await settled(clock, Broker.open({ journal, clock, random }));
    await drain(world, broker, ledger);
    await settled(clock, broker[Symbol.asyncDispose]());
  }
}

/** Seeds of one test: a line for each would bury everything else. */
const seedsPerTest = 50;

for (let first = 0; first < seeds.length; first += seedsPerTest) {
  const these = seeds.slice(first, first + seedsPerTest);
  test(`seeds ${these[0]} to ${these.at(-1)}: order, repeats, ages and both-or-none hold`, async () => {
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
