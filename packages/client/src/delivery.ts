/** A message in somebody's hands, until it is acked, given back, or its lease is lost. */
import type { WireAttributes, WireDelivery, WireMovedFrom } from "@sluice/protocol/full";
import { alreadySettled, ClientFault } from "./errors.ts";
import type { Settler } from "./settler.ts";
import { type InHand, inTransaction, type Transacted, type Transaction } from "./transaction.ts";

export interface NackOptions {
  /** When the message becomes ready again, in milliseconds from now. Default: as the retry policy of the queue has it. */
  readonly delayMs?: number;
  /** False: this delivery does not count, and the receive count goes back. Default true. */
  readonly counts?: boolean;
  /** What went wrong; kept with the message. Longer ones are cut to 1,024 characters. */
  readonly error?: string;
}

/** As many as the server keeps. */
const errorCharactersMax = 1_024;

const utf8 = new TextDecoder();

export class Delivery implements InHand {
  readonly queue: string;
  readonly #wire: WireDelivery;
  readonly #settler: Settler;
  #settled: Promise<void> | undefined;
  #settledBy: "ack" | "nack" | undefined;

  constructor(queue: string, wire: WireDelivery, settler: Settler) {
    this.queue = queue;
    this.#wire = wire;
    this.#settler = settler;
  }

  /** A view of what the network delivered: copy it to keep it long, or the whole chunk stays in memory. */
  get body(): Uint8Array {
    return this.#wire.body;
  }

  /** The body as UTF-8; bytes that are none become U+FFFD. */
  text(): string {
    return utf8.decode(this.#wire.body);
  }

  get attributes(): WireAttributes {
    return this.#wire.attributes;
  }

  get messageId(): string {
    return this.#wire.messageId;
  }

  /** 1 at the first delivery. */
  get receiveCount(): number {
    return this.#wire.receiveCount;
  }

  /** Milliseconds since the Unix epoch. */
  get enqueuedAtMs(): number {
    return this.#wire.enqueuedAtMs;
  }

  /** 0 to 9; what is more urgent has the larger number. */
  get priority(): number {
    return this.#wire.priority;
  }

  /** Messages of one group are handed out one after the other. */
  get groupId(): string | undefined {
    return this.#wire.groupId;
  }

  /** Why and where from the message was moved here; undefined for one that was sent to this queue. */
  get movedFrom(): WireMovedFrom | undefined {
    return this.#wire.movedFrom;
  }

  /** Whether `ack` or `nack` was called. */
  get isSettled(): boolean {
    return this.#settled !== undefined;
  }

  /**
   * The message is done. Resolves when the server will never deliver it again. Calling it twice is one ack.
   * @throws ClientFault `lease-lost`: it may be delivered again, or was acked by an attempt whose answer was lost;
   * `already-settled` after a nack.
   */
  ack(): Promise<void> {
    return this.#settle("ack", () => this.#settler.settle(this.queue, this.#wire, { kind: "ack" }));
  }

  /**
   * The message is done, and what came of it is sent and published, in one step: all of it or nothing, also over a crash.
   * @throws as `ack`; RefusedError when the server refuses the step. Then the message is still in hand.
   */
  ackWith({ acks = [], ...step }: Transaction): Promise<Transacted> {
    return this.#settler.transact({ ...step, acks: [this, ...acks] });
  }

  /**
   * The message goes back. Resolves when the server has it.
   * @throws ClientFault `lease-lost`, `already-settled` after an ack.
   */
  nack({ delayMs, counts = true, error = "" }: NackOptions = {}): Promise<void> {
    const short = error.slice(0, errorCharactersMax);
    return this.#settle("nack", () =>
      this.#settler.settle(this.queue, this.#wire, { kind: "nack", delayMs, counts, error: short }),
    );
  }

  /**
   * Keeps the message for `visibilityTimeoutMs` from now.
   * @throws ClientFault `lease-lost`, `already-settled`, `connection-lost`: the lease stands as it was.
   */
  extend(visibilityTimeoutMs: number): Promise<void> {
    if (this.#settled !== undefined) return Promise.reject(alreadySettled());
    return this.#settler.settle(this.queue, this.#wire, { kind: "extend", visibilityTimeoutMs });
  }

  get [inTransaction](): InHand[typeof inTransaction] {
    return {
      receipt: this.#wire,
      settledBy: (transacted, isAlone) => {
        this.#settle("ack", () => transacted.then(() => undefined), isAlone).catch(() => undefined);
      },
    };
  }

  /** `isLostForGood`: `lease-lost` is said of this delivery, and not perhaps of another one in the same step. */
  #settle(by: "ack" | "nack", ask: () => Promise<void>, isLostForGood = true): Promise<void> {
    if (this.#settled !== undefined) {
      return this.#settledBy === by ? this.#settled : Promise.reject(alreadySettled());
    }
    this.#settledBy = by;
    const settled = ask();
    this.#settled = settled;
    settled.catch((error: unknown) => {
      // No answer, or no connection: what was asked may be asked again.
      const isLost = error instanceof ClientFault && error.code === "lease-lost";
      if (!(isLost && isLostForGood)) this.#settled = undefined;
    });
    return settled;
  }
}
