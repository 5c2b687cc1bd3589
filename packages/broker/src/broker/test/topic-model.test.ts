/**
 * A topic against a list: random publishes, deletions, time that passes, restarts and checkpoints, with a memory that holds a few batches only and
 * an archive that gets what is a few batches old.
 * Whatever happens, a reader finds exactly what the list has, from wherever it begins and however much it asks for at once.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import { Broker, noAttributes, type TopicRecord } from "@sluice/broker";
import { FileJournal, MemoryJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { settled } from "./ledger.ts";
import { granted } from "./world.ts";

const retentionMs = 100_000;
const retentionBytes = 6_000;
/** A file of the archive goes as a whole: it has at most this part of the retention, or one batch. */
const fileShare = 1 / 8;
/** A topic with this retention is looked at this often. */
const lookMs = 10_000;
const place = { topic: "news", partition: 0 };

/** Where between the start and the end: 0 to 1. */
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("publish"),
      bytes: fc.array(fc.nat(700), { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete"), at: fraction }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait"), ms: fc.integer({ min: 0, max: 40_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("read"),
      at: fraction,
      recordsMax: fc.integer({ min: 1, max: 9 }),
      bytesMax: fc.nat(2000),
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

interface Listed {
  readonly body: string;
  readonly publishedAtMs: number;
  /** Of the whole batch that it came in. */
  readonly batch: number;
}

class Pair {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(1);
  readonly disk: SimulatedDisk | undefined;
  readonly list: Listed[] = [];
  start = 0;
  /** Highest offset that somebody deleted before. */
  deletedBefore = 0;
  broker: Broker | undefined;
  archiveCount = 0;

  constructor(on: "disk" | "memory") {
    this.disk = on === "disk" ? new SimulatedDisk(this.random) : undefined;
    if (this.disk === undefined) return;
    this.disk.onCall = ({ operation, name }) => {
      if (operation === "rename" && name.includes(".archive")) this.archiveCount++;
      return undefined;
    };
  }

  async open(): Promise<void> {
    const { clock, random, disk } = this;
    const journal =
      disk === undefined
        ? new MemoryJournal()
        : await FileJournal.open({ disk, random, segmentBytes: 4096, archiveGroupBytes: 300 });
    const limits = { memoryBudgetBytes: disk === undefined ? 1e6 : 12_000 };
    const archive = { tailBytesMin: 1000, keepsRecent: false };
    const opening = Broker.open({
      journal,
      clock,
      random,
      limits,
      archive,
      checkpoints: { everyBytes: 3000 },
    });
    this.broker = await settled(clock, opening);
    granted(await this.ask((broker) => broker.createTopic({ topic: "news", retentionMs, retentionBytes })));
  }

  ask<Answer>(question: (broker: Broker) => Promise<Answer>): Promise<Answer> {
    ok(this.broker !== undefined);
    return settled(this.clock, question(this.broker));
  }

  async close(): Promise<void> {
    await this.ask((broker) => broker[Symbol.asyncDispose]());
  }

  async run(command: Command): Promise<void> {
    switch (command.do) {
      case "publish": {
        const bodies = command.bytes.map((bytes, i) => `${this.list.length + i}`.padEnd(bytes, "x"));
        const records = bodies.map((body) => ({
          key: undefined,
          body: Buffer.from(body),
          attributes: noAttributes,
        }));
        const answer = granted(await this.ask((broker) => broker.publish({ topic: "news", records })));
        equal(answer.places[0]?.offset, this.list.length);
        const { wallMs: publishedAtMs } = this.clock.now();
        const batch = this.list.length;
        for (const body of bodies) this.list.push({ body, publishedAtMs, batch });
        return;
      }
      case "delete": {
        const offset = this.#offsetAt(command.at);
        granted(await this.ask((broker) => broker.deleteRecordsBefore({ ...place, offset })));
        this.deletedBefore = Math.max(this.deletedBefore, offset);
        equal(await this.compareStart(), Math.max(this.start, offset));
        return;
      }
      case "wait":
        await this.clock.advance(command.ms);
        await this.#compareRetention(command.ms);
        return;
      case "restart":
        if (this.disk === undefined) return;
        await this.close();
        await this.open();
        return;
      case "read": {
        const offset = this.#offsetAt(command.at);
        const { recordsMax, bytesMax } = command;
        const answer = granted(
          await this.ask((broker) => broker.fetch({ ...place, offset, recordsMax, bytesMax, waitMs: 0 })),
        );
        const { records } = answer;
        ok(records.length > 0 || offset === this.list.length, "there is a record, and none came");
        ok(records.length <= recordsMax);
        const bytes = records.reduce((sum, { body }) => sum + body.byteLength, 0);
        ok(bytes <= bytesMax || records.length === 1, `${bytes} bytes came where ${bytesMax} were asked for`);
        this.#compareRecords(records, offset, offset + records.length);
        return;
      }
      default:
        command satisfies never;
    }
  }

  /** Everything that is kept is what the list has. */
  async compare(): Promise<void> {
    this.start = await this.compareStart();
    const ask = { ...place, offset: this.start, recordsMax: 1000, bytesMax: 1e9, waitMs: 0 };
    const { records } = granted(await this.ask((broker) => broker.fetch(ask)));
    this.#compareRecords(records, this.start, this.list.length);
  }

  /** The offset from which on the broker says that it keeps records. It never goes back. */
  async compareStart(): Promise<number> {
    const { description } = granted(await this.ask((broker) => broker.describeTopic("news")));
    const { startOffset = 0, endOffset = 0 } = description.partitions[0] ?? {};
    equal(endOffset, this.list.length);
    ok(startOffset >= this.start, `the topic began at ${this.start} and now begins at ${startOffset}`);
    ok(startOffset >= this.deletedBefore);
    return startOffset;
  }

  /** What is gone was too old, too much or deleted; and after a look nothing is left that is too old or too much. */
  async #compareRetention(waitedMs: number): Promise<void> {
    const start = await this.compareStart();
    const { wallMs } = this.clock.now();
    for (const [offset, { publishedAtMs }] of this.list.slice(0, start).entries()) {
      if (offset < this.deletedBefore || publishedAtMs + retentionMs <= wallMs) continue;
      const bytesFrom = this.#bytesFrom(this.list[offset]?.batch ?? 0);
      ok(bytesFrom > retentionBytes, `offset ${offset} is gone, which is neither old nor too much`);
    }
    if (waitedMs < lookMs || start === this.list.length) return;
    const first = this.list[start];
    ok(
      first !== undefined && first.publishedAtMs + retentionMs * (1 + fileShare) + lookMs >= wallMs,
      `offset ${start} is too old`,
    );
    const isLastBatch = first.batch === this.list.at(-1)?.batch;
    const keptBytes = this.#bytesFrom(first.batch);
    const behindBytes = this.#bytesFrom(this.#batchBehind(first.batch));
    const fileBytesMax = Math.max(retentionBytes * fileShare, keptBytes - behindBytes);
    ok(isLastBatch || keptBytes <= retentionBytes + fileBytesMax, "more is kept than may be");
  }

  #batchBehind(batch: number): number {
    const behind = this.list.findIndex((record) => record.batch > batch);
    return behind < 0 ? this.list.length : behind;
  }

  /** Bytes of the batches from the one that begins there on, as they are encoded. */
  #bytesFrom(batch: number): number {
    const kept = this.list.slice(batch);
    const batches = new Set(kept.map((record) => record.batch)).size;
    return kept.reduce((sum, { body }) => sum + 5 + body.length, batches * 4);
  }

  #compareRecords(records: readonly TopicRecord[], from: number, to: number): void {
    deepEqual(
      records.map(({ offset, publishedAtMs, body }) => [offset, publishedAtMs, Buffer.from(body).toString()]),
      this.list.slice(from, to).map(({ publishedAtMs, body }, i) => [from + i, publishedAtMs, body]),
    );
  }

  #offsetAt(at: number): number {
    return Math.round(this.start + at * (this.list.length - this.start));
  }
}

/** How many files of the archive there were. */
let archiveCount = 0;

suite("a topic is a list of which the front goes", () => {
  for (const on of ["memory", "disk"] as const) {
    test(`on a journal ${on === "disk" ? "on a disk" : "in memory"}`, async () => {
      const property = fc.asyncProperty(
        fc.array(command, { maxLength: 40, size: "max" }),
        async (commands) => {
          const pair = new Pair(on);
          await pair.open();
          for (const one of commands) {
            await pair.run(one);
            await pair.compare();
          }
          await pair.close();
          archiveCount += pair.archiveCount;
        },
      );
      await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 150) });
    });
  }
});

test("the archive was part of it", () => ok(archiveCount > 100, `${archiveCount} files`));
