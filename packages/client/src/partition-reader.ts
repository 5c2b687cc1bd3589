/** Reads one partition from an offset on, a batch at a time and one batch ahead of who processes it. */
import { type WireRecord, writeDescribeTopic, writeFetch } from "@sluice/protocol/full";
import { pause } from "./clock.ts";
import { RefusedError, retryDelayMs } from "./errors.ts";
import type { Link } from "./link.ts";

export interface ReaderOptions {
  readonly topic: string;
  readonly partition: number;
  /** Records and bytes of a batch at most. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How long the server waits for a first record, in milliseconds. */
  readonly waitMs: number;
  /** Where to go on when the offset is no longer there, or never was. */
  readonly startAt: "earliest" | "latest";
  /** Takes a batch; resolves when the next one is wanted. */
  readonly give: (records: readonly WireRecord[]) => Promise<void>;
  /** The partition cannot be read at all. */
  readonly failed: (error: unknown) => void;
}

export class PartitionReader {
  readonly topic: string;
  readonly partition: number;
  /** The newest one of the group in which this member owned the partition. */
  generation = 0;
  readonly #link: Link;
  readonly #options: ReaderOptions;
  readonly #stopping = new AbortController();

  constructor(link: Link, options: ReaderOptions) {
    this.#link = link;
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Begins at `offset`; undefined: where `startAt` says. */
  start(offset: number | undefined): void {
    this.#run(offset).catch((error: unknown) => {
      if (!this.isStopped) this.#options.failed(error);
    });
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #run(from: number | undefined): Promise<void> {
    const { signal } = this.#stopping;
    let offset = from;
    while (!signal.aborted) {
      try {
        offset ??= await this.#edge();
        const records = await this.#fetch(offset);
        const last = records.at(-1);
        if (last === undefined || signal.aborted) continue;
        offset = last.offset + 1;
        await this.#options.give(records);
      } catch (error) {
        if (error instanceof RefusedError && error.code === "offset-out-of-range") {
          offset = undefined;
          continue;
        }
        const delayMs = retryDelayMs(error);
        if (delayMs === undefined) throw error;
        await pause(this.#link.clock, delayMs, signal);
      }
    }
  }

  async #fetch(offset: number): Promise<readonly WireRecord[]> {
    const { topic, partition, recordsMax, bytesMax, waitMs } = this.#options;
    const { records } = await this.#link.outbox.ask(
      "fetched",
      (to, id) => writeFetch(to, { id, topic, partition, offset, recordsMax, bytesMax, waitMs }),
      { waitMs, signal: this.#stopping.signal },
    );
    return records;
  }

  /** The first or the next offset of the partition. */
  async #edge(): Promise<number> {
    const { topic, partition, startAt } = this.#options;
    const { partitions } = await this.#link.outbox.ask(
      "topic",
      (to, id) => writeDescribeTopic(to, { id, topic }),
      { signal: this.#stopping.signal },
    );
    const range = partitions[partition];
    return (startAt === "earliest" ? range?.startOffset : range?.endOffset) ?? 0;
  }
}
