/**
 * The whole broker on a simulated disk, from a seed: random work, and the power is cut at some call of the disk, several times. What was
 * answered must be there afterwards, what was acked must be gone, transactions are whole, generations never repeat, and leases hold.
 */
import { ok } from "node:assert/strict";
import { test } from "node:test";
import { Broker, noAttributes, type QueueDelivery, type RecordPlace } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { createMetrics, type Random, type Registry, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { Ledger, settled } from "./ledger.ts";

const seeds =
  process.env.SEED !== undefined ? [Number(process.env.SEED)] : range(1, Number(process.env.SEEDS ?? 2000));
const livesPerSeed = 4;
const stepsPerLife = 60;

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** How often a disk was full. */
let timesFull = 0;
/** Lives in which bodies were relocated. */
let livesRelocating = 0;

const bytesOn = (disk: SimulatedDisk): number =>
  disk.fileNames().reduce((sum, name) => sum + (disk.content(name)?.byteLength ?? 0), 0);

class World {
  readonly random: Random;
  readonly clock = new VirtualClock();
  readonly ledger = new Ledger();
  disk: SimulatedDisk;
  /** Whether each life begins with little space left, so that the disk is full now and then. */
  readonly #isSmall: boolean;
  readonly #hasShortSegments: boolean;
  /** What went wrong in work that nobody awaits. */
  failure: unknown;
  #serial = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.disk = new SimulatedDisk(this.random);
    this.#isSmall = seed % 3 === 0;
    this.#hasShortSegments = seed % 2 === 0;
  }

  pick(below: number): number {
    return Math.floor(this.random.unit() * below);
  }

  body(what: string): string {
    return `${what}-${++this.#serial}${"x".repeat(this.pick(3) === 0 ? this.pick(900) : 0)}`;
  }

  async open(metrics: Registry): Promise<Broker> {
    const { clock, random, disk } = this;
    // In short segments there is soon little that is wanted.
    const segmentBytes = this.#hasShortSegments ? 1536 : 4096;
    const reserveBytes = this.#isSmall ? 4096 : 0;
    if (this.#isSmall) disk.capacityBytes = bytesOn(disk) + reserveBytes + 1000 + this.pick(8000);
    const journal = await FileJournal.open({ disk, random, clock, segmentBytes, reserveBytes });
    journal.onFull(() => timesFull++);
    // A checkpoint every few appends, so that cuts fall into every step of it.
    const checkpoints = { everyBytes: 2000 };
    const limits = { memoryBudgetBytes: 40_000 };
    return Broker.open({ journal, clock, random, metrics, checkpoints, limits });
  }

  /** One life: works until the cut, or to the end of its steps; then the next process finds what the disk kept. */
  async live(): Promise<void> {
    let image: SimulatedDisk | undefined;
    // The cut falls anywhere, also while the broker is still starting.
    const cutAt = this.disk.calls + 1 + this.pick(stepsPerLife * 3);
    const disk = this.disk;
    disk.onCall = () => {
      if (disk.calls >= cutAt) image ??= disk.crash();
      return undefined;
    };
    const metrics = createMetrics();
    let broker: Broker | undefined;
    const opening = this.#open(metrics, (opened) => {
      broker = opened;
    });
    for (let turns = 0; broker === undefined && image === undefined && turns < 10_000; turns++)
      await this.clock.advance(0);
    if (broker !== undefined) {
      const life = new Life(this, broker);
      for (let step = 0; step < stepsPerLife && image === undefined; step++) await life.step();
    }
    void opening;
    const relocated = await metrics.getSingleMetric("sluice_relocated_bytes_total")?.get();
    if ((relocated?.values[0]?.value ?? 0) > 0) livesRelocating++;
    this.disk = image ?? disk.crash();
  }

  async #open(metrics: Registry, opened: (broker: Broker) => void): Promise<void> {
    const broker = await this.open(metrics);
    await broker.createQueue({ queue: "dead" });
    await broker.createQueue({ queue: "jobs", deadLetter: { queue: "dead", receiveCountMax: 3 } });
    await broker.createTopic({ topic: "news", partitionCount: 3 });
    opened(broker);
  }
}

/** The work of one process. Nothing is awaited: the answers find their way to the ledger if they come. */
class Life {
  readonly #world: World;
  readonly #broker: Broker;
  readonly #held: { readonly queue: string; readonly delivery: QueueDelivery; readonly body: string }[] = [];
  /** The highest generation that was announced in the lives before. */
  readonly #generationBefore: number;
  #generation = 0;
  /** Who was told that a partition is its own in that generation. */
  readonly #owners = new Map<number, string>();

  constructor(world: World, broker: Broker) {
    this.#world = world;
    this.#broker = broker;
    this.#generationBefore = world.ledger.generation;
  }

  async step(): Promise<void> {
    const { clock } = this.#world;
    const kinds = [
      this.#send,
      this.#send,
      this.#receive,
      this.#receive,
      this.#ack,
      this.#ack,
      this.#nack,
      this.#publish,
      this.#publish,
      this.#delete,
      this.#transact,
      this.#join,
      this.#leave,
      this.#commit,
    ];
    kinds[this.#world.pick(kinds.length)]?.call(this).catch((error: unknown) => {
      this.#world.failure ??= error;
    });
    if (this.#world.pick(3) > 0)
      await clock.advance(this.#world.pick(4) === 0 ? this.#world.pick(20_000) : 0);
  }

  async #send(): Promise<void> {
    const { ledger } = this.#world;
    const queue = this.#world.pick(2) === 0 ? "jobs" : "mail";
    const bodies = range(1, 1 + this.#world.pick(4)).map(() => this.#world.body(queue));
    const messages = bodies.map((body) => {
      const message = { queue, promised: false, ack: "none" as const, hiddenUntilWallMs: 0 };
      ledger.messages.set(body, message);
      return message;
    });
    const answer = await this.#broker.send({
      queue,
      messages: bodies.map((body) => ({ body: Buffer.from(body), attributes: noAttributes })),
    });
    if (answer.ok) for (const message of messages) message.promised = true;
  }

  async #receive(): Promise<void> {
    const { ledger, clock, random } = this.#world;
    const queue = ["jobs", "mail", "dead"][this.#world.pick(3)] ?? "jobs";
    const visibilityTimeoutMs = 1000 + Math.floor(random.unit() * 30_000);
    const asked = clock.now().wallMs;
    const waitMs = this.#world.pick(2) * 5000;
    const answer = await this.#broker.receive({
      queue,
      max: 1 + this.#world.pick(5),
      waitMs,
      visibilityTimeoutMs,
    });
    if (!answer.ok) return;
    for (const delivery of answer.deliveries) {
      // A long poll is served later than it was asked: the lease began at some time in between.
      const body = ledger.received(queue, delivery, asked + visibilityTimeoutMs);
      this.#held.push({ queue, delivery, body });
    }
  }

  async #ack(): Promise<void> {
    const held = this.#held.splice(this.#world.pick(this.#held.length), 1)[0];
    const message = held && this.#world.ledger.messages.get(held.body);
    if (held === undefined || message === undefined || message.ack === "answered") return;
    message.ack = "asked";
    const answer = await this.#broker.ack({ queue: held.queue, receipt: held.delivery.receipt });
    // A stale receipt changed nothing, but an ack of another life may still be under way.
    if (answer.ok) message.ack = "answered";
  }

  async #nack(): Promise<void> {
    const held = this.#held.splice(this.#world.pick(this.#held.length), 1)[0];
    const message = held && this.#world.ledger.messages.get(held.body);
    if (held === undefined || message === undefined) return;
    message.hiddenUntilWallMs = 0;
    await this.#broker.nack({
      queue: held.queue,
      receipt: held.delivery.receipt,
      delayMs: this.#world.pick(3) * 1000,
      counts: this.#world.pick(2) === 0,
    });
  }

  async #publish(): Promise<void> {
    const { ledger } = this.#world;
    const body = this.#world.body("record");
    const record = { topic: "news", promised: undefined as RecordPlace | undefined };
    ledger.records.set(body, record);
    const key = Buffer.from(`key-${this.#world.pick(5)}`);
    const answer = await this.#broker.publish({
      topic: "news",
      records: [{ key, body: Buffer.from(body), attributes: noAttributes }],
    });
    if (answer.ok) record.promised = answer.places[0];
  }

  async #delete(): Promise<void> {
    const { trimmed } = this.#world.ledger;
    const described = await this.#broker.describeTopic("news");
    if (!described.ok) return;
    const partition = this.#world.pick(3);
    const { startOffset = 0, endOffset = 0 } = described.description.partitions[partition] ?? {};
    const offset = startOffset + this.#world.pick(endOffset - startOffset + 1);
    const { asked = 0, answered = 0 } = trimmed.get(partition) ?? {};
    trimmed.set(partition, { asked: Math.max(asked, offset), answered });
    const answer = await this.#broker.deleteRecordsBefore({ topic: "news", partition, offset });
    if (!answer.ok) return;
    const now = trimmed.get(partition);
    trimmed.set(partition, { asked: now?.asked ?? 0, answered: Math.max(now?.answered ?? 0, offset) });
  }

  async #transact(): Promise<void> {
    const { ledger } = this.#world;
    const id = this.#world.body("transaction");
    const transaction: { id: string; promised: RecordPlace | undefined } = { id, promised: undefined };
    ledger.transactions.set(id, transaction);
    const records = [{ key: undefined, body: Buffer.from(id), attributes: noAttributes }];
    const sent = this.#world.body("jobs");
    const message = { queue: "jobs", promised: false, ack: "none" as const, hiddenUntilWallMs: 0 };
    ledger.messages.set(sent, message);
    const answer = await this.#broker.transact({
      publishes: [
        { topic: "news", records },
        { topic: "audit", records },
      ],
      sends: [{ queue: "jobs", messages: [{ body: Buffer.from(sent), attributes: noAttributes }] }],
    });
    if (!answer.ok) return;
    transaction.promised = answer.places[0]?.[0];
    message.promised = true;
  }

  async #join(): Promise<void> {
    const { ledger } = this.#world;
    const member = { group: "readers", member: `member-${this.#world.pick(3)}` };
    const keepsStill = this.#world.pick(3) === 0;
    await this.#broker.joinGroup({
      ...member,
      topics: ["news"],
      rebalanceTimeoutMs: 5_000,
      ...(this.#world.pick(2) === 0 && { sessionTimeoutMs: 15_000 }),
      onAssigned: ({ generation, partitions }) => {
        ok(generation > this.#generationBefore, `generation ${generation} was given out in an earlier life`);
        ledger.generation = Math.max(ledger.generation, generation);
        if (generation !== this.#generation) this.#owners.clear();
        this.#generation = generation;
        for (const { partition } of partitions) {
          const owner = this.#owners.get(partition) ?? member.member;
          ok(owner === member.member, `partition ${partition} has two owners in generation ${generation}`);
          this.#owners.set(partition, owner);
        }
      },
      onRevoke: ({ generation }) => {
        if (!keepsStill) void this.#broker.releasePartitions({ ...member, generation });
      },
    });
  }

  async #leave(): Promise<void> {
    await this.#broker.leaveGroup({ group: "readers", member: `member-${this.#world.pick(3)}` });
  }

  async #commit(): Promise<void> {
    const { ledger } = this.#world;
    const described = await this.#broker.describeTopic("news");
    if (!described.ok || this.#generation === 0) return;
    const offset = described.description.partitions[0]?.endOffset ?? 0;
    ledger.committed.asked = Math.max(ledger.committed.asked, offset);
    const answer = await this.#broker.commitOffsets({
      group: "readers",
      generation: this.#generation,
      offsets: [{ topic: "news", partition: 0, offset }],
    });
    if (answer.ok) ledger.committed.answered = Math.max(ledger.committed.answered, offset);
  }
}

async function simulate(seed: number): Promise<void> {
  const world = new World(seed);
  for (let life = 0; life < livesPerSeed; life++) {
    await world.live();
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
  ok(seeds.length < 50 || timesFull > seeds.length / 10, `${timesFull} times in ${seeds.length} seeds`);
});

test("bodies were relocated often enough", () => {
  ok(
    seeds.length < 50 || livesRelocating > seeds.length / 10,
    `in ${livesRelocating} lives of ${seeds.length} seeds`,
  );
});
