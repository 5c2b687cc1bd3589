/** A member of a consumer group: follows what the engine assigns, with one consumer a partition. */
import type { Log } from "@sluice/runtime";
import type { Engine, EngineAssignment, EngineMembership, EngineRevoke } from "./engine.ts";
import type { Sender } from "./envelope.ts";
import type { GoneRecords } from "./gone-records.ts";
import type { Handler } from "./handler.ts";
import { PartitionConsumer } from "./partition-consumer.ts";
import { defaultRetryPolicy, type RetryPolicy } from "./retry.ts";
import type { Topics } from "./topics.ts";

export interface SubscribeOptions {
  /** Members of one group share the partitions; each group hears every event. A new group begins with the oldest. */
  readonly group: string;
  /** Made by `on(eventType, handle)`; at most one for an event. */
  readonly handlers: readonly Handler[];
  /** Default: 5 attempts, 200 ms doubling to at most 30 s, of which the upper half is random. */
  readonly retry?: Partial<RetryPolicy>;
}

/** What a subscription needs from its bus. */
export interface SubscriptionBase {
  readonly engine: Engine;
  readonly topics: Topics;
  readonly sender: Sender;
  readonly log: Log;
  readonly goneRecords: GoneRecords;
}

/** Handles events until it is disposed of. Disposing waits for the handlers that run and commits what they have done. */
export class Subscription implements AsyncDisposable {
  readonly #base: SubscriptionBase;
  readonly #group: string;
  readonly #handlers: readonly Handler[];
  readonly #retry: RetryPolicy;
  readonly #consumers = new Map<string, PartitionConsumer>();
  /** Consumers that are on their way out, by partition: the next one there waits for them. */
  readonly #leaving = new Map<
    string,
    { readonly consumer: PartitionConsumer; readonly left: Promise<void> }
  >();
  #membership: EngineMembership | undefined;
  #assignment: EngineAssignment | undefined;
  #closed = false;

  private constructor(base: SubscriptionBase, options: SubscribeOptions) {
    this.#base = base;
    this.#group = options.group;
    this.#handlers = options.handlers;
    this.#retry = { ...defaultRetryPolicy, ...options.retry };
  }

  /** Joins the group; resolves when the engine has assigned partitions to it. */
  static async open(base: SubscriptionBase, options: SubscribeOptions): Promise<Subscription> {
    const topics = new Set(options.handlers.map((handler) => handler.topic));
    const types = new Set(options.handlers.map((handler) => `${handler.topic}/${handler.type}`));
    if (types.size < options.handlers.length) throw new TypeError("two handlers for one event");
    for (const topic of topics) await base.topics.ensure(topic);
    const subscription = new Subscription(base, options);
    await subscription.#join([...topics]);
    return subscription;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const [place, consumer] of this.#consumers) this.#letGo(place, consumer, consumer.stop());
    await Promise.all(Array.from(this.#leaving.values(), ({ consumer }) => consumer.stop()));
    await this.#membership?.[Symbol.asyncDispose]();
  }

  async #join(topics: readonly string[]): Promise<void> {
    const assigned = (assignment: EngineAssignment): void => {
      this.#assignment = assignment;
      this.#follow();
    };
    const revoked = (revoke: EngineRevoke): Promise<void> => this.#finish(revoke);
    this.#membership = await this.#base.engine.join(this.#group, topics, assigned, revoked);
    this.#follow();
  }

  /** Each consumer that is to go ends with the record that it is at; its last commit is one of the present generation. */
  async #finish({ partitions, deadlineMs }: EngineRevoke): Promise<void> {
    const finishing = partitions.map(({ topic, partition }) => {
      const place = `${topic}/${partition}`;
      const consumer = this.#consumers.get(place);
      if (consumer !== undefined) this.#letGo(place, consumer, consumer.finish(deadlineMs));
      return this.#leaving.get(place)?.left;
    });
    await Promise.all(finishing);
  }

  /** Brings the consumers in line with the newest assignment. A partition that stays keeps its consumer. */
  #follow(): void {
    const { group, membership, assignment } = {
      group: this.#group,
      membership: this.#membership,
      assignment: this.#assignment,
    };
    if (membership === undefined || assignment === undefined || this.#closed) return;
    const { generation } = assignment;
    const wanted = new Map(
      assignment.partitions.map((place) => [`${place.topic}/${place.partition}`, place]),
    );
    for (const [place, consumer] of this.#consumers) {
      if (wanted.has(place)) consumer.renew(generation);
      else this.#letGo(place, consumer, consumer.stop());
    }
    for (const [place, { consumer }] of this.#leaving) {
      // What was revoked may have come back, and what it does last is to be committed now.
      if (wanted.has(place)) consumer.renew(generation);
      else void consumer.stop();
    }
    for (const [place, { topic, partition }] of wanted) {
      if (this.#consumers.has(place)) continue;
      const after = this.#leaving.get(place)?.left ?? Promise.resolve();
      const { handlers, retry } = { handlers: this.#handlers, retry: this.#retry };
      const { engine, topics, sender, log, goneRecords } = this.#base;
      this.#consumers.set(
        place,
        PartitionConsumer.start({
          engine,
          topics,
          sender,
          log,
          goneRecords,
          group,
          membership,
          generation,
          topic,
          partition,
          handlers,
          retry,
          after,
        }),
      );
    }
  }

  #letGo(place: string, consumer: PartitionConsumer, ended: Promise<void>): void {
    this.#consumers.delete(place);
    const left = ended.finally(() => {
      if (this.#leaving.get(place)?.left === left) this.#leaving.delete(place);
    });
    this.#leaving.set(place, { consumer, left });
  }
}
