/** What a consumer group gives to this member, in batches of one partition each, in order, from the committed offset on. */
import { type WirePartition, type WireRecord, writeCommitted } from "@sluice/protocol/full";
import { pause } from "./clock.ts";
import type { Context } from "./context.ts";
import { retryDelayMs } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import { type Assignment, Membership } from "./membership.ts";
import { PartitionReader } from "./partition-reader.ts";

export interface GroupConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Names this member in its group. Default: something unique. */
  readonly member?: string;
  /** Where a group begins that has committed nothing, or whose offset is no longer kept. Default `earliest`. */
  readonly startAt?: "earliest" | "latest";
  /** Records of a batch at most. Default 500. */
  readonly recordsMax?: number;
  /** Bytes of a batch at most. Default 1 MiB. */
  readonly bytesMax?: number;
  /** A process that is gone without a word keeps its partitions for as long, in milliseconds. Default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** How long a batch in hand may take to finish when its partition is revoked, in milliseconds. Default 60 000. */
  readonly rebalanceTimeoutMs?: number;
  /** A batch in hand for longer counts as hanging: this member says no more that it lives. In milliseconds; default 300 000. */
  readonly processingTimeoutMs?: number;
  /** Hears all that it owns, at each generation. */
  readonly onAssigned?: (assignment: Assignment) => void;
  /** Hears what it is to give up, when the batch in hand is done and before it is given up: the last moment to commit. */
  readonly onRevoked?: (revoked: Assignment) => unknown;
  /** The connection or the membership was lost: commits of what was in hand will be refused. */
  readonly onLost?: () => void;
}

/** Records of one partition, in order. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly WireRecord[];
  /**
   * Marks everything up to the end of this batch as read.
   * @throws RefusedError `stale-generation` when the partition is another's by now: it will be read again there.
   */
  commit(): Promise<void>;
}

interface Offered {
  readonly batch: Batch;
  readonly reader: PartitionReader;
  readonly taken: () => void;
}

/** How long a fetch waits at the server for a first record. */
const fetchWaitMs = 20_000;

const keyOf = ({ topic, partition }: WirePartition): string => `${partition} ${topic}`;

/**
 * `for await (const batch of consumer) { ...; await batch.commit(); }`. Asking for the next batch says that the one before is done. After a
 * lost connection it joins again and goes on from what is committed.
 */
export class GroupConsumer implements AsyncIterableIterator<Batch>, AsyncDisposable {
  readonly #context: Context;
  readonly #options: GroupConsumerOptions;
  readonly #membership: Membership;
  readonly #readers = new Map<string, PartitionReader>();
  readonly #inbox = new Inbox<Offered>();
  readonly #ending = new AbortController();
  #inHand: { readonly reader: PartitionReader; readonly sinceMs: number } | undefined;
  #done = Promise.withResolvers<void>();

  constructor(context: Context, member: string, options: GroupConsumerOptions) {
    this.#context = context;
    this.#options = options;
    const { group, topics, sessionTimeoutMs = 30_000, rebalanceTimeoutMs = 60_000 } = options;
    this.#membership = new Membership(
      context.link,
      { group, topics, member: options.member ?? member, sessionTimeoutMs, rebalanceTimeoutMs },
      {
        isAlive: () => !this.#isHanging(),
        assigned: (assignment) => this.#assigned(assignment),
        revoked: (revoked) => this.#revoked(revoked),
        lost: () => this.#lost(),
        ended: (error) => this.#end(error),
      },
    );
  }

  start(): this {
    this.#context.open.add(this);
    this.#membership.start();
    return this;
  }

  /** The present generation of the group, as a transaction's commit and fence want it; 0 before the first assignment. */
  get generation(): number {
    return this.#membership.generation;
  }

  async next(): Promise<IteratorResult<Batch>> {
    this.#putDown();
    for (;;) {
      const { done, value } = await this.#inbox.next();
      if (done === true) return { done, value: undefined };
      value.taken();
      if (value.reader.isStopped) continue;
      this.#inHand = { reader: value.reader, sinceMs: this.#context.link.clock.now().monotonicMs };
      return { done: false, value: value.batch };
    }
  }

  async return(): Promise<IteratorResult<Batch>> {
    await this.close();
    return { done: true, value: undefined };
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.#end(undefined);
    await this.#membership.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #isHanging(): boolean {
    const { processingTimeoutMs = 300_000 } = this.#options;
    if (this.#inHand === undefined) return false;
    return this.#context.link.clock.now().monotonicMs - this.#inHand.sinceMs > processingTimeoutMs;
  }

  #putDown(): void {
    this.#inHand = undefined;
    this.#done.resolve();
    this.#done = Promise.withResolvers();
  }

  #assigned(assignment: Assignment): void {
    const owned = new Set(assignment.partitions.map(keyOf));
    this.#stop((key) => !owned.has(key));
    for (const reader of this.#readers.values()) reader.generation = assignment.generation;
    this.#options.onAssigned?.(assignment);
    const fresh = assignment.partitions.filter((place) => !this.#readers.has(keyOf(place)));
    if (fresh.length > 0) void this.#read(fresh);
  }

  async #read(partitions: readonly WirePartition[]): Promise<void> {
    const readers = partitions.map((place) => this.#reader(place));
    // When the connection is lost the readers are stopped, and the next assignment asks again.
    while (readers.some((reader) => !reader.isStopped)) {
      try {
        const committed = await this.#committed(partitions);
        for (const reader of readers) if (!reader.isStopped) reader.start(committed.get(keyOf(reader)));
        return;
      } catch (error) {
        const delayMs = retryDelayMs(error);
        if (delayMs === undefined) return this.#fail(error);
        await pause(this.#context.link.clock, delayMs, this.#ending.signal);
      }
    }
  }

  async #committed(partitions: readonly WirePartition[]): Promise<ReadonlyMap<string, number>> {
    const { group } = this.#options;
    const { offsets } = await this.#context.link.outbox.ask("committedOffsets", (to, id) =>
      writeCommitted(to, { id, group, partitions }),
    );
    return new Map(offsets.map((place) => [keyOf(place), place.offset]));
  }

  #reader(place: WirePartition): PartitionReader {
    const { recordsMax = 500, bytesMax = 1024 * 1024, startAt = "earliest" } = this.#options;
    const reader: PartitionReader = new PartitionReader(this.#context.link, {
      ...place,
      recordsMax,
      bytesMax,
      startAt,
      waitMs: fetchWaitMs,
      give: (records) =>
        new Promise((taken) => this.#inbox.push({ batch: this.#batch(reader, records), reader, taken })),
      failed: (error) => this.#fail(error),
    });
    reader.generation = this.#membership.generation;
    this.#readers.set(keyOf(place), reader);
    return reader;
  }

  #batch(reader: PartitionReader, records: readonly WireRecord[]): Batch {
    const { topic, partition } = reader;
    const offset = (records.at(-1)?.offset ?? -1) + 1;
    return {
      topic,
      partition,
      records,
      // A partition that stayed here through a rebalance is committed under the newer generation, one that went away is not.
      commit: () => this.#membership.commit([{ topic, partition, offset }], reader.generation),
    };
  }

  async #revoked(revoked: Assignment & { readonly deadlineMs: number }): Promise<void> {
    const keys = new Set(revoked.partitions.map(keyOf));
    this.#stop((key) => keys.has(key));
    if (this.#inHand !== undefined && keys.has(keyOf(this.#inHand.reader))) {
      const patience = new AbortController();
      const done = this.#done.promise.then(() => patience.abort());
      await Promise.race([done, pause(this.#context.link.clock, revoked.deadlineMs, patience.signal)]);
      patience.abort();
    }
    await this.#options.onRevoked?.(revoked);
  }

  #lost(): void {
    this.#stop(() => true);
    this.#inHand = undefined;
    this.#options.onLost?.();
  }

  /** Stops reading what `isGone`, and forgets what was read of it and not taken. */
  #stop(isGone: (key: string) => boolean): void {
    for (const [key, reader] of this.#readers) {
      if (!isGone(key)) continue;
      reader.stop();
      this.#readers.delete(key);
    }
    for (const { taken } of this.#inbox.keep(({ reader }) => !reader.isStopped)) taken();
  }

  #fail(error: unknown): void {
    if (this.#inbox.isOver) return;
    this.#end(error instanceof Error ? error : new Error(String(error)));
    void this.#membership.leave();
  }

  #end(error: Error | undefined): void {
    this.#ending.abort();
    this.#stop(() => true);
    this.#context.open.delete(this);
    this.#putDown();
    this.#inbox.end(error);
  }
}
