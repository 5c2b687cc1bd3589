/**
 * Moves records of topics that are kept out of the log into files of the archive, a partition at a time, so that they neither hold on to segments nor
 * are read at a start. Nothing acknowledged rests on a file before the record that refers to it has settled, and then the file is on the disk.
 */
import { AssertionFailed, assert, Fault } from "@sluice/runtime";
import type { ArchivedBatch } from "../journal/archive.ts";
import { nextRange, type RangeToArchive } from "../topic/decide/archive.ts";
import { decideRetention } from "../topic/decide/retention.ts";
import type { KeptBatch } from "../topic/holdings.ts";
import { type TopicState, topicDurability } from "../topic/state.ts";
import type { Core } from "./core.ts";
import { inTopics } from "./state.ts";
import type { Statistics } from "./statistics.ts";

export interface ArchivePolicy {
  /** Bytes of a partition in covered parts of the log when they are moved: less would make many small files. Default 4 MiB. */
  readonly tailBytesMin: number;
  /** Bytes of records in a file, at most; a single batch may have more. Default 64 MiB. */
  readonly fileBytesMax: number;
  /**
   * Whether what was written since the last checkpoint stays in the log until the next one. Those who follow a topic read it there, mostly out of
   * memory. Default true.
   */
  readonly keepsRecent: boolean;
}

export const defaultArchivePolicy: ArchivePolicy = {
  tailBytesMin: 4 * 1024 * 1024,
  fileBytesMax: 64 * 1024 * 1024,
  keepsRecent: true,
};

/** Bytes that are read and encoded between two turns of the event loop. */
const chunkBytes = 256 * 1024;

export class Archiving {
  readonly #core: Core;
  readonly #policy: ArchivePolicy;
  readonly #statistics: Statistics;
  #stopped = false;

  constructor(core: Core, policy: ArchivePolicy, statistics: Statistics) {
    this.#core = core;
    this.#statistics = statistics;
    this.#policy = policy;
  }

  /** Moves what is long enough. Stops nothing: what could not be moved is tried the next time. */
  async run(): Promise<void> {
    try {
      for (const topic of [...this.#core.state.topics()]) {
        if (topicDurability(topic.settings) === "memory") continue;
        for (const partition of topic.partitions.keys()) await this.#runPartition(topic, partition);
      }
    } catch (error) {
      if (error instanceof AssertionFailed) throw error;
      if (this.#mayWrite)
        this.#core.log.warn({ err: error }, "could not move records into the archive; they stay in the log");
    }
  }

  /** Begins no file any more, and gives up the one that is being written. */
  stop(): void {
    this.#stopped = true;
  }

  get #mayWrite(): boolean {
    const { fault, full } = this.#core.journal;
    return !this.#stopped && fault === undefined && full === undefined;
  }

  async #runPartition(topic: TopicState, partition: number): Promise<void> {
    const { archive } = this.#core.journal;
    const log = topic.partitions[partition];
    if (archive === undefined || log === undefined) return;
    if (log.tailBytes < this.#policy.tailBytesMin) return;
    await this.#retain(topic);
    const bounds = {
      fileBytesMax: this.#policy.fileBytesMax,
      fileBytesMin: this.#policy.tailBytesMin,
      untilOffset: log.endOffset,
      beforePosition: this.#beforePosition,
    };
    while (this.#mayWrite && log.tailBytes >= this.#policy.tailBytesMin) {
      const range = nextRange(log, topic.settings, bounds);
      if (range === undefined) return;
      const { batches, ...what } = range;
      const source = { owner: topic.number, partition };
      const file = await archive.write(source, this.#chunks(topic, partition, range));
      if (log.startOffset >= what.endOffset) {
        archive.release([file]);
        continue;
      }
      const record = { kind: "archived", partition, file, ...what } as const;
      const failed = await this.#core.commit([{ what: "topic", owner: topic.number, record }]);
      if (failed === undefined) this.#statistics.archived(what.byteLength);
      assert(log.batches[0] !== batches[0], "what is archived leaves the log");
      this.#core.log.debug(
        { topic: this.#name(topic), partition, ...what },
        "moved records into the archive",
      );
    }
  }

  /** Where the stretches end that the checkpoint before covers. */
  get #beforePosition(): number {
    if (!this.#policy.keepsRecent) return Number.POSITIVE_INFINITY;
    return this.#core.journal.covered().at(-1)?.to ?? 0;
  }

  /** What need not be kept is not moved. */
  async #retain(topic: TopicState): Promise<void> {
    const decided = decideRetention(topic, this.#core.now());
    if (decided.ok && decided.records.length > 0) await this.#core.commit(inTopics(decided.records));
  }

  #name({ number }: TopicState): string {
    return this.#core.state.catalog.entry(number)?.name ?? "";
  }

  async *#chunks(
    topic: TopicState,
    partition: number,
    { batches }: RangeToArchive,
  ): AsyncGenerator<readonly ArchivedBatch[]> {
    let chunk: Promise<ArchivedBatch | undefined>[] = [];
    let bytes = 0;
    for (const [i, batch] of batches.entries()) {
      if (!this.#mayWrite) throw new Fault("archive-given-up", "The broker stops, or its disk is full.");
      chunk.push(this.#content(topic, partition, batch));
      bytes += batch.byteLength;
      if (bytes < chunkBytes && i < batches.length - 1) continue;
      const contents = await Promise.all(chunk);
      yield contents.filter((content) => content !== undefined);
      chunk = [];
      bytes = 0;
    }
  }

  /** Undefined when the bytes are damaged, or were deleted in the meantime. */
  async #content(topic: TopicState, partition: number, batch: KeptBatch): Promise<ArchivedBatch | undefined> {
    const { firstOffset, count, publishedAtMs } = batch;
    for (;;) {
      const { position } = batch;
      try {
        const bytes = batch.bytes ?? (await this.#core.journal.readBody(position));
        return { firstOffset, count, publishedAtMs, bytes };
      } catch (error) {
        if (batch.position !== position) continue;
        if (firstOffset + count <= (topic.partitions[partition]?.startOffset ?? 0)) return undefined;
        if (!(error instanceof Fault && error.code === "body-damaged")) throw error;
        this.#core.log.error(
          { err: error, topic: this.#name(topic), partition, firstOffset, count },
          "a batch of records is damaged and was left out of the archive",
        );
        return undefined;
      }
    }
  }
}
