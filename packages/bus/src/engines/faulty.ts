/**
 * An engine that goes wrong where a test says so: calls travel for a while, fail before or after their effect, or come from a process
 * that has died. It stands for one process's way to an engine that others share.
 */
import type { Clock, Random } from "@sluice/runtime";
import type {
  Durability,
  Engine,
  EngineAssignment,
  EngineMembership,
  EngineOutgoing,
  EnginePlace,
  EngineReceipt,
  EngineRecord,
  EngineRevoke,
  EngineTransaction,
} from "../engine.ts";
import { BusFault } from "../faults.ts";

/**
 * - `works`: as asked.
 * - `lost`: nothing happens, and the caller gets `engine-unavailable`.
 * - `answer-lost`: it happens, and the caller gets `engine-unavailable`.
 * - `dies-before`, `dies-after`: the process ends before or after it happens; nobody hears anything.
 */
export type Fate = "works" | "lost" | "answer-lost" | "dies-before" | "dies-after";

/** `append` is a publish or a transaction, `commit` an offset commit of a member, `ask` everything else but reading. */
export interface FaultyCall {
  readonly kind: "append" | "commit" | "ask";
  /** From 1, by kind. */
  readonly number: number;
}

export interface FaultyEngineOptions {
  /** The engine that works. Stays the caller's. */
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly fateOf: (call: FaultyCall) => Fate;
  /** A call and its answer take up to so long each; their order is kept. Default 0: no time at all. */
  readonly delayMsMax?: number;
  /** Called when a fate ended the process. */
  readonly onDeath?: () => void;
}

export class FaultyEngine implements Engine {
  readonly name: Engine["name"];
  readonly durability: Durability;
  readonly #options: FaultyEngineOptions;
  readonly #counts = { append: 0, commit: 0, ask: 0 };
  readonly #memberships = new Set<EngineMembership>();
  readonly #died = new AbortController();
  readonly #lastArrivalMs = { request: 0, answer: 0 };
  /** What is to be told to the members when they hear again; undefined while they do. */
  #withheld: Map<string, () => void> | undefined;

  private constructor(options: FaultyEngineOptions) {
    this.#options = options;
    this.name = options.engine.name;
    this.durability = options.engine.durability;
  }

  static over(options: FaultyEngineOptions): FaultyEngine {
    return new FaultyEngine(options);
  }

  /** How many appends were asked for. */
  get appendCount(): number {
    return this.#counts.append;
  }

  /** Ends the process: what has not happened never will, nothing is answered any more, and its memberships end. */
  async die(): Promise<void> {
    if (this.#died.signal.aborted) return;
    this.#died.abort();
    this.#options.onDeath?.();
    for (const membership of this.#memberships) await membership[Symbol.asyncDispose]();
  }

  /** Members hear of no new generation, unless they join again: an owner that does not know that it is one no longer. */
  deafen(): void {
    this.#withheld ??= new Map();
  }

  /** Members hear again, first of the newest generation that they missed. */
  hear(): void {
    const tellings = [...(this.#withheld?.values() ?? [])];
    this.#withheld = undefined;
    for (const tell of tellings) tell();
  }

  createTopic(topic: string, partitionCount: number): Promise<void> {
    return this.#call("ask", () => this.#options.engine.createTopic(topic, partitionCount));
  }

  partitionCount(topic: string): Promise<number> {
    return this.#call("ask", () => this.#options.engine.partitionCount(topic));
  }

  publish(records: readonly EngineOutgoing[]): Promise<EngineReceipt> {
    return this.#call("append", () => this.#options.engine.publish(records));
  }

  transact(transaction: EngineTransaction): Promise<EngineReceipt> {
    return this.#call("append", () => this.#options.engine.transact(transaction));
  }

  deleteRecordsBefore(place: EnginePlace): Promise<void> {
    return this.#call("ask", () => this.#options.engine.deleteRecordsBefore(place));
  }

  endOffset(topic: string, partition: number): Promise<number> {
    return this.#call("ask", () => this.#options.engine.endOffset(topic, partition));
  }

  committedOffset(group: string, topic: string, partition: number): Promise<number | undefined> {
    return this.#call("ask", () => this.#options.engine.committedOffset(group, topic, partition));
  }

  async *read(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly EngineRecord[]> {
    const until = AbortSignal.any([signal, this.#died.signal]);
    for await (const batch of this.#options.engine.read(topic, partition, offset, until)) {
      if (this.#died.signal.aborted) break;
      yield batch;
    }
    if (this.#died.signal.aborted) await never();
  }

  async join(
    group: string,
    topics: readonly string[],
    assigned: (assignment: EngineAssignment) => void,
    revoked?: (revoke: EngineRevoke) => Promise<void>,
  ): Promise<EngineMembership> {
    let membership: EngineMembership | undefined;
    try {
      await this.#call("ask", async () => {
        this.#withheld = undefined;
        const hear = (assignment: EngineAssignment): void => {
          if (this.#died.signal.aborted) return;
          if (this.#withheld === undefined) assigned(assignment);
          else this.#withheld.set(group, () => assigned(assignment));
        };
        // Who is dead or deaf finishes nothing: the others wait until its time is over.
        const finish = async (revoke: EngineRevoke): Promise<void> => {
          if (this.#died.signal.aborted || this.#withheld !== undefined) return never();
          await revoked?.(revoke);
        };
        membership = await this.#options.engine.join(group, topics, hear, revoked && finish);
        this.#memberships.add(membership);
      });
    } catch (error) {
      // Nobody holds it: it ends, as a session does that is not kept up.
      if (membership !== undefined) await this.#leave(membership);
      throw error;
    }
    const joined = membership ?? (await never());
    return {
      commit: (generation, place) => this.#call("commit", () => joined.commit(generation, place)),
      [Symbol.asyncDispose]: () => this.#call("ask", () => this.#leave(joined)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.die();
  }

  async #leave(membership: EngineMembership): Promise<void> {
    this.#memberships.delete(membership);
    await membership[Symbol.asyncDispose]();
  }

  async #call<Answer>(kind: FaultyCall["kind"], effect: () => Promise<Answer>): Promise<Answer> {
    if (this.#died.signal.aborted) return never();
    const call = { kind, number: ++this.#counts[kind] };
    const fate = this.#options.fateOf(call);
    await this.#travel("request");
    if (fate === "dies-before") await this.die();
    if (this.#died.signal.aborted) return never();
    const happened = fate === "lost" ? Promise.reject(unavailable(call)) : effect();
    const [outcome] = await Promise.allSettled([happened]);
    if (fate === "dies-after") await this.die();
    await this.#travel("answer");
    if (this.#died.signal.aborted) return never();
    if (outcome.status === "rejected") throw outcome.reason;
    if (fate === "answer-lost") throw unavailable(call);
    return outcome.value;
  }

  /** Nothing overtakes what was sent before it. */
  #travel(way: "request" | "answer"): Promise<void> | undefined {
    const { clock, random, delayMsMax = 0 } = this.#options;
    if (delayMsMax === 0) return undefined;
    const nowMs = clock.now().monotonicMs;
    const arrivalMs = Math.max(this.#lastArrivalMs[way], nowMs + random.unit() * delayMsMax);
    this.#lastArrivalMs[way] = arrivalMs;
    return new Promise((resolve) => void clock.after(arrivalMs - nowMs, resolve));
  }
}

function unavailable({ kind, number }: FaultyCall): BusFault {
  return new BusFault("engine-unavailable", `${kind} ${number} went wrong, as the test asked for`);
}

function never(): Promise<never> {
  return new Promise(() => {});
}
