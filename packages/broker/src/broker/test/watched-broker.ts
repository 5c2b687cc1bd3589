/**
 * A broker in a virtual world whose journal tells what is appended: with it a model can do what falls due when the broker does it, and in the
 * same order, where several queues have something to do at one instant.
 */
import { ok } from "node:assert/strict";
import { Broker } from "@sluice/broker";
import { FileJournal, type Journal, MemoryJournal } from "@sluice/broker/journal";
import { type Random, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { types } from "../../queue/record-types.ts";
import { settled } from "./ledger.ts";

export type Home = "disk" | "memory";

/** Who wrote a record, and what kind of record it is. */
export interface Written {
  readonly owner: number;
  readonly type: number;
}

/** What happened in all worlds of this process together, so that a test can say whether it happened often enough. */
export const seen = { checkpoints: 0, relocations: 0, bodiesRead: 0 };

export class WatchedBroker {
  readonly clock = new VirtualClock();
  readonly #random: Random = seededRandom(1);
  readonly #disk: SimulatedDisk | undefined;
  readonly #watch: (written: readonly Written[]) => void;
  #broker: Broker | undefined;
  #isTimePassing = false;
  #checkpointCount = 0;

  /** `watch` hears of each append that nobody asked for: of what time brought about. */
  constructor(on: Home, watch: (written: readonly Written[]) => void) {
    this.#disk = on === "disk" ? new SimulatedDisk(this.#random) : undefined;
    this.#watch = watch;
  }

  /** Whether anything is there after a restart. */
  get keeps(): boolean {
    return this.#disk !== undefined;
  }

  get broker(): Broker {
    ok(this.#broker !== undefined);
    return this.#broker;
  }

  /** `everyBytes`: how much is appended between checkpoints. */
  async open(everyBytes = 1500): Promise<void> {
    const { clock } = this;
    const [disk, random] = [this.#disk, this.#random];
    const journal = disk ? await FileJournal.open({ disk, random, segmentBytes: 3000 }) : new MemoryJournal();
    this.#listen(journal);
    // Half of it holds bodies; the others lie in the journal alone, where there is one. It is never so full that a send is refused.
    const limits = { memoryBudgetBytes: disk ? 80_000 : 10_000_000 };
    const opening = Broker.open({ journal, clock, random, limits, checkpoints: { everyBytes } });
    this.#broker = await settled(clock, opening);
  }

  async close(): Promise<void> {
    await this.answer((broker) => broker[Symbol.asyncDispose]());
  }

  /** Ends, and begins anew `downMs` later with what is on the disk. */
  async restart(downMs: number): Promise<void> {
    await this.close();
    await this.clock.advance(downMs);
    await this.open();
  }

  /** Leaves behind a journal that is a checkpoint and little more. */
  async checkpoint(): Promise<void> {
    await this.close();
    const before = this.#checkpointCount;
    await this.open(0);
    for (let turns = 0; this.#checkpointCount === before && turns < 10_000; turns++)
      await this.clock.advance(0);
    ok(this.#checkpointCount > before, "a checkpoint was taken");
  }

  /** The answer, while no time passes. */
  answer<Answer>(question: (broker: Broker) => Promise<Answer>): Promise<Answer> {
    return settled(this.clock, question(this.broker));
  }

  async advance(byMs: number): Promise<void> {
    this.#isTimePassing = true;
    await this.clock.advance(byMs);
    this.#isTimePassing = false;
  }

  #listen(journal: Journal): void {
    const append = journal.append.bind(journal);
    journal.append = (parts, done) => {
      if (parts.some(({ type }) => type === types.relocated)) seen.relocations++;
      else if (this.#isTimePassing && parts.length > 0) this.#watch(parts);
      return append(parts, done);
    };
    const checkpoint = journal.checkpoint.bind(journal);
    journal.checkpoint = async (snapshot) => {
      await checkpoint(snapshot);
      seen.checkpoints++;
      this.#checkpointCount++;
    };
    const readBody = journal.readBody.bind(journal);
    journal.readBody = (position) => {
      seen.bodiesRead++;
      return readBody(position);
    };
  }
}
