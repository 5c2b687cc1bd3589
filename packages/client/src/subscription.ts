/** Deliveries of a queue, one after the other, as fast as they are taken and no faster. */
import type { WireDelivery } from "@sluice/protocol/full";
import { Delivery } from "./delivery.ts";
import { Inbox } from "./inbox.ts";
import type { Link } from "./link.ts";
import { QueueFeed } from "./queue-feed.ts";
import type { Settler } from "./settler.ts";

export interface SubscribeOptions {
  /** Messages that wait in this process at most, their leases running. Default 100: a round trip costs nothing at 1 ms a message. */
  readonly credit?: number;
  /** Default: that of the queue. */
  readonly visibilityTimeoutMs?: number;
  /** How long silence with free credit is believed before the queue is asked, in milliseconds. Default 30 000. */
  readonly stallCheckMs?: number;
}

const defaultCredit = 100;
export const defaultStallCheckMs = 30_000;

interface Waiting {
  readonly wire: WireDelivery;
  readonly arrivedMs: number;
}

/**
 * `for await (const delivery of subscription)`. Ends when it is closed, or its client is; throws when the server refuses the
 * subscription for good. Survives reconnects: what waited unread when a connection was lost is given back and comes again.
 */
export class Subscription implements AsyncIterableIterator<Delivery>, AsyncDisposable {
  readonly #link: Link;
  readonly #settler: Settler;
  readonly #queue: string;
  readonly #creditMax: number;
  readonly #feed: QueueFeed;
  readonly #closed: (subscription: Subscription) => void;
  readonly #inbox = new Inbox<Waiting>();
  #takenCount = 0;

  constructor(
    link: Link,
    settler: Settler,
    queue: string,
    options: SubscribeOptions,
    closed: (subscription: Subscription) => void,
  ) {
    this.#link = link;
    this.#settler = settler;
    this.#queue = queue;
    this.#creditMax = Math.max(options.credit ?? defaultCredit, 1);
    this.#closed = closed;
    const { visibilityTimeoutMs, stallCheckMs = defaultStallCheckMs } = options;
    this.#feed = new QueueFeed(
      link,
      settler,
      { queue, visibilityTimeoutMs, stallCheckMs },
      {
        credit: () => this.#creditMax,
        take: (deliveries) => this.#take(deliveries),
        connected: () => undefined,
        draining: () => this.#giveBack(),
        disconnected: () => this.#giveBack(),
        ended: (error) => this.#end(error),
      },
    );
  }

  start(): this {
    this.#feed.start();
    return this;
  }

  async next(): Promise<IteratorResult<Delivery>> {
    for (;;) {
      const { done, value } = await this.#inbox.next();
      if (done === true) return { done, value: undefined };
      this.#taken();
      if (this.#isHeld(value)) {
        return { done: false, value: new Delivery(this.#queue, value.wire, this.#settler) };
      }
    }
  }

  async return(): Promise<IteratorResult<Delivery>> {
    await this.close();
    return { done: true, value: undefined };
  }

  /** Ends it, and gives back what was not taken. */
  close(): Promise<void> {
    this.#feed.close();
    this.#giveBack();
    this.#end(undefined);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(deliveries: readonly WireDelivery[]): void {
    const arrivedMs = this.#link.clock.now().monotonicMs;
    for (const wire of deliveries) this.#inbox.push({ wire, arrivedMs });
  }

  /** Whether the lease still runs. */
  #isHeld({ arrivedMs }: Waiting): boolean {
    const { leaseMs } = this.#feed;
    return leaseMs === undefined || this.#link.clock.now().monotonicMs - arrivedMs < leaseMs;
  }

  /** Credit goes back in halves: one frame for many messages, and the server never waits for it. */
  #taken(): void {
    this.#takenCount++;
    if (this.#takenCount * 2 < this.#creditMax) return;
    this.#feed.grant(this.#takenCount);
    this.#takenCount = 0;
  }

  #giveBack(): void {
    this.#takenCount = 0;
    const waiting = this.#inbox.keep(() => false);
    this.#settler.giveBack(
      this.#queue,
      waiting.map(({ wire }) => wire),
    );
  }

  #end(error: Error | undefined): void {
    if (this.#inbox.isOver) return;
    this.#inbox.end(error);
    this.#closed(this);
  }
}
