/** What a transaction is made of, collected at once: publishes and at most one offset commit, small enough for one append. */
import type { EngineCommit, EngineOutgoing, EngineTransaction } from "./engine.ts";
import { type Sender, seal, sizeOf } from "./envelope.ts";
import type { EventType } from "./event.ts";
import { BusFault } from "./faults.ts";

/** Body, keys and headers of everything in one transaction. An append has to fit into one frame of the wire protocol. */
export const transactionBytesMax = 4 * 1024 * 1024;

/** The right to write: the whole transaction is refused unless the group is at this generation and the partition ends at this offset. */
export type Fence = NonNullable<EngineTransaction["fence"]>;

/** Handed to the function that `bus.transaction` calls. Good only until that function returns. */
export interface Transaction {
  /** Adds an event and returns its id. Throws `invalid-event` or `transaction-too-large`; then nothing of the transaction is sent. */
  publish<Data>(type: EventType<Data>, data: Data, options?: { readonly traceparent?: string }): string;
  /** The group has read up to, not including, `offset`. At most one a transaction. */
  commitOffset(commit: EngineCommit): void;
}

/** Collects a transaction. Nothing leaves before {@link done}. */
export class TransactionCollector implements Transaction {
  readonly #sender: Sender;
  readonly #publishes: EngineOutgoing[] = [];
  #commit: EngineCommit | undefined;
  #bytes = 0;
  #done = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  publish<Data>(type: EventType<Data>, data: Data, options?: { readonly traceparent?: string }): string {
    this.#assertCollecting();
    const { id, outgoing } = seal(this.#sender, type, data, options?.traceparent);
    this.#bytes += sizeOf(outgoing);
    if (this.#bytes > transactionBytesMax) throw tooLarge(this.#bytes);
    this.#publishes.push(outgoing);
    return id;
  }

  commitOffset(commit: EngineCommit): void {
    this.#assertCollecting();
    if (this.#commit !== undefined) throw new TypeError("a transaction takes at most one offset commit");
    this.#commit = commit;
  }

  /** Ends the collecting. */
  done(fence: Fence | undefined): EngineTransaction {
    this.#done = true;
    return {
      publishes: this.#publishes,
      ...(this.#commit === undefined ? {} : { commit: this.#commit }),
      ...(fence === undefined ? {} : { fence }),
    };
  }

  #assertCollecting(): void {
    if (this.#done) throw new TypeError("the transaction has been sent: it collects synchronously");
  }
}

export function tooLarge(bytes: number): BusFault {
  return new BusFault(
    "transaction-too-large",
    `${bytes} bytes in one transaction, at most ${transactionBytesMax} fit`,
  );
}
