/**
 * What a connection was handed and has not settled. When it ends its consumer is gone, and what it held goes back at once instead
 * of after its visibility timeout: uncounted where the kernel never took it, counted where it did.
 */
import type { BrokerApi } from "../../../broker/api.ts";

interface Held {
  readonly queue: string;
  isHandedOver: boolean;
}

/** What one costs in memory, about. */
const heldBytes = 200;

export class HeldReceipts {
  readonly #countMax: number;
  readonly #held = new Map<string, Held>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#held.size * heldBytes;
  }

  /** Remembers what is about to be written. */
  add(queue: string, receipt: string): void {
    this.#held.set(receipt, { queue, isHandedOver: false });
    if (this.#held.size <= this.#countMax) return;
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest);
      return;
    }
  }

  handedOver(receipt: string): void {
    const held = this.#held.get(receipt);
    if (held !== undefined) held.isHandedOver = true;
  }

  /** The client has said what became of it. */
  settled(receipt: string): void {
    this.#held.delete(receipt);
  }

  /** Gives everything back. A refusal is as good: the lease has ended, or the storage has, and the message is there again anyway. */
  async giveBack(broker: BrokerApi): Promise<void> {
    const held = [...this.#held];
    this.#held.clear();
    await Promise.all(
      held.map(([receipt, { queue, isHandedOver }]) =>
        broker.nack({ queue, receipt, delayMs: 0, counts: isHandedOver }),
      ),
    );
  }
}
