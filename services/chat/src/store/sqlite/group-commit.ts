/**
 * One transaction, and with it one sync of the disk, for all writes that arrive in one turn of the event loop. SQLite is synchronous
 * here: the process waits while a batch is written and synced, which bounds the batch.
 */
import type { DatabaseSync } from "node:sqlite";
import { Fault, type Readiness } from "@sluice/runtime";

/** Writes in one transaction. At about 20 microseconds each they hold the event loop up less than one slow sync does. */
const batchMax = 200;

interface Waiting {
  /** Writes, and returns what tells its caller. */
  readonly write: () => () => void;
  readonly fail: (fault: Fault) => void;
}

export class GroupCommit {
  readonly #database: DatabaseSync;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #broken: Fault | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Runs `write` inside a transaction and resolves with what it returns once that is on the disk. Rejects with `storage-failed` when
   * the transaction fails. `write` must not throw for the sake of its input: it would take its neighbours with it.
   */
  run<Result>(write: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        write: () => {
          const result = write();
          return () => resolve(result);
        },
        fail: reject,
      };
      this.#waiting.push(waiting);
      this.#schedule();
    });
  }

  readiness(): Readiness {
    if (this.#broken === undefined) return { ready: true };
    return { ready: false, reason: `the chat's store failed: ${this.#broken.message}` };
  }

  /** Writes what still waits. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commit(this.#waiting.splice(0, batchMax));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commit(this.#waiting.splice(0, batchMax));
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commit(batch: readonly Waiting[]): void {
    if (batch.length === 0) return;
    const answers: (() => void)[] = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { write } of batch) answers.push(write());
      this.#sync();
    } catch (cause) {
      const fault = new Fault("storage-failed", "The chat's store could not write.", { cause });
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      for (const { fail } of batch) fail(fault);
      return;
    }
    for (const answer of answers) answer();
  }

  /** After a commit that failed nobody knows what the disk holds: nothing is written any more, and a restart reads it anew. */
  #sync(): void {
    try {
      this.#database.exec("COMMIT");
    } catch (cause) {
      this.#broken = new Fault("storage-failed", String(cause), { cause });
      throw cause;
    }
  }
}
