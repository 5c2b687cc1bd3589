/** The world of a simulated broker: a disk that loses power, a clock, and the ledger of what was promised. */
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { createMetrics, type Random, type Registry, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { Ledger } from "./ledger.ts";

/** What happened in all worlds of this process together, so that a test can say whether it happened often enough. */
export const counts = {
  /** How often a disk was full. */
  full: 0,
  /** Lives in which bodies were relocated. */
  livesRelocating: 0,
  /** Files of the archive that were made. */
  archived: 0,
  /** Files of the archive that were removed. */
  archivesRemoved: 0,
};

const bytesOn = (disk: SimulatedDisk): number =>
  disk.fileNames().reduce((sum, name) => sum + (disk.content(name)?.byteLength ?? 0), 0);

/** The work of one process. */
export interface Worker {
  step(): Promise<void>;
}

/** What outlives a process: the disk, the time, and what clients were told. */
export class World {
  readonly random: Random;
  readonly clock = new VirtualClock();
  readonly ledger = new Ledger();
  disk: SimulatedDisk;
  /** Whether each life begins with little space left, so that the disk is full now and then. */
  readonly #isSmall: boolean;
  readonly #hasShortSegments: boolean;
  readonly #archives: boolean;
  readonly #keepsRecent: boolean;
  /** What went wrong in work that nobody awaits. */
  failure: unknown;
  #serial = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.disk = new SimulatedDisk(this.random);
    this.#isSmall = seed % 3 === 0;
    this.#hasShortSegments = seed % 2 === 0;
    this.#archives = seed % 4 < 2;
    this.#keepsRecent = seed % 8 < 4;
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
    const archiveGroupBytes = 300;
    const options = { disk, random, clock, segmentBytes, reserveBytes, archiveGroupBytes };
    const journal = await FileJournal.open(options);
    journal.onFull(() => counts.full++);
    // A checkpoint every few appends, so that cuts fall into every step of it.
    const checkpoints = { everyBytes: 2000 };
    const limits = { memoryBudgetBytes: 40_000 };
    const archive = {
      tailBytesMin: this.#archives ? 400 : Number.POSITIVE_INFINITY,
      fileBytesMax: 1000,
      keepsRecent: this.#keepsRecent,
    };
    return Broker.open({ journal, clock, random, metrics, checkpoints, limits, archive });
  }

  /** One life: works until the cut, or to the end of its steps; then the next process finds what the disk kept. */
  async live(begin: (world: World, broker: Broker) => Worker, stepCount: number): Promise<void> {
    let image: SimulatedDisk | undefined;
    // The cut falls anywhere, also while the broker is still starting.
    const cutAt = this.disk.calls + 1 + this.pick(stepCount * 3);
    const disk = this.disk;
    disk.onCall = ({ operation, name }) => {
      if (operation === "rename" && name.includes(".archive")) counts.archived++;
      if (operation === "remove" && name.endsWith(".archive")) counts.archivesRemoved++;
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
      const life = begin(this, broker);
      for (let step = 0; step < stepCount && image === undefined; step++) await life.step();
    }
    void opening;
    const relocated = await metrics.getSingleMetric("sluice_relocated_bytes_total")?.get();
    if ((relocated?.values[0]?.value ?? 0) > 0) counts.livesRelocating++;
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
