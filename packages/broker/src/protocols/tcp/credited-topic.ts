/**
 * A live subscription that is pushed as far as there is credit and the connection takes it; what must wait, waits in the broker's bounded
 * buffer. What a push looks like is for the protocol to say.
 */
import type {
  BrokerApi,
  LiveEnd,
  LiveSubscription,
  Overflow,
  Result,
  TopicRecord,
} from "../../broker/api.ts";
import type { ConnectionLimits } from "./connection-limits.ts";

export interface CreditedTopicOptions {
  readonly broker: BrokerApi;
  readonly limits: Pick<ConnectionLimits, "creditMax" | "subscriberCountMax">;
  readonly topic: string;
  readonly credit: number;
  readonly bufferCountMax: number;
  readonly overflow: Overflow;
  /** Bytes of one push. */
  readonly pushBytesMax: number;
  /** Whether the connection takes nothing more now. */
  readonly congested: () => boolean;
  /** `dropped`: copies for which there was no room so far. */
  readonly push: (records: readonly TopicRecord[], dropped: number) => void;
  /** The broker ended it. Nothing follows. */
  readonly ended: (why: LiveEnd) => void;
}

/** Records of one push: enough to fill a write, few enough that subscribers at the same pace take the same ones. */
const pushCountMax = 256;

export class CreditedTopic {
  readonly #options: CreditedTopicOptions;
  #subscription: LiveSubscription | undefined;
  #credit: number;
  #scheduled = false;
  #isOver = false;

  constructor(options: CreditedTopicOptions) {
    this.#options = options;
    this.#credit = Math.min(options.credit, options.limits.creditMax);
  }

  /** Begins, unless the broker refuses it. What is pushed comes in a later turn than this. */
  start(): Result<object> {
    const { broker, limits, topic, bufferCountMax, overflow, ended } = this.#options;
    const result = broker.subscribeLive({
      topic,
      bufferCountMax,
      overflow,
      subscriberCountMax: limits.subscriberCountMax,
      onReadable: () => this.#pumpSoon(),
      // In one turn of the loop more may be published than the buffer holds: who keeps up must lose nothing by our order of doing things.
      onFilling: () => this.pump(),
      onClosed: ended,
    });
    if (result.ok) this.#subscription = result.subscription;
    return result;
  }

  credit(add: number): void {
    this.#credit = Math.min(this.#credit + add, this.#options.limits.creditMax);
    this.pump();
  }

  pump(): void {
    const { congested, push, pushBytesMax } = this.#options;
    while (!this.#isOver && this.#credit > 0 && !congested()) {
      const records = this.#subscription?.take(Math.min(this.#credit, pushCountMax), pushBytesMax) ?? [];
      if (records.length === 0) return;
      this.#credit -= records.length;
      push(records, this.#subscription?.dropped ?? 0);
    }
  }

  /** False when it was closed before. */
  close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#subscription?.[Symbol.dispose]();
    return true;
  }

  #pumpSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.pump();
    });
  }
}
