/** Acks, nacks and extensions of one turn go out as one request a queue: a thousand handlers that end together cost one frame. */
import { type WireReceipt, writeAck, writeExtend, writeNack } from "@sluice/protocol/full";
import { ClientFault, RefusedError, SluiceError } from "./errors.ts";
import type { Outbox } from "./outbox.ts";
import type { AnswerOf } from "./request.ts";
import { type Transacted, type Transaction, transact } from "./transaction.ts";

/** What to do with a delivery. */
export type Settlement =
  | { readonly kind: "ack" }
  | {
      readonly kind: "nack";
      readonly delayMs: number | undefined;
      readonly counts: boolean;
      readonly error: string;
    }
  | { readonly kind: "extend"; readonly visibilityTimeoutMs: number };

interface Entry {
  readonly receipt: WireReceipt;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly queue: string;
  readonly settlement: Settlement;
  readonly entries: Entry[];
}

type Settled = AnswerOf<"acked" | "nacked" | "extended">;

/** Receipts of one request at most: sixteen bytes each, and one answer for all. */
const batchCountMax = 1_000;

/** What the server says about a receipt that holds no longer. */
const lostCodes: ReadonlySet<string> = new Set(["stale-receipt", "unknown-message", "unknown-queue"]);

export class Settler {
  readonly #outbox: Outbox;
  #batches = new Map<string, Batch>();

  readonly #nextSequence: () => number;

  constructor(outbox: Outbox, nextSequence: () => number) {
    this.#outbox = outbox;
    this.#nextSequence = nextSequence;
  }

  /**
   * Resolves when the server has done it.
   * @throws ClientFault `lease-lost` when the receipt no longer holds; and what `Outbox.ask` rejects with.
   */
  settle(queue: string, receipt: WireReceipt, settlement: Settlement): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = keyOf(queue, settlement);
      const batch = this.#batches.get(key) ?? this.#begin(key, queue, settlement);
      batch.entries.push({ receipt, resolve, reject });
      if (batch.entries.length < batchCountMax) return;
      this.#batches.delete(key);
      this.#ask(batch);
    });
  }

  /** Settles deliveries together with what is sent and published. */
  transact(transaction: Transaction): Promise<Transacted> {
    return transact(this.#outbox, this.#nextSequence, transaction);
  }

  /** Gives back what nobody has worked on, as if it had never been delivered. What cannot be given back comes again by itself. */
  giveBack(queue: string, receipts: readonly WireReceipt[]): void {
    const settlement: Settlement = { kind: "nack", delayMs: 0, counts: false, error: "" };
    for (const receipt of receipts) this.settle(queue, receipt, settlement).catch(() => undefined);
  }

  #begin(key: string, queue: string, settlement: Settlement): Batch {
    if (this.#batches.size === 0) queueMicrotask(() => this.#flush());
    const batch: Batch = { queue, settlement, entries: [] };
    this.#batches.set(key, batch);
    return batch;
  }

  #flush(): void {
    const batches = this.#batches;
    this.#batches = new Map();
    for (const batch of batches.values()) this.#ask(batch);
  }

  #ask({ queue, settlement, entries }: Batch): void {
    const receipts = entries.map(({ receipt }) => receipt);
    this.#answerOf(queue, settlement, receipts).then(
      ({ refusals }) => {
        entries.forEach(({ resolve, reject }, index) => {
          const refusal = refusals.get(index);
          if (refusal === undefined) resolve();
          else reject(asLost(new RefusedError(refusal)));
        });
      },
      (error: unknown) => {
        for (const { reject } of entries) reject(asLost(error));
      },
    );
  }

  #answerOf(queue: string, settlement: Settlement, receipts: readonly WireReceipt[]): Promise<Settled> {
    switch (settlement.kind) {
      case "ack":
        return this.#outbox.ask("acked", (to, id) => writeAck(to, { id, queue, receipts }), { urgent: true });
      case "nack": {
        const { delayMs, counts, error } = settlement;
        return this.#outbox.ask(
          "nacked",
          (to, id) => writeNack(to, { id, queue, delayMs, counts, error, receipts }),
          { urgent: true },
        );
      }
      case "extend": {
        const { visibilityTimeoutMs } = settlement;
        // Later is another time: an extension counts from when it is done, so it is not asked again on its own.
        return this.#outbox.ask(
          "extended",
          (to, id) => writeExtend(to, { id, queue, visibilityTimeoutMs, receipts }),
          { urgent: true, survives: false },
        );
      }
    }
  }
}

function keyOf(queue: string, settlement: Settlement): string {
  switch (settlement.kind) {
    case "ack":
      return `a ${queue}`;
    case "nack":
      return `n ${queue} ${settlement.delayMs} ${settlement.counts} ${settlement.error}`;
    case "extend":
      return `e ${queue} ${settlement.visibilityTimeoutMs}`;
  }
}

function asLost(error: unknown): unknown {
  if (!(error instanceof SluiceError) || !lostCodes.has(error.code)) return error;
  return new ClientFault("lease-lost", "The delivery is no longer this client's.", { cause: error });
}
