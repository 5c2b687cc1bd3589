/** Reads one partition for one member of a consumer group: one record after the other, each until it is handled or a dead letter. */
import { type Log, waitFor } from "@sluice/runtime";
import { type DeadLetterReason, deadLetterOf } from "./dead-letter.ts";
import type { Engine, EngineMembership, EngineRecord } from "./engine.ts";
import type { Sender } from "./envelope.ts";
import { InvalidEvent, RecordsGone } from "./faults.ts";
import type { GoneRecords } from "./gone-records.ts";
import { type Handler, handlerFor } from "./handler.ts";
import { OffsetCommits } from "./offset-commits.ts";
import { enginePatience, type RetryPolicy, retryDelayMs } from "./retry.ts";
import type { Topics } from "./topics.ts";

export interface PartitionConsumerOptions {
  readonly engine: Engine;
  readonly topics: Topics;
  readonly sender: Sender;
  readonly log: Log;
  readonly goneRecords: GoneRecords;
  readonly group: string;
  readonly membership: EngineMembership;
  readonly generation: number;
  readonly topic: string;
  readonly partition: number;
  readonly handlers: readonly Handler[];
  readonly retry: RetryPolicy;
  /** Resolves when whoever read the partition before in this process has let go of it. */
  readonly after: Promise<void>;
}

type Outcome =
  | { readonly handled: true }
  | {
      readonly handled: false;
      readonly reason: DeadLetterReason;
      readonly error: unknown;
      readonly attempts: number;
    };

export class PartitionConsumer {
  readonly #options: PartitionConsumerOptions;
  /** Aborted: no further record is begun, nor is one tried again. */
  readonly #last = new AbortController();
  /** Aborted: what is under way should come to its end. */
  readonly #stop = new AbortController();
  readonly #commits: OffsetCommits;
  readonly #ended: Promise<void>;
  #nextOffset: number | undefined;

  private constructor(options: PartitionConsumerOptions) {
    this.#options = options;
    const { membership, topic, partition, generation, sender } = options;
    this.#commits = new OffsetCommits({
      commit: (present, offset) => membership.commit(present, { topic, partition, offset }),
      clock: sender.clock,
      random: sender.random,
      signal: this.#stop.signal,
      generation,
    });
    this.#ended = this.#run();
  }

  /** Begins to read where the group's commit says, or with the oldest record. */
  static start(options: PartitionConsumerOptions): PartitionConsumer {
    return new PartitionConsumer(options);
  }

  /** The partition stays here under a new generation. */
  renew(generation: number): void {
    this.#commits.renew(generation);
  }

  /** Takes no further record, asks the handler that runs to come to its end, and commits what is done. */
  async stop(): Promise<void> {
    this.#last.abort();
    this.#stop.abort();
    await this.#ended;
  }

  /** The same, but gives the handler that runs until the deadline before it is asked to. */
  async finish(deadlineMs: number): Promise<void> {
    this.#last.abort();
    using _ = this.#options.sender.clock.after(deadlineMs, () => this.#stop.abort());
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { engine, group, topic, partition, log, after } = this.#options;
    const { signal } = this.#last;
    await after;
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.#nextOffset ??= await engine.committedOffset(group, topic, partition);
        for await (const batch of engine.read(topic, partition, this.#nextOffset ?? 0, signal)) {
          failures = 0;
          for (const record of batch) {
            if (!signal.aborted) await this.#consume(record);
          }
        }
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof RecordsGone) {
          this.#passOver(error);
          continue;
        }
        log.warn({ group, topic, partition, err: error }, "cannot read the partition; trying again");
        await this.#pause(enginePatience, ++failures, signal);
      }
    }
    await this.#commits.idle();
  }

  #passOver(gone: RecordsGone): void {
    const { goneRecords, group, topic, partition } = this.#options;
    this.#nextOffset = goneRecords.passOver({ group, topic, partition, offset: this.#nextOffset }, gone);
    this.#commits.advance(this.#nextOffset);
  }

  /** Returns with the record done, or left for the next owner because this one is to take no more. */
  async #consume(record: EngineRecord): Promise<void> {
    const outcome = await this.#handle(record);
    if (outcome === undefined) return;
    const nextOffset = record.offset + 1;
    if (outcome.handled) this.#commits.advance(nextOffset);
    else if (!(await this.#bury(record, outcome))) return;
    this.#nextOffset = nextOffset;
  }

  async #handle(record: EngineRecord): Promise<Outcome | undefined> {
    const { handlers, retry, log, group, topic, partition } = this.#options;
    const { signal } = this.#last;
    const handler = handlerFor(handlers, record);
    if (handler === undefined) {
      const error = `${group} has no handler for this type`;
      return { handled: false, reason: "unknown-type", error, attempts: 0 };
    }
    let run: ReturnType<Handler["prepare"]>;
    try {
      run = handler.prepare(record);
    } catch (error) {
      return { handled: false, reason: "invalid-event", error, attempts: 0 };
    }
    for (let attempt = 1; ; attempt++) {
      try {
        await run(attempt, { signal: this.#stop.signal });
        return { handled: true };
      } catch (error) {
        if (signal.aborted) return undefined;
        const where = { group, topic, partition, offset: record.offset, attempt, err: error };
        if (error instanceof InvalidEvent) {
          log.error(where, "the handler found the event invalid; it becomes a dead letter");
          return { handled: false, reason: "invalid-event", error, attempts: attempt };
        }
        if (attempt >= retry.attemptsMax) {
          log.error(where, "the handler failed for the last time; the event becomes a dead letter");
          return { handled: false, reason: "handler-failed", error, attempts: attempt };
        }
        log.warn(where, "the handler failed; trying again");
        await this.#pause(retry, attempt, signal);
        if (signal.aborted) return undefined;
      }
    }
  }

  /** Publishes the dead letter and commits the offset as one transaction, until it is done (true) or the partition is given up. */
  async #bury(record: EngineRecord, outcome: Outcome & { readonly handled: false }): Promise<boolean> {
    const { engine, topics, sender, group, topic, partition, log } = this.#options;
    const { signal } = this.#stop;
    const offset = record.offset + 1;
    for (let failures = 0; !signal.aborted; ) {
      // An older offset must not be committed after this one.
      await this.#commits.idle();
      try {
        const deadLetters = await topics.ensureDeadLetters(topic);
        const cause = { ...outcome, group, timeMs: sender.clock.now().wallMs };
        await engine.transact({
          publishes: [deadLetterOf(record, deadLetters, cause)],
          commit: { group, generation: this.#commits.generation, topic, partition, offset },
        });
        this.#commits.committedElsewhere(offset);
        return true;
      } catch (error) {
        const where = { group, topic, partition, offset: record.offset, err: error };
        log.warn(where, "cannot write the dead letter; trying again");
        await this.#pause(enginePatience, ++failures, signal);
      }
    }
    return false;
  }

  async #pause(
    policy: Pick<RetryPolicy, "firstDelayMs" | "delayMsMax">,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, random } = this.#options.sender;
    await waitFor(clock, retryDelayMs(policy, failures, random), signal).catch(() => {});
  }
}
