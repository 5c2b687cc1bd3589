/**
 * Calls a handler for each message of a queue, several at a time. While a handler runs its lease is extended; when the lease is lost all
 * the same, or the client closes, the handler's signal is aborted. A handler that ends acks, one that throws gives the message back.
 */
import type { WireDelivery } from "@sluice/protocol/full";
import { Delivery } from "./delivery.ts";
import { ClientFault, SluiceError, sentenceOf } from "./errors.ts";
import type { Link } from "./link.ts";
import { QueueFeed } from "./queue-feed.ts";
import type { Settler } from "./settler.ts";
import { defaultStallCheckMs } from "./subscription.ts";

/** `signal` is aborted when the work is no longer wanted: its reason is a ClientFault, `lease-lost` or `closed`. */
export type Handler = (delivery: Delivery, signal: AbortSignal) => unknown;

export interface ConsumeOptions {
  /** Handlers that run at a time. Default 10. */
  readonly concurrency?: number;
  /**
   * How long a message stays hidden when this process dies, in milliseconds. Default 30 000. Handlers may take longer: the lease is
   * extended every third of it.
   */
  readonly visibilityTimeoutMs?: number;
  /** When a message whose handler threw comes again, in milliseconds. Absent or undefined: as the retry policy of the queue has it. */
  readonly retryDelayMs?: (receiveCount: number, thrown: unknown) => number | undefined;
  /** Hears what a handler threw, and each delivery whose ack or nack failed. For the log; default: nothing. */
  readonly onError?: (error: unknown, delivery: Delivery) => void;
  /** How long silence with free credit is believed before the queue is asked, in milliseconds. Default 30 000. */
  readonly stallCheckMs?: number;
}

/** One message in a handler's hands. */
interface Hand {
  readonly delivery: Delivery;
  readonly abort: AbortController;
  leaseEndMs: number;
}

export class Worker implements AsyncDisposable {
  readonly #link: Link;
  readonly #settler: Settler;
  readonly #queue: string;
  readonly #handler: Handler;
  readonly #options: ConsumeOptions & Required<Omit<ConsumeOptions, "onError" | "retryDelayMs">>;
  readonly #feed: QueueFeed;
  readonly #hands = new Set<Hand>();
  readonly #done = Promise.withResolvers<void>();
  #timer: Disposable | undefined;
  #isStopping = false;
  #error: Error | undefined;

  constructor(
    link: Link,
    settler: Settler,
    queue: string,
    handler: Handler,
    options: ConsumeOptions,
    closed: (worker: Worker) => void,
  ) {
    this.#link = link;
    this.#settler = settler;
    this.#queue = queue;
    this.#handler = handler;
    this.#options = {
      concurrency: 10,
      visibilityTimeoutMs: 30_000,
      stallCheckMs: defaultStallCheckMs,
      ...options,
    };
    const { visibilityTimeoutMs, stallCheckMs } = this.#options;
    this.#feed = new QueueFeed(
      link,
      settler,
      { queue, visibilityTimeoutMs, stallCheckMs },
      {
        credit: () => Math.max(this.#options.concurrency - this.#hands.size, 0),
        take: (deliveries) => this.#take(deliveries),
        connected: () => queueMicrotask(() => this.#extend()),
        draining: () => undefined,
        disconnected: () => undefined,
        ended: (error) => this.#ended(error),
      },
    );
    this.#done.promise.catch(() => undefined);
    this.#done.promise.then(
      () => closed(this),
      () => closed(this),
    );
  }

  start(): this {
    this.#feed.start();
    return this;
  }

  /** Handlers that are running. */
  get runningCount(): number {
    return this.#hands.size;
  }

  /** Resolves when it was stopped and the last handler has ended; rejects when the server refuses the subscription for good. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Takes nothing more, and resolves when the handlers that run have ended and are acked. */
  async stop(): Promise<void> {
    this.#stop();
    await this.#done.promise.catch(() => undefined);
  }

  /** Takes nothing more, and aborts the handlers that run. */
  async close(): Promise<void> {
    this.#stop();
    this.#abortAll(new ClientFault("closed", "The client closes."));
    await this.#done.promise.catch(() => undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #take(deliveries: readonly WireDelivery[]): void {
    const leaseEndMs = this.#link.clock.now().monotonicMs + this.#options.visibilityTimeoutMs;
    for (const wire of deliveries) {
      const delivery = new Delivery(this.#queue, wire, this.#settler);
      const hand: Hand = { delivery, abort: new AbortController(), leaseEndMs };
      this.#hands.add(hand);
      void this.#work(hand);
    }
    if (this.#timer === undefined) this.#arm();
  }

  /** Never rejects: what goes wrong here concerns one message, and the server brings it again. */
  async #work(hand: Hand): Promise<void> {
    const { delivery, abort } = hand;
    try {
      await this.#handler(delivery, abort.signal);
      await this.#tell(delivery, () => delivery.ack());
    } catch (thrown) {
      this.#report(thrown, delivery);
      await this.#giveBack(hand, thrown);
    }
    this.#hands.delete(hand);
    if (!this.#isStopping) this.#feed.grant(1);
    else if (this.#hands.size === 0) this.#finish();
  }

  /** A message whose handler threw. */
  async #giveBack({ delivery, abort: { signal } }: Hand, thrown: unknown): Promise<void> {
    if (signal.reason instanceof ClientFault && signal.reason.code === "lease-lost") return;
    // Who was stopped in the middle has not failed.
    if (signal.aborted) return this.#tell(delivery, () => delivery.nack({ delayMs: 0, counts: false }));
    const delayMs = this.#options.retryDelayMs?.(delivery.receiveCount, thrown);
    const delay = delayMs === undefined ? {} : { delayMs: Math.max(Math.round(delayMs), 0) };
    await this.#tell(delivery, () => delivery.nack({ ...delay, error: sentenceOf(thrown) }));
  }

  /** Unless the handler did it itself. When it fails the lease runs out, and the message comes again. */
  async #tell(delivery: Delivery, settle: () => Promise<void>): Promise<void> {
    if (delivery.isSettled) return;
    try {
      await settle();
    } catch (error) {
      this.#report(error, delivery);
    }
  }

  #report(error: unknown, delivery: Delivery): void {
    try {
      this.#options.onError?.(error, delivery);
    } catch (thrown) {
      // A mistake of the listener's own, and its process's to hear of; the worker goes on.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  /** The next look at the leases: when a third of one has passed, or when the first would end. */
  #arm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#hands.size === 0) return;
    const nowMs = this.#link.clock.now().monotonicMs;
    let dueMs = nowMs + Math.max(Math.floor(this.#options.visibilityTimeoutMs / 3), 1);
    for (const { leaseEndMs, abort } of this.#hands)
      if (!abort.signal.aborted) dueMs = Math.min(dueMs, leaseEndMs);
    this.#timer = this.#link.clock.after(dueMs - nowMs, () => this.#extend());
  }

  #extend(): void {
    const nowMs = this.#link.clock.now().monotonicMs;
    const { visibilityTimeoutMs } = this.#options;
    for (const hand of this.#hands) {
      if (hand.delivery.isSettled || hand.abort.signal.aborted) continue;
      if (hand.leaseEndMs <= nowMs) this.#lose(hand, new ClientFault("lease-lost", "The lease has ended."));
      else if (this.#link.session !== undefined) {
        hand.delivery.extend(visibilityTimeoutMs).then(
          () => {
            hand.leaseEndMs = nowMs + visibilityTimeoutMs;
          },
          (error: unknown) => {
            if (error instanceof SluiceError && error.code === "lease-lost") this.#lose(hand, error);
          },
        );
      }
    }
    this.#arm();
  }

  #lose({ abort, delivery }: Hand, error: SluiceError): void {
    if (!delivery.isSettled) abort.abort(error);
  }

  #abortAll(error: Error): void {
    for (const { abort } of this.#hands) abort.abort(error);
  }

  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#feed.close();
    if (this.#hands.size === 0) this.#finish();
  }

  #ended(error: Error): void {
    this.#error = error instanceof SluiceError && error.code === "closed" ? undefined : error;
    this.#abortAll(new ClientFault("closed", "The client closes.", { cause: error }));
    this.#isStopping = true;
    if (this.#hands.size === 0) this.#finish();
  }

  #finish(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#error === undefined) this.#done.resolve();
    else this.#done.reject(this.#error);
  }
}
