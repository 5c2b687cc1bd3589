/** One partition that this process owns: its state, folded from the log, and the commands that change it. */
import type { Addition, Waiter } from "./batch.ts";
import { BatchLine } from "./batch-line.ts";
import type { Bus } from "./bus.ts";
import type { Durability, EngineOutgoing, EnginePlace, EngineReceipt, EngineRecord } from "./engine.ts";
import { partitionOf } from "./engines/partition.ts";
import { seal, sizeOf, unseal } from "./envelope.ts";
import type { EventType } from "./event.ts";
import { BusFault, RecordsGone } from "./faults.ts";
import type { Decision, ProjectPublish, Rules } from "./rules.ts";
import { tooLarge, transactionBytesMax } from "./transaction.ts";

/** A reply and what it rests on. */
export interface Answered<Reply> {
  readonly reply: Reply;
  readonly durability: Durability;
}

export interface OwnedPartitionOptions<State, Command, Rec, Reply> {
  readonly bus: Bus;
  readonly records: EventType<Rec>;
  readonly group: string;
  readonly rules: Rules<State, Command, Rec, Reply>;
  readonly project: ((record: Rec, publish: ProjectPublish) => void) | undefined;
  readonly partition: number;
  readonly partitionCount: number;
  readonly generation: number;
  /** Something was sent: deadlines may have moved. */
  readonly onChanged: () => void;
  /** A transaction is in the log. */
  readonly onLanded: () => void;
  /** The state is gone; the partition has to be folded under a new generation. */
  readonly onFailed: (cause: unknown) => void;
}

type Phase = "folding" | "live" | "ended";

/** Callers that wait at most. More of them are refused, so that a slow disk does not fill the memory. */
const waitersMax = 50_000;

export class OwnedPartition<State, Command, Rec, Reply> {
  readonly partition: number;
  readonly #options: OwnedPartitionOptions<State, Command, Rec, Reply>;
  readonly #state: State;
  readonly #end = new AbortController();
  #line: BatchLine | undefined;
  #phase: Phase = "folding";
  #lost: BusFault | undefined;
  #generation: number;
  #waiters = 0;

  constructor(options: OwnedPartitionOptions<State, Command, Rec, Reply>) {
    this.#options = options;
    this.partition = options.partition;
    this.#generation = options.generation;
    this.#state = options.rules.initial(options.partition);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why there can be no state: what it is folded from was deleted. */
  get lost(): BusFault | undefined {
    return this.#lost;
  }

  /** The newest that it is known to be owned in. */
  get generation(): number {
    return this.#generation;
  }

  /** Aborted when the partition is owned no longer. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The state's next deadline; none while there is no state. */
  get nextDeadlineMs(): number | undefined {
    return this.#phase === "live" ? this.#options.rules.nextDeadlineMs?.(this.#state) : undefined;
  }

  /** Reads the log from its beginning to the end that it has under this generation; then commands are taken. Never rejects. */
  async fold(): Promise<void> {
    const { bus, records } = this.#options;
    try {
      const endOffset = await bus.engine.endOffset(records.topic, this.partition);
      if (endOffset > 0) await this.#replay(endOffset);
      if (this.#phase !== "folding") return;
      this.#line = this.#openLine(endOffset);
      this.#phase = "live";
      this.#options.onChanged();
    } catch (error) {
      if (this.#phase !== "folding") return;
      this.#phase = "ended";
      this.#end.abort();
      if (error instanceof RecordsGone)
        this.#lost = stateLost(this.#options.records.topic, this.partition, error);
      this.#options.onFailed(this.#lost ?? error);
    }
  }

  /** Decides and applies at once; answers when the records are in the log. */
  async submit(command: Command, traceparent?: string): Promise<Answered<Reply>> {
    const line = this.#admit();
    const { decision, addition } = this.#decide(command, traceparent, undefined);
    const durability = await this.#commit(line, decision.records, addition);
    return { reply: decision.reply, durability };
  }

  /**
   * A command that an input event made: its offset is committed with its records, also when there are none. Throws, and does not
   * reject, when the command cannot be decided: then nothing has happened, and the next event has not been looked at.
   */
  consume(command: Command, traceparent: string | undefined, commit: EnginePlace): Promise<Reply> {
    const line = this.#liveLine();
    const { decision, addition } = this.#decide(command, traceparent, commit);
    return this.#commit(line, decision.records, addition).then(() => decision.reply);
  }

  /** An input event that cannot be a command: its dead letter and its offset, in one transaction. */
  async bury(deadLetter: EngineOutgoing, commit: EnginePlace): Promise<void> {
    const addition = { publishes: [deadLetter], bytes: sizeOf(deadLetter), recordCount: 0, commit };
    await this.#commit(this.#liveLine(), [], addition);
  }

  /** Looks at the state now, and answers when everything that the look saw is in the log. */
  async read<T>(look: (state: State) => T): Promise<T> {
    const line = this.#admit();
    const seen = look(this.#state);
    await this.#wait((waiter) => line.barrier(waiter));
    return seen;
  }

  /** Throws the state away: whoever waits is told so. */
  fail(cause: unknown): void {
    if (this.#phase === "live") this.#line?.fail(cause);
  }

  /**
   * The partition stays here, in a generation that follows on the one before: nobody else can have written in between. False when the state
   * cannot be kept, because what is in flight will be refused.
   */
  renew(generation: number): boolean {
    if (this.#phase !== "live" || this.#line?.renew(generation) !== true) return false;
    this.#generation = generation;
    return true;
  }

  /** Somebody else owns the partition now, or this process under a newer generation. What was sent ends as the engine says. */
  supersede(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#end.abort();
    this.#line?.abandon(new Error(`generation ${this.generation} is over`));
  }

  /** Takes no more commands; resolves when those that were taken are answered. */
  async close(): Promise<void> {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#end.abort();
    await this.#line?.drain();
  }

  async #replay(endOffset: number): Promise<void> {
    const { bus, records, rules } = this.#options;
    for await (const batch of bus.engine.read(records.topic, this.partition, 0, this.#end.signal)) {
      for (const record of batch) {
        if (record.offset >= endOffset) return;
        const parsed = this.#parse(record);
        if (parsed !== undefined) rules.apply(this.#state, parsed.data);
        if (record.offset === endOffset - 1) return;
      }
    }
  }

  /** A record that cannot be read costs that record only. */
  #parse(record: EngineRecord): { readonly data: Rec } | undefined {
    const { bus, records } = this.#options;
    try {
      return unseal(records, record, 1);
    } catch (error) {
      const { topic, partition, offset } = record;
      bus.log.error(
        { topic, partition, offset, err: error },
        "a record of the state is unreadable; passed over",
      );
      return undefined;
    }
  }

  /** Everything that can go wrong goes wrong here, before the state changes. */
  #decide(
    command: Command,
    traceparent: string | undefined,
    commit: EnginePlace | undefined,
  ): { decision: Decision<Rec, Reply>; addition: Addition } {
    const { bus, records, rules, project, partitionCount } = this.#options;
    const decision = rules.decide(this.#state, command, bus.sender.clock.now());
    const publishes: EngineOutgoing[] = [];
    const publish: ProjectPublish = (type, data) => {
      publishes.push(seal(bus.sender, type, data, traceparent).outgoing);
    };
    for (const record of decision.records) {
      if (partitionOf(records.key(record), partitionCount) !== this.partition) {
        throw new TypeError(`the key of a record of ${records.type} belongs to another partition`);
      }
      publish(records, record);
      project?.(record, publish);
    }
    const bytes = publishes.reduce((sum, outgoing) => sum + sizeOf(outgoing), 0);
    if (bytes > transactionBytesMax) throw tooLarge(bytes);
    return { decision, addition: { publishes, bytes, recordCount: decision.records.length, commit } };
  }

  async #commit(line: BatchLine, records: readonly Rec[], addition: Addition): Promise<Durability> {
    const { bus, rules } = this.#options;
    try {
      for (const record of records) rules.apply(this.#state, record);
    } catch (error) {
      // The state is half changed: nothing that it says holds any more.
      line.fail(error);
      throw this.#unavailable(error);
    }
    const isEmpty = addition.publishes.length === 0 && addition.commit === undefined;
    const receipt = await this.#wait((waiter) => {
      if (isEmpty) line.barrier(waiter);
      else line.add(addition, waiter);
    });
    return receipt?.durability ?? bus.durability;
  }

  #wait(enter: (waiter: Waiter) => void): Promise<EngineReceipt | undefined> {
    this.#waiters++;
    return new Promise<EngineReceipt | undefined>((resolve, reject) => enter({ resolve, reject })).finally(
      () => {
        this.#waiters--;
      },
    );
  }

  #liveLine(): BatchLine {
    if (this.#phase !== "live" || this.#line === undefined) {
      const why = this.#phase === "folding" ? "it is being folded" : "it is owned no longer";
      throw this.#unavailable(this.#lost ?? new Error(why));
    }
    return this.#line;
  }

  /** The same for callers from outside, of whom only so many may wait. */
  #admit(): BatchLine {
    if (this.#waiters >= waitersMax)
      throw this.#unavailable(new Error(`${this.#waiters} callers wait already`));
    return this.#liveLine();
  }

  #openLine(nextOffset: number): BatchLine {
    const { bus, group, records, onChanged, onLanded } = this.#options;
    return new BatchLine(
      {
        clock: bus.sender.clock,
        group,
        generation: this.generation,
        topic: records.topic,
        partition: this.partition,
        send: (transaction) => bus.send(transaction),
        onSent: onChanged,
        onLanded,
        onFailed: (cause) => {
          this.#phase = "ended";
          this.#end.abort();
          this.#options.onFailed(cause);
        },
        fault: (cause) => this.#unavailable(cause),
      },
      nextOffset,
    );
  }

  #unavailable(cause: unknown): BusFault {
    const why = cause instanceof Error ? cause.message : String(cause);
    const state = `${this.#options.records.topic}/${this.partition}`;
    return new BusFault("state-unavailable", `the state of ${state} is not available: ${why}`, { cause });
  }
}

const stateLost = (topic: string, partition: number, cause: RecordsGone): BusFault =>
  new BusFault(
    "records-gone",
    `the state of ${topic}/${partition} cannot be folded: its first records were deleted, what is left begins at offset ${cause.startOffset}`,
    { cause },
  );
