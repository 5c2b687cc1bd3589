/** The typed event bus: publish, subscribe, and transactions, over whatever engine it is given. */
import {
  type Clock,
  createMetrics,
  type Log,
  type Random,
  type Readiness,
  type Registry,
} from "@sluice/runtime";
import type { Durability, Engine, EngineReceipt, EngineTransaction } from "./engine.ts";
import { type Sender, seal } from "./envelope.ts";
import type { EventType } from "./event.ts";
import { hasCode } from "./faults.ts";
import { GoneRecords } from "./gone-records.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";
import { Topics } from "./topics.ts";
import { type Fence, type Transaction, TransactionCollector } from "./transaction.ts";

export interface BusOptions {
  /** Stays the caller's: disposing of the bus leaves it open. */
  readonly engine: Engine;
  /** `ce_source` of what is published here: a URI reference, e.g. `/sluice/waitroom`. */
  readonly source: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where it counts. Default: a registry of its own. */
  readonly metrics?: Registry;
  /** Partitions by topic. A topic that exists with another number is refused as `topic-differs`. */
  readonly partitionCounts?: ReadonlyMap<string, number>;
  /** For topics that are not in `partitionCounts` and do not exist yet. Default 1. */
  readonly defaultPartitionCount?: number;
}

export interface PublishOptions {
  /** W3C Trace Context; passed through as it is. */
  readonly traceparent?: string;
}

/** Where an event lies and what that rests on. */
export interface PublishedEvent {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly durability: Durability;
}

export class Bus implements AsyncDisposable {
  readonly engine: Engine;
  readonly topics: Topics;
  /** What envelopes are made with. */
  readonly sender: Sender;
  readonly log: Log;
  readonly goneRecords: GoneRecords;
  readonly #subscriptions = new Set<Subscription>();
  /** Sends that wait for a topic to be created, and those behind them: what is sent later lands later. */
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #trouble: string | undefined;
  #probe: Promise<unknown> | undefined;

  private constructor(options: BusOptions) {
    this.engine = options.engine;
    this.sender = { source: options.source, clock: options.clock, random: options.random };
    this.log = options.log;
    this.goneRecords = new GoneRecords(options.log, options.metrics ?? createMetrics());
    this.topics = new Topics(options.engine, {
      declared: options.partitionCounts ?? new Map(),
      otherwise: options.defaultPartitionCount ?? 1,
    });
  }

  /** Opens a bus. Topics are created when they are first used. */
  static async open(options: BusOptions): Promise<Bus> {
    return new Bus(options);
  }

  /** The strongest durability that a receipt of this bus can have. */
  get durability(): Durability {
    return this.engine.durability;
  }

  /**
   * Publishes one event; resolves when it rests on what the receipt says. Rejects with `invalid-event`, which names the field, when
   * the data does not fit; with a fault of the engine when the outcome is unknown.
   */
  async publish<Data>(type: EventType<Data>, data: Data, options?: PublishOptions): Promise<PublishedEvent> {
    const { id, outgoing } = seal(this.sender, type, data, options?.traceparent);
    const { places, durability } = await this.send({ publishes: [outgoing] });
    return { id, partition: places[0]?.partition ?? 0, offset: places[0]?.offset ?? 0, durability };
  }

  /** Joins a consumer group. See {@link SubscribeOptions}. */
  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = await Subscription.open(this, options);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Sends what `collect` gathers, at most 4 MiB, as one append: all of it or nothing. Transactions land in the order of the calls.
   * With a `fence` the whole is refused as `stale-generation` or `unexpected-offset` unless the writer still owns the partition and
   * knows its end. If `collect` throws, nothing is sent.
   */
  async transaction(collect: (transaction: Transaction) => void, fence?: Fence): Promise<EngineReceipt> {
    const collector = new TransactionCollector(this.sender);
    collect(collector);
    return this.send(collector.done(fence));
  }

  /** Sends a transaction that is ready made; creates its topics first where needed. Calls keep their order. */
  send(transaction: EngineTransaction): Promise<EngineReceipt> {
    const missing = transaction.publishes.filter(({ topic }) => !this.topics.isReady(topic));
    if (missing.length === 0 && this.#queued === 0) return this.#watch(this.engine.transact(transaction));
    this.#queued++;
    const sent = this.#queue.then(async () => {
      try {
        for (const { topic } of missing) await this.topics.ensure(topic);
      } finally {
        this.#queued--;
      }
      // Inside an object, so that those behind wait for the call alone and not for its answer.
      return { receipt: this.#watch(this.engine.transact(transaction)) };
    });
    this.#queue = sent.catch(() => {});
    return sent.then(({ receipt }) => receipt);
  }

  /**
   * Not ready while the engine does not do what it is asked to. Then each call has the engine asked for nothing, so that whoever is sent no
   * requests for not being ready finds out that it is again.
   */
  readiness(): Readiness {
    if (this.#trouble === undefined) return { ready: true };
    this.#probe ??= this.#watch(this.engine.transact({ publishes: [] }))
      .catch(() => undefined)
      .finally(() => {
        this.#probe = undefined;
      });
    return { ready: false, reason: `the event bus cannot publish: ${this.#trouble}` };
  }

  /** Ends the subscriptions that were opened here. The engine stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#subscriptions, (subscription) => subscription[Symbol.asyncDispose]()));
  }

  #watch(answer: Promise<EngineReceipt>): Promise<EngineReceipt> {
    answer.then(
      () => {
        this.#trouble = undefined;
      },
      (error: unknown) => {
        if (hasCode(error, "engine-unavailable")) this.#trouble = String(error);
      },
    );
    return answer;
  }
}
