/**
 * What a connection was handed and has not settled. When it ends its consumer is gone, and what it held goes back at once instead
 * of after its visibility timeout: uncounted where the kernel never took it, counted where it did.
 */
import type { WireReceipt as Receipt } from "@sluice/protocol/full";
import type { FullBroker } from "./full-broker.ts";

/** One push or answer on its way to the kernel. */
export interface HandedGroup {
  readonly queue: string;
  readonly receipts: readonly Receipt[];
}

export class HeldDeliveries {
  readonly #countMax: number;
  /** By queue, by sequence: the lease. A message that comes again replaces its old lease, so that a queue's messages bound it. */
  readonly #queues = new Map<string, Map<number, number>>();
  readonly #unsent = new Set<HandedGroup>();
  #count = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#count;
  }

  /** Remembers what is about to be written. `sent` of the group is to follow when the kernel has taken it. */
  add(group: HandedGroup): void {
    if (group.receipts.length === 0) return;
    this.#unsent.add(group);
    let held = this.#queues.get(group.queue);
    if (held === undefined) {
      held = new Map();
      this.#queues.set(group.queue, held);
    }
    this.#count -= held.size;
    for (const { sequence, lease } of group.receipts) held.set(sequence, lease);
    this.#count += held.size;
    for (const [sequence] of held) {
      if (this.#count <= this.#countMax) break;
      held.delete(sequence);
      this.#count--;
    }
  }

  sent(group: HandedGroup): void {
    this.#unsent.delete(group);
  }

  /** The client has said what became of these. */
  settled(queue: string, receipts: readonly Receipt[]): void {
    const held = this.#queues.get(queue);
    if (held === undefined) return;
    this.#count -= held.size;
    for (const { sequence, lease } of receipts) if (held.get(sequence) === lease) held.delete(sequence);
    this.#count += held.size;
    if (held.size === 0) this.#queues.delete(queue);
  }

  /** Gives everything back. A refusal is as good: the lease has ended, or the storage has, and the message is there again anyway. */
  async giveBack(broker: FullBroker): Promise<void> {
    const groups: Promise<unknown>[] = [];
    for (const { queue, receipts } of this.#unsent) {
      const held = this.#queues.get(queue);
      const unsent = receipts.filter(({ sequence, lease }) => held?.get(sequence) === lease);
      this.settled(queue, unsent);
      if (unsent.length > 0) groups.push(release(broker, queue, unsent, false));
    }
    this.#unsent.clear();
    for (const [queue, held] of this.#queues) {
      const receipts = [...held].map(([sequence, lease]) => ({ sequence, lease }));
      groups.push(release(broker, queue, receipts, true));
    }
    this.#queues.clear();
    this.#count = 0;
    await Promise.all(groups);
  }
}

const release = (
  broker: FullBroker,
  queue: string,
  receipts: readonly Receipt[],
  counts: boolean,
): Promise<unknown> => broker.nackBatch({ queue, receipts, delayMs: 0, counts });
