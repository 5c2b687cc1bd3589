/** A broker that archives whatever it is told to, on a simulated disk that outlives it, with short words to ask it things. */
import { ok } from "node:assert/strict";
import { Broker, type BrokerOptions, type FetchRequest, noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { type Log, seededRandom, silentLog } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "./ledger.ts";
import { granted } from "./world.ts";

export class ArchiveWorld {
  readonly clock = new VirtualClock();
  /** What the log was told as a warning or an error. */
  readonly told: string[] = [];
  disk = new SimulatedDisk(seededRandom(1));
  #broker: Broker | undefined;
  #journal: FileJournal | undefined;

  /** A checkpoint is taken when somebody asks for one, by `checkpoint`. */
  async open(options: Partial<BrokerOptions> = {}): Promise<this> {
    const { clock, disk } = this;
    const tell = (_fields: unknown, text?: string): void => void this.told.push(text ?? "");
    const log: Log = { ...silentLog, warn: tell, error: tell };
    const random = seededRandom(disk.calls + 2);
    const journal = await FileJournal.open({ disk, random, log, segmentBytes: 2000, archiveGroupBytes: 100 });
    const opening = Broker.open({
      journal,
      clock,
      random,
      log,
      archive: { tailBytesMin: 1, fileBytesMax: 200, keepsRecent: false },
      checkpoints: { everyBytes: checkpointBytes },
      ...options,
    });
    this.#journal = journal;
    this.#broker = await this.answer(opening);
    return this;
  }

  get broker(): Broker {
    ok(this.#broker !== undefined);
    return this.#broker;
  }

  get journal(): FileJournal {
    ok(this.#journal !== undefined);
    return this.#journal;
  }

  async close(): Promise<void> {
    await this.answer(this.broker[Symbol.asyncDispose]());
  }

  async restart(options: Partial<BrokerOptions> = {}): Promise<this> {
    await this.close();
    return this.open(options);
  }

  answer<Answer>(asked: Promise<Answer>): Promise<Answer> {
    return settled(this.clock, asked);
  }

  /** Publishes each body as a batch of its own. */
  async publish(...bodies: string[]): Promise<void> {
    for (const body of bodies) {
      const records = [{ key: undefined, body: Buffer.from(body), attributes: noAttributes }];
      granted(await this.answer(this.broker.publish({ topic: "news", records })));
    }
  }

  /** Sends and takes as much as makes a checkpoint due, and lets it be taken. */
  async checkpoint(): Promise<void> {
    const messages = [{ body: Buffer.alloc(checkpointBytes), attributes: noAttributes }];
    granted(await this.answer(this.broker.send({ queue: "passing", messages })));
    const { deliveries } = granted(
      await this.answer(this.broker.receive({ queue: "passing", max: 1, waitMs: 0 })),
    );
    for (const { receipt } of deliveries)
      granted(await this.answer(this.broker.ack({ queue: "passing", receipt })));
    await this.clock.advance(10);
    for (let turn = 0; turn < 200; turn++) await this.clock.advance(0);
  }

  /** What a fetch from `offset` on gives, each record as `offset body`. */
  async read(offset: number, bounds: Partial<FetchRequest> = {}): Promise<string[]> {
    const { records } = granted(await this.answer(this.broker.fetch({ ...ask, offset, ...bounds })));
    return records.map((record) => `${record.offset} ${Buffer.from(record.body).toString().trimEnd()}`);
  }

  async offsetAt(timeMs: number): Promise<number> {
    return granted(await this.answer(this.broker.offsetAt({ topic: "news", partition: 0, timeMs }))).offset;
  }

  files(kind: "archive" | "segment" | "checkpoint"): string[] {
    return this.disk.fileNames().filter((name) => name.endsWith(`.${kind}`));
  }

  /** Changes a byte of `text` in each file of that kind that has it. */
  damage(text: string, kind: "archive" | "segment" | "checkpoint"): void {
    for (const name of this.files(kind)) {
      const content = Buffer.from(this.disk.content(name) ?? []);
      const at = content.indexOf(text);
      if (at < 0) continue;
      content[at] = 0;
      this.disk.setContent(name, content);
    }
  }
}

const checkpointBytes = 5000;
export const ask = { topic: "news", partition: 0, recordsMax: 1000, bytesMax: 1e6, waitMs: 0 };

/** Bodies of fifty bytes, so that a group of the archive has one, and a file three. */
export const bodies = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `body-${from + i}`.padEnd(50));

/** What `read` tells of those. */
export const told = (from: number, to: number): string[] =>
  bodies(from, to).map((body, i) => `${from + i} ${body.trimEnd()}`);
