/**
 * The heart of the shell: takes what the rules decided to the journal, applies it at once, and lets nothing leave before it has settled.
 * Everything that changes a state in this process passes through `commit`.
 */
import { assert, type Clock, type Log, type Now, type Random } from "@sluice/runtime";
import type { ArchiveFile } from "../journal/archive.ts";
import type { Durability, Journal, Shortage, StorageFault } from "../journal/journal.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import { isFoldedWhole, reconcileArchive, takeDeadFiles } from "./archive-files.ts";
import type { Memory } from "./batch.ts";
import { takeAllDeadBodies } from "./dead-bodies.ts";
import type { Salt } from "./ids.ts";
import type { BrokerLimits } from "./limits.ts";
import type { BrokerState, Change, UnwrittenChange } from "./state.ts";

/** Called after each commit with what it touched, when the states have changed and before anything has settled. */
export type Touched = (changes: readonly Change[]) => void;

export interface CoreOptions {
  readonly journal: Journal;
  readonly state: BrokerState;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: BrokerLimits;
}

export class Core {
  readonly state: BrokerState;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly journal: Journal;
  readonly limits: BrokerLimits;
  readonly #touched: Touched[] = [];
  #draining = false;
  /** Bytes of records that this process has appended. */
  appendedBytes = 0;

  constructor(options: CoreOptions) {
    this.journal = options.journal;
    this.state = options.state;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.limits = options.limits;
  }

  /** What ids and receipts of this broker carry. */
  get salt(): Salt {
    const { salt } = this.state.catalog;
    assert(salt !== undefined, "an open broker has its identity");
    return salt;
  }

  /** Folds the journal into the state. The journal tells of damage; a record that cannot be read is logged here and passed over. */
  async recover(): Promise<void> {
    const now = this.clock.now();
    const { damages } = await this.journal.replay(({ parts, sequence }) => {
      for (const part of parts) {
        const problem = this.state.replay(part, now);
        if (problem !== undefined) this.log.error({ sequence, owner: part.owner, type: part.type }, problem);
      }
    });
    this.journal.release(takeAllDeadBodies(this.state));
    await reconcileArchive(this, damages.length === 0 && isFoldedWhole(this.state));
  }

  /** Hears of each commit from now on. */
  onTouched(touched: Touched): void {
    this.#touched.push(touched);
  }

  now(): Now {
    return this.clock.now();
  }

  /** Refuses new work from now on; what is under way goes on. */
  drain(): void {
    this.#draining = true;
  }

  /** Why nothing can be asked now, if so. `work` that finishes something is still taken while draining. */
  refusal(work: "new" | "finishing"): Refused<"storage-failed" | "shutting-down"> | undefined {
    const { fault } = this.journal;
    if (fault !== undefined) return storageFailed(fault);
    if (this.#draining && work === "new") {
      return refuse("shutting-down", "The broker is shutting down and takes no new work.");
    }
    return undefined;
  }

  /** Why no message or record of this durability can be added now, if so. What drains the disk is never refused for its being full. */
  refuseGrowth(durability: "synced" | "buffered" | "memory"): Refused<"disk-full"> | undefined {
    const { full } = this.journal;
    return full === undefined || durability === "memory" ? undefined : refuse("disk-full", shortages[full]);
  }

  /** What there is of memory for a batch. `holdsBodies`: its bodies stay in memory, wherever else they are. */
  memory(holdsBodies: boolean): Memory {
    const { memoryBytes: heldBytes } = this.state;
    const { memoryBudgetBytes: budgetBytes } = this.limits;
    return { heldBytes, budgetBytes, holdsBodies: holdsBodies || this.journal.durability === "memory" };
  }

  /** What an answer rests on when its records asked for `wanted`: the journal bounds what can be had. */
  durability(wanted: "synced" | "buffered" | "memory"): Durability {
    const strongest = this.journal.durability;
    if (wanted === "memory" || strongest === "memory") return "memory";
    return wanted === "buffered" || strongest === "buffered" ? "buffered" : strongest;
  }

  /**
   * Appends the changes as one atomic append and applies them. The returned promise resolves when the append has settled, with a
   * refusal if it never will. Without changes it is a barrier: it resolves when everything applied so far has settled. `now` is the instant
   * that they were decided at, if it was this one.
   */
  commit(
    changes: readonly Change[],
    now: Now = this.clock.now(),
  ): Promise<Refused<"storage-failed"> | undefined> {
    return new Promise((resolve) => {
      this.commitThen(
        changes,
        (fault) => resolve(fault === undefined ? undefined : storageFailed(fault)),
        now,
      );
    });
  }

  /** Applies changes of which nothing is written: those of live topics and memberships. They settle at once, whatever else is being written. */
  applyUnwritten(changes: readonly UnwrittenChange[]): void {
    const now = this.clock.now();
    for (const change of changes) this.state.apply(change, now, [], 0);
  }

  /** `commit` with a callback in place of a promise. */
  commitThen(
    changes: readonly Change[],
    settled: (fault: StorageFault | undefined) => void,
    now: Now = this.clock.now(),
  ): void {
    const { state, journal } = this;
    const parts = changes.map((change) => state.encode(change));
    for (const { head, bodies } of parts) {
      this.appendedBytes += head.byteLength;
      for (const body of bodies) if (body instanceof Uint8Array) this.appendedBytes += body.byteLength;
    }
    const dead: number[] = [];
    const deadFiles: ArchiveFile[] = [];
    const { positions } = journal.append(parts, (fault) => {
      if (fault === undefined && dead.length > 0) journal.release(dead);
      if (fault === undefined && deadFiles.length > 0) journal.archive?.release(deadFiles);
      settled(fault);
    });
    let first = 0;
    for (let i = 0; i < changes.length; i++) {
      const [change, part] = [changes[i], parts[i]];
      assert(change !== undefined && part !== undefined, "each change has its part");
      state.apply(change, now, positions, first);
      first += part.bodies.length;
    }
    for (const position of state.takeDeadBodies(changes)) dead.push(position);
    for (const file of takeDeadFiles(state, changes)) deadFiles.push(file);
    for (const touched of this.#touched) touched(changes);
  }
}

const shortages = {
  disk: "The disk is full. Nothing new is taken until there is space; receives and acks go on, and what they finish makes space.",
  budget:
    "The journal has as many bytes as it may. Nothing new is taken until some are gone; receives and acks go on, and what they finish makes room.",
} as const satisfies Record<Shortage, string>;

export const storageFailed = (fault: StorageFault): Refused<"storage-failed"> =>
  refuse(
    "storage-failed",
    `The storage failed (${fault.message}); nothing is accepted until the broker is started again.`,
  );
