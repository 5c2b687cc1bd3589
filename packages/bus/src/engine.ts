/**
 * What carries events: the seam between the bus and a log of records. The memory engine, the broker and (later) Kafka implement it
 * and pass the same `engineConformance`.
 */

export type Durability = "synced" | "replicated" | "buffered" | "memory";

/** Header names are lower case; values are text. */
export type Headers = ReadonlyMap<string, string>;

export interface EngineOutgoing {
  readonly topic: string;
  /** Decides the partition (murmur2, as Kafka's Java client). Absent: partitions take turns. */
  readonly key: string | undefined;
  readonly value: Uint8Array;
  readonly headers: Headers;
}

export interface EngineRecord extends EngineOutgoing {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
}

export interface EnginePlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The group has read `topic`/`partition` up to, not including, `offset`. Refused as `stale-generation` unless `generation` is the group's present one. */
export interface EngineCommit extends EnginePlace {
  readonly group: string;
  readonly generation: number;
}

export interface EngineTransaction {
  readonly publishes: readonly EngineOutgoing[];
  /** At most one. */
  readonly commit?: EngineCommit;
  /** Who may write, see design of SourcedState: the whole transaction is refused as `stale-generation` or `unexpected-offset` otherwise. */
  readonly fence?: {
    readonly group: string;
    readonly generation: number;
    readonly topic: string;
    readonly partition: number;
    readonly expectedOffset: number;
  };
}

export interface EngineReceipt {
  readonly places: readonly EnginePlace[];
  readonly durability: Durability;
}

export interface EngineAssignment {
  readonly generation: number;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

/** What a member has in `generation` and is to lose with the next one. */
export interface EngineRevoke extends EngineAssignment {
  /** From now: the next generation waits no longer. */
  readonly deadlineMs: number;
}

export interface EngineMembership extends AsyncDisposable {
  commit(generation: number, place: EnginePlace): Promise<void>;
}

/** Rejects with a `Fault`: `stale-generation`, `unexpected-offset`, `transaction-too-large`, `unknown-topic`, `records-gone` or `engine-unavailable`. */
export interface Engine extends AsyncDisposable {
  readonly name: "memory" | "broker" | "kafka";
  /** The strongest durability that a receipt can have here. Each receipt says what it really rests on. */
  readonly durability: Durability;
  /** Creating a topic that exists with as many partitions is fine; with another number it rejects (`topic-differs`). */
  createTopic(topic: string, partitionCount: number): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  /** Resolves when the records rest on what the engine promises. All of them or none. */
  publish(records: readonly EngineOutgoing[]): Promise<EngineReceipt>;
  /**
   * Atomic. Transactions of one caller land in the order of the calls, and are answered in that order. A rejection with
   * `stale-generation`, `unexpected-offset`, `transaction-too-large` or `unknown-topic` says that nothing landed; after any other the
   * outcome is unknown.
   */
  transact(transaction: EngineTransaction): Promise<EngineReceipt>;
  /**
   * The records of a partition from `offset` on, as they come, in batches; waits at the end until more come or the signal ends it. Rejects
   * with `RecordsGone` when the one at `offset`, or the next one later on, is kept no longer: none is ever passed over unsaid.
   */
  read(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly EngineRecord[]>;
  /** Deletes the records of a partition that lie before the place. What is gone already is fine; behind the end it rejects with `unexpected-offset`. */
  deleteRecordsBefore(place: EnginePlace): Promise<void>;
  /** Offset that the next record of the partition will get. */
  endOffset(topic: string, partition: number): Promise<number>;
  /** What the group has committed there; undefined when nothing. */
  committedOffset(group: string, topic: string, partition: number): Promise<number | undefined>;
  /**
   * Joins a consumer group; `assigned` is called at each generation, the first time before the promise resolves. Before partitions go to
   * others `revoked` is called: the next generation, and whoever joins, waits until its promise resolves or the deadline has passed, and
   * commits of the present one are taken until then. Without `revoked`, and by the memory engine, they go at once.
   */
  join(
    group: string,
    topics: readonly string[],
    assigned: (assignment: EngineAssignment) => void,
    revoked?: (revoke: EngineRevoke) => Promise<void>,
  ): Promise<EngineMembership>;
}
