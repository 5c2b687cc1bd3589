/** Commands that share one transaction, and who waits for it. */
import type { EngineOutgoing, EnginePlace, EngineReceipt } from "./engine.ts";
import { transactionBytesMax } from "./transaction.ts";

/** Somebody whose answer rests on the batch. */
export interface Waiter {
  resolve(receipt: EngineReceipt | undefined): void;
  reject(error: unknown): void;
}

/** What one command adds to a batch. */
export interface Addition {
  readonly publishes: readonly EngineOutgoing[];
  readonly bytes: number;
  /** How many of the publishes are records of the state, and so move the end of its partition. */
  readonly recordCount: number;
  readonly commit: EnginePlace | undefined;
}

export class Batch {
  readonly publishes: EngineOutgoing[] = [];
  readonly waiters: Waiter[] = [];
  recordCount = 0;
  commit: EnginePlace | undefined;
  /** What the engine said. */
  outcome: { readonly receipt: EngineReceipt } | { readonly error: unknown } | undefined;
  #bytes = 0;

  /** A batch holds 4 MiB and one offset commit. */
  fits({ bytes, commit }: Addition): boolean {
    if (this.#bytes + bytes > transactionBytesMax) return false;
    return commit === undefined || this.commit === undefined || commit.topic === this.commit.topic;
  }

  add({ publishes, bytes, recordCount, commit }: Addition): void {
    this.publishes.push(...publishes);
    this.#bytes += bytes;
    this.recordCount += recordCount;
    this.commit = commit ?? this.commit;
  }
}
