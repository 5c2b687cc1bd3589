/**
 * Keeps one queue flowing to one taker: subscribes on every connection, grants credit, and checks now and then that silence means an
 * empty queue. A consumer that went deaf looks exactly like one that has nothing to do; only asking tells them apart.
 */
import {
  type QueueAnswer,
  type WireDelivery,
  writeCredit,
  writeDescribeQueue,
  writeSubscribe,
} from "@sluice/protocol/full";
import { onNotBegun } from "./errors.ts";
import type { Attachment, Link } from "./link.ts";
import type { RoutedPush, Session } from "./session.ts";
import type { Settler } from "./settler.ts";

export interface FeedOptions {
  readonly queue: string;
  /** Undefined: the queue's own. */
  readonly visibilityTimeoutMs: number | undefined;
  /** How long silence with free credit is believed, in milliseconds. */
  readonly stallCheckMs: number;
}

export interface FeedTaker {
  /** Credit to begin with on a connection. */
  credit(): number;
  take(deliveries: readonly WireDelivery[]): void;
  connected(): void;
  /** What nobody works on is to go back now. */
  draining(): void;
  disconnected(): void;
  /** Nothing comes any more. */
  ended(error: Error): void;
}

/** What may be on its way is waited for as long before silence counts as a stall. */
const stallGraceMs = 1_000;

/** A subscription that the server ended is begun again after as long; if it cannot be, the refusal of that says why. */
const resubscribeAfterMs = 1_000;

export class QueueFeed implements Attachment {
  readonly #link: Link;
  readonly #settler: Settler;
  readonly #options: FeedOptions;
  readonly #taker: FeedTaker;
  #attached: Disposable | undefined;
  #session: Session | undefined;
  #id = 0;
  /** Granted and not used, on this connection. */
  #credit = 0;
  #toGrant = 0;
  #heardCount = 0;
  #leaseMs: number | undefined;
  #timer: Disposable | undefined;
  #isClosed = false;
  /** The queue was deleted. */
  #isGone = false;

  constructor(link: Link, settler: Settler, options: FeedOptions, taker: FeedTaker) {
    this.#link = link;
    this.#settler = settler;
    this.#options = options;
    this.#taker = taker;
    this.#leaseMs = options.visibilityTimeoutMs;
  }

  start(): void {
    this.#attached = this.#link.attach(this);
  }

  /** How long a delivery is held, in milliseconds; undefined until the queue has said it. */
  get leaseMs(): number | undefined {
    return this.#leaseMs;
  }

  /** Allows `count` more messages to come. */
  grant(count: number): void {
    if (this.#id === 0 || this.#isClosed) return;
    if (this.#toGrant === 0) queueMicrotask(() => this.#sayCredit());
    this.#toGrant += count;
  }

  /** Ends the subscription; what is on its way goes back. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#abandon();
    this.#attached?.[Symbol.dispose]();
  }

  connected(session: Session): void {
    this.#session = session;
    this.#taker.connected();
    if (this.#isGone) void this.#subscribeWhenMade(session);
    else this.#subscribe(session);
  }

  draining(): void {
    this.#timer?.[Symbol.dispose]();
    this.#taker.draining();
  }

  disconnected(): void {
    this.#session = undefined;
    this.#id = 0;
    this.#toGrant = 0;
    this.#timer?.[Symbol.dispose]();
    this.#taker.disconnected();
  }

  ended(error: Error): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#taker.ended(error);
  }

  #subscribe(session: Session): void {
    const { queue, visibilityTimeoutMs } = this.#options;
    const credit = this.#taker.credit();
    this.#credit = credit;
    this.#toGrant = 0;
    const { id, begun } = session.open(
      "subscribed",
      (to, request) => writeSubscribe(to, { id: request, queue, credit, visibilityTimeoutMs }),
      (push) => this.#take(push),
    );
    this.#id = id;
    begun.then(
      () => {
        if (this.#id !== id) return;
        if (this.#leaseMs === undefined) this.#learnLease();
        this.#watch();
      },
      (error: unknown) => {
        if (this.#id !== id) return;
        this.#id = 0;
        onNotBegun(error, {
          again: (delayMs) => this.#subscribeLater(session, delayMs),
          failed: (problem) => this.#fail(problem),
        });
      },
    );
  }

  #fail(error: Error): void {
    this.#attached?.[Symbol.dispose]();
    this.ended(error);
  }

  #subscribeLater(session: Session, delayMs: number): void {
    this.#after(delayMs, () => {
      if (session.isOver || session.goaway !== undefined) return;
      if (this.#isGone) void this.#subscribeWhenMade(session);
      else this.#subscribe(session);
    });
  }

  #gone(): void {
    this.#isGone = true;
    this.#link.status.tell({ state: "deleted", what: "queue", name: this.#options.queue });
  }

  /** Looks whether the queue is there again. To subscribe would make it, where the server creates what is named, and with the wrong settings. */
  async #subscribeWhenMade(session: Session): Promise<void> {
    this.#isGone = await this.#describe().then(
      () => false,
      () => true,
    );
    if (this.#session === session && !this.#isClosed) {
      if (this.#isGone) this.#subscribeLater(session, resubscribeAfterMs);
      else this.#subscribe(session);
    }
  }

  #take(push: RoutedPush): void {
    if (push.verb === "ended") {
      this.#session?.unroute(push.id);
      this.#id = 0;
      if (push.code === "unknown-queue") this.#gone();
      if (this.#session !== undefined) this.#subscribeLater(this.#session, resubscribeAfterMs);
    } else if (push.verb === "deliver") {
      this.#heardCount++;
      this.#credit -= push.deliveries.length;
      this.#taker.take(push.deliveries);
    }
  }

  #sayCredit(): void {
    const add = this.#toGrant;
    this.#toGrant = 0;
    const id = this.#id;
    if (add === 0 || id === 0 || this.#isClosed) return;
    this.#credit += add;
    this.#session?.say((to) => writeCredit(to, { id, add }));
  }

  /** Cancels the present subscription. What crosses the cancel goes back. */
  #abandon(): void {
    this.#timer?.[Symbol.dispose]();
    const session = this.#session;
    const id = this.#id;
    this.#id = 0;
    if (session === undefined || id === 0) return;
    session.reroute(id, (push) => {
      if (push.verb === "deliver") this.#settler.giveBack(this.#options.queue, push.deliveries);
      else if (push.verb === "ended") session.unroute(id);
    });
    session.cancel(id);
  }

  #learnLease(): void {
    this.#describe().then(
      ({ visibilityTimeoutMs }) => {
        this.#leaseMs ??= visibilityTimeoutMs;
      },
      () => undefined,
    );
  }

  #describe() {
    const { queue } = this.#options;
    return this.#link.outbox.ask("queue", (to, id) => writeDescribeQueue(to, { id, queue }), {
      urgent: true,
      survives: false,
    });
  }

  #after(delayMs: number, fire: () => void): void {
    this.#timer?.[Symbol.dispose]();
    if (!this.#isClosed) this.#timer = this.#link.clock.after(delayMs, fire);
  }

  #watch(): void {
    const heardCount = this.#heardCount;
    this.#after(this.#options.stallCheckMs, () => {
      if (heardCount === this.#heardCount && this.#credit > 0) void this.#inquire(this.#id);
      else this.#watch();
    });
  }

  async #inquire(id: number): Promise<void> {
    const heardCount = this.#heardCount;
    // No description is no reason for alarm: whatever is wrong then shows elsewhere.
    const ready = await this.#describe().then(deliverableCount, () => 0);
    if (this.#id !== id || this.#isClosed) return;
    if (ready === 0 || heardCount !== this.#heardCount) return this.#watch();
    this.#after(stallGraceMs, () => {
      const session = this.#session;
      if (session === undefined || this.#id !== id) return;
      if (heardCount !== this.#heardCount) return this.#watch();
      this.#abandon();
      this.#link.status.tell({ state: "stalled", queue: this.#options.queue, ready });
      this.#subscribe(session);
    });
  }
}

/** How many messages wait that could be handed out now; 0 when the queue holds them back. */
function deliverableCount(queue: QueueAnswer): number {
  const { ready, oldestReadyMs, paused, inFlight, inFlightMax, startsPerSecondMax } = queue;
  // Those that wait behind another one of their group have no age of their own; a rate gives silence a good reason.
  const isHeldBack =
    paused || oldestReadyMs === undefined || inFlight >= inFlightMax || startsPerSecondMax < Infinity;
  return isHeldBack ? 0 : ready;
}
