/** The engine of tests and of programs that keep nothing: everything in this process, gone with it. */
import type { Clock } from "@sluice/runtime";
import type {
  Durability,
  Engine,
  EngineAssignment,
  EngineCommit,
  EngineMembership,
  EngineOutgoing,
  EnginePlace,
  EngineReceipt,
  EngineRecord,
  EngineTransaction,
} from "../engine.ts";
import { sizeOf } from "../envelope.ts";
import { BusFault, RecordsGone } from "../faults.ts";
import { tooLarge, transactionBytesMax } from "../transaction.ts";
import { MemoryGroup } from "./memory-group.ts";
import { MemoryPartition } from "./memory-partition.ts";
import { partitionOf } from "./partition.ts";

interface Topic {
  readonly partitions: readonly MemoryPartition[];
  /** The partition of the next record without a key. */
  turn: number;
}

export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly durability: Durability = "memory";
  readonly #clock: Clock;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, MemoryGroup>();
  #open = true;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An empty engine. Several buses may share one, as several processes share a broker. */
  static open(options: { readonly clock: Clock }): MemoryEngine {
    return new MemoryEngine(options.clock);
  }

  async createTopic(topic: string, partitionCount: number): Promise<void> {
    this.#assertOpen();
    const existing = this.#topics.get(topic);
    if (existing === undefined) {
      const partitions = Array.from({ length: partitionCount }, () => new MemoryPartition());
      this.#topics.set(topic, { partitions, turn: 0 });
    } else if (existing.partitions.length !== partitionCount) {
      throw new BusFault(
        "topic-differs",
        `topic ${topic} has ${existing.partitions.length} partitions, not ${partitionCount}`,
      );
    }
  }

  async partitionCount(topic: string): Promise<number> {
    return this.#topic(topic).partitions.length;
  }

  publish(records: readonly EngineOutgoing[]): Promise<EngineReceipt> {
    return this.transact({ publishes: records });
  }

  async transact({ publishes, commit, fence }: EngineTransaction): Promise<EngineReceipt> {
    this.#assertOpen();
    const bytes = publishes.reduce((sum, outgoing) => sum + sizeOf(outgoing), 0);
    if (bytes > transactionBytesMax) throw tooLarge(bytes);
    if (fence !== undefined) {
      this.#group(fence.group).check(fence.generation);
      const { endOffset } = this.#partition(fence.topic, fence.partition);
      if (endOffset !== fence.expectedOffset) {
        throw new BusFault(
          "unexpected-offset",
          `${fence.topic}/${fence.partition} ends at ${endOffset}, not ${fence.expectedOffset}`,
        );
      }
    }
    if (commit !== undefined) this.#check(commit);
    // Every topic is looked up before the first record is written: all of them or none.
    const topics = publishes.map((outgoing) => this.#topic(outgoing.topic));
    const places = publishes.map((outgoing, i) =>
      this.#append(topics[i] ?? this.#topic(outgoing.topic), outgoing),
    );
    if (commit !== undefined) this.#group(commit.group).commit(commit);
    return { places, durability: this.durability };
  }

  async *read(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly EngineRecord[]> {
    const log = this.#partition(topic, partition);
    let next = offset;
    while (!signal.aborted) {
      if (next < log.startOffset) throw new RecordsGone({ topic, partition, offset: next }, log.startOffset);
      const batch = log.slice(next);
      if (batch.length > 0) {
        next += batch.length;
        yield batch;
      } else {
        await log.grown(signal);
      }
    }
  }

  async deleteRecordsBefore({ topic, partition, offset }: EnginePlace): Promise<void> {
    this.#assertOpen();
    const log = this.#partition(topic, partition);
    if (offset > log.endOffset) {
      throw new BusFault(
        "unexpected-offset",
        `${topic}/${partition} ends at ${log.endOffset}, not ${offset}`,
      );
    }
    log.deleteBefore(offset);
  }

  async endOffset(topic: string, partition: number): Promise<number> {
    this.#assertOpen();
    return this.#partition(topic, partition).endOffset;
  }

  async committedOffset(group: string, topic: string, partition: number): Promise<number | undefined> {
    this.#assertOpen();
    return this.#group(group).committed(topic, partition);
  }

  async join(
    group: string,
    topics: readonly string[],
    assigned: (assignment: EngineAssignment) => void,
  ): Promise<EngineMembership> {
    this.#assertOpen();
    for (const topic of topics) this.#topic(topic);
    const leave = this.#group(group).join(topics, assigned);
    return {
      commit: async (generation: number, place: EnginePlace) => {
        this.#assertOpen();
        const commit = { ...place, group, generation };
        this.#check(commit);
        this.#group(group).commit(commit);
      },
      [Symbol.asyncDispose]: async () => leave(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
  }

  #append(topic: Topic, outgoing: EngineOutgoing): EnginePlace {
    const count = topic.partitions.length;
    const partition = outgoing.key === undefined ? topic.turn++ % count : partitionOf(outgoing.key, count);
    const log = this.#partition(outgoing.topic, partition);
    const offset = log.endOffset;
    log.append({ ...outgoing, partition, offset, timestampMs: this.#clock.now().wallMs });
    return { topic: outgoing.topic, partition, offset };
  }

  #check(commit: EngineCommit): void {
    this.#partition(commit.topic, commit.partition);
    this.#group(commit.group).check(commit.generation);
  }

  #group(name: string): MemoryGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new MemoryGroup(name, (topic) => this.#topic(topic).partitions.length);
      this.#groups.set(name, group);
    }
    return group;
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new BusFault("unknown-topic", `there is no topic ${name}`);
    return topic;
  }

  #partition(topic: string, partition: number): MemoryPartition {
    const log = this.#topic(topic).partitions[partition];
    if (log === undefined)
      throw new BusFault("unknown-topic", `topic ${topic} has no partition ${partition}`);
    return log;
  }

  #assertOpen(): void {
    if (!this.#open) throw new BusFault("engine-unavailable", "the memory engine is closed");
  }
}
