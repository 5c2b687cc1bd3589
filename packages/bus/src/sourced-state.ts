/**
 * Decide, append, apply for rules outside of the broker: a state by partition, whose truth is a topic of records. Commands change it at
 * once and are answered when their records are in the log; a failure throws the state away and folds it anew.
 */
import { type Clock, type Log, type Readiness, waitFor } from "@sluice/runtime";
import type { Bus } from "./bus.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { EngineAssignment, EngineMembership, EngineRevoke } from "./engine.ts";
import { partitionOf } from "./engines/partition.ts";
import type { EventType } from "./event.ts";
import { BusFault } from "./faults.ts";
import { type Answered, OwnedPartition } from "./owned-partition.ts";
import { followInputs } from "./partition-inputs.ts";
import { enginePatience, retryDelayMs } from "./retry.ts";
import type { Input, ProjectPublish, Rules } from "./rules.ts";

export interface SourcedStateOptions<State, Command, Rec, Reply> {
  readonly bus: Bus;
  /** The topic that is the truth. Nobody else may publish to it. Its partitions are the states. */
  readonly records: EventType<Rec>;
  /** The consumer group whose generation says who owns which partition. */
  readonly group: string;
  readonly rules: Rules<State, Command, Rec, Reply>;
  /** Events that the world is told, in the transaction of the record. A pure function of the record; called before it is applied. */
  readonly project?: (record: Rec, publish: ProjectPublish) => void;
  /** Events that are commands. Their topics must have as many partitions as `records`. */
  readonly inputs?: readonly Input<Command>[];
  /** Called with the reply to the command of an input, when that is in the log: for the log and the metrics, since nobody waits for it. */
  readonly onInputAnswered?: (command: Command, reply: Reply) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A deadline that is still due after its command waits so long before the next try. */
const overdueDelayMs = 1_000;

export class SourcedState<State, Command, Rec, Reply> implements AsyncDisposable {
  readonly #options: SourcedStateOptions<State, Command, Rec, Reply>;
  readonly #partitionCount: number;
  readonly #owned = new Map<number, OwnedPartition<State, Command, Rec, Reply>>();
  /** Partitions that go to others: those who wait in them are still answered. */
  readonly #finishing = new Set<Promise<void>>();
  readonly #timer: DeadlineTimer;
  readonly #closing = new AbortController();
  #membership: EngineMembership | undefined;
  #joinings = 0;
  #generation = 0;
  /** The newest generation under which something failed. */
  #failedGeneration = 0;
  #rejoining: Promise<void> | undefined;
  #failures = 0;

  private constructor(options: SourcedStateOptions<State, Command, Rec, Reply>, partitionCount: number) {
    this.#options = options;
    this.#partitionCount = partitionCount;
    this.#timer = new DeadlineTimer(options.clock, () => this.#fireDeadlines());
  }

  /**
   * Joins the group and folds the partitions that it is given. Rejects with `topic-differs` when an input topic has another number of
   * partitions, and with `records-gone` when the first records of a state were deleted: what is left is not the state. Resolves when the
   * first fold failed otherwise: it is tried again, and `readiness` says so meanwhile.
   */
  static async open<State, Command, Rec, Reply>(
    options: SourcedStateOptions<State, Command, Rec, Reply>,
  ): Promise<SourcedState<State, Command, Rec, Reply>> {
    const { bus, records, inputs = [] } = options;
    const partitionCount = await bus.topics.ensure(records.topic);
    for (const topic of new Set(inputs.map((input) => input.topic))) {
      const count = await bus.topics.ensure(topic);
      if (count !== partitionCount) {
        const sentence = `${topic} has ${count} partitions, and ${records.topic} has ${partitionCount}`;
        throw new BusFault("topic-differs", sentence);
      }
      await bus.topics.ensureDeadLetters(topic);
    }
    const state = new SourcedState(options, partitionCount);
    await state.#join();
    for (const { lost } of state.#owned.values()) {
      if (lost === undefined) continue;
      await state[Symbol.asyncDispose]();
      throw lost;
    }
    return state;
  }

  /**
   * Submits a command to the partition of `key`. The state changes at once; resolves with the reply when the records are in the log.
   * Rejects with `state-unavailable` while the partition is not owned or is being folded, and when the transaction failed or its
   * outcome is unknown. Anything else that the rules throw is passed on, and nothing has happened.
   */
  async submit(
    key: string,
    command: Command,
    options?: { readonly traceparent?: string },
  ): Promise<Answered<Reply>> {
    return this.#ownerOf(key).submit(command, options?.traceparent);
  }

  /**
   * Looks at the state of the key's partition. What `look` returns must not be a part of the state, which goes on changing. Resolves
   * when everything that it saw is in the log; rejects with `state-unavailable` as `submit` does.
   */
  async read<T>(key: string, look: (state: State) => T): Promise<T> {
    return this.#ownerOf(key).read(look);
  }

  /** As `read`, for who knows the partition but not the key. Rejects with `state-unavailable` also when there is no such partition. */
  async readPartition<T>(partition: number, look: (state: State) => T): Promise<T> {
    return this.#owner(partition).read(look);
  }

  /** How many states there are: the partitions of the records' topic. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  /** Ready when this process owns partitions and all of them are folded. */
  readiness(): Readiness {
    const { topic } = this.#options.records;
    if (this.#closing.signal.aborted) return { ready: false, reason: `the state of ${topic} is closed` };
    if (this.#owned.size === 0) return { ready: false, reason: `the state of ${topic} owns no partition` };
    for (const { partition, phase, lost } of this.#owned.values()) {
      if (lost !== undefined) return { ready: false, reason: lost.message };
      if (phase !== "live")
        return { ready: false, reason: `the state of ${topic}/${partition} is being folded` };
    }
    return { ready: true };
  }

  /** Takes no more commands, answers those that it took, and leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#timer.clear();
    await Promise.all([...Array.from(this.#owned.values(), (owned) => owned.close()), ...this.#finishing]);
    await this.#rejoining;
    const membership = this.#membership;
    this.#membership = undefined;
    await membership?.[Symbol.asyncDispose]();
  }

  #ownerOf(key: string): OwnedPartition<State, Command, Rec, Reply> {
    return this.#owner(partitionOf(key, this.#partitionCount));
  }

  #owner(partition: number): OwnedPartition<State, Command, Rec, Reply> {
    const owned = this.#owned.get(partition);
    if (owned !== undefined) return owned;
    const sentence = `the state of ${this.#options.records.topic}/${partition} is not owned by this process`;
    throw new BusFault("state-unavailable", sentence);
  }

  async #join(): Promise<void> {
    const { bus, group, records, inputs = [] } = this.#options;
    const topics = [...new Set([records.topic, ...inputs.map(({ topic }) => topic)])];
    const folds: Promise<void>[] = [];
    // A membership of which only the engine knows, because its answer was lost, has no say.
    const joining = ++this.#joinings;
    const assigned = (assignment: EngineAssignment): void => {
      if (joining === this.#joinings) folds.push(this.#own(assignment));
    };
    const revoked = async (revoke: EngineRevoke): Promise<void> => {
      if (joining === this.#joinings) await this.#finish(revoke);
    };
    this.#membership = await bus.engine.join(group, topics, assigned, revoked);
    await Promise.all(folds);
  }

  /** What is to go to others takes no more commands; those that it took are answered while its transactions still land. */
  async #finish({ generation, partitions }: EngineRevoke): Promise<void> {
    if (generation !== this.#generation) return;
    const { topic } = this.#options.records;
    const finishing = partitions.map(async (place) => {
      const owned = place.topic === topic ? this.#owned.get(place.partition) : undefined;
      if (owned === undefined) return;
      this.#owned.delete(place.partition);
      const finished = owned.close().finally(() => this.#finishing.delete(finished));
      this.#finishing.add(finished);
      await finished;
    });
    await Promise.all(finishing);
  }

  /** What stays here from one generation to the next goes on as it is; all else is thrown away, and what it had in flight is fenced off or in the log. */
  async #own({ generation, partitions }: EngineAssignment): Promise<void> {
    if (this.#closing.signal.aborted || generation <= this.#generation) return;
    const follows = generation === this.#generation + 1;
    this.#generation = generation;
    const { topic } = this.#options.records;
    const mine = new Set(
      partitions.filter((place) => place.topic === topic).map(({ partition }) => partition),
    );
    for (const owned of this.#owned.values()) {
      if (follows && mine.has(owned.partition) && owned.renew(generation)) continue;
      owned.supersede();
      this.#owned.delete(owned.partition);
    }
    const missing = [...mine].filter((partition) => !this.#owned.has(partition));
    await Promise.all(missing.map((partition) => this.#fold(partition, generation)));
  }

  async #fold(partition: number, generation: number): Promise<void> {
    const { bus, records, group, rules, project, inputs = [], onInputAnswered, log } = this.#options;
    const owned = new OwnedPartition<State, Command, Rec, Reply>({
      bus,
      records,
      group,
      rules,
      project,
      partition,
      partitionCount: this.#partitionCount,
      generation,
      onChanged: () => this.#setTimer(),
      onLanded: () => {
        this.#failures = 0;
      },
      onFailed: (cause) => this.#onFailed(owned, cause),
    });
    this.#owned.set(partition, owned);
    await owned.fold();
    if (owned.phase === "live")
      void followInputs({ bus, group, log, inputs, onAnswered: onInputAnswered, owned });
  }

  #onFailed(owned: OwnedPartition<State, Command, Rec, Reply>, cause: unknown): void {
    const { partition, generation, lost } = owned;
    if (this.#closing.signal.aborted || generation !== this.#generation) return;
    const { records, log } = this.#options;
    const where = { topic: records.topic, partition, generation, err: cause };
    if (lost !== undefined) {
      // No generation will find more of it. The other partitions go on.
      log.error(where, "the state is lost: its first records were deleted");
      return;
    }
    log.error(where, "the state is thrown away and folded anew under a new generation");
    this.#failedGeneration = generation;
    this.#rejoining ??= this.#rejoin();
  }

  /**
   * Leaves and joins, so that nothing of the failed generation can land any more: the first time at once, then with patience. Somebody
   * else's joining brings a new generation as well.
   */
  async #rejoin(): Promise<void> {
    const { bus, clock, log, group } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#mustRejoin) {
      for (const owned of this.#owned.values()) owned.supersede();
      const delayMs =
        this.#failures === 0 ? 0 : retryDelayMs(enginePatience, this.#failures, bus.sender.random);
      this.#failures++;
      if (delayMs > 0) await waitFor(clock, delayMs, signal).catch(() => {});
      if (signal.aborted || !this.#mustRejoin) break;
      try {
        await this.#membership?.[Symbol.asyncDispose]();
        this.#membership = undefined;
        await this.#join();
      } catch (error) {
        log.warn({ group, err: error }, "cannot join the group; trying again");
      }
    }
    this.#rejoining = undefined;
  }

  get #mustRejoin(): boolean {
    return this.#membership === undefined || this.#failedGeneration === this.#generation;
  }

  #setTimer(leastDelayMs = 0): void {
    if (this.#closing.signal.aborted) return;
    let earliestMs: number | undefined;
    for (const { nextDeadlineMs } of this.#owned.values()) {
      if (nextDeadlineMs === undefined) continue;
      earliestMs = Math.min(nextDeadlineMs, earliestMs ?? nextDeadlineMs);
    }
    this.#timer.set(earliestMs, leastDelayMs);
  }

  #fireDeadlines(): void {
    const { rules, clock, log } = this.#options;
    const { wallMs } = clock.now();
    const due = [...this.#owned.values()].filter(({ nextDeadlineMs = Infinity }) => nextDeadlineMs <= wallMs);
    const fired = due.map(async (owned) => {
      if (rules.deadline === undefined) return;
      try {
        await owned.submit(rules.deadline());
      } catch (error) {
        log.warn({ partition: owned.partition, err: error }, "the deadline command failed");
      }
    });
    // Those that moved their deadline have set the timer by what they sent.
    void Promise.all(fired).then(() => this.#setTimer(overdueDelayMs));
  }
}
