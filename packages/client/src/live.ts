/** What is published to a topic from now on. */
import {
  type WireOverflow,
  type WireRecord,
  writeCredit,
  writeDescribeTopic,
  writeListen,
} from "@sluice/protocol/full";
import type { Context } from "./context.ts";
import { onNotBegun, RefusedError } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import type { Attachment } from "./link.ts";
import type { RoutedPush, Session } from "./session.ts";

export interface LiveOptions {
  /** Records that wait in this process at most. Default 1 000. */
  readonly credit?: number;
  /** Records that wait at the server for this subscriber at most. Default 10 000. */
  readonly bufferCountMax?: number;
  /**
   * What happens when that is full: `drop` loses this subscriber's copies, `block` slows the publishers, `end` ends the subscription with
   * `slow-consumer`. Default `drop`.
   */
  readonly overflow?: WireOverflow;
}

const relistenAfterMs = 1_000;

/**
 * `for await (const record of live)`: every partition, in the order of publishing. What is published while there is no connection is not
 * heard: `interruptions` counts how often that was, and a consumer group is for those who must not miss anything.
 */
export class LiveSubscription implements AsyncIterableIterator<WireRecord>, AsyncDisposable, Attachment {
  readonly #context: Context;
  readonly #topic: string;
  readonly #options: Required<LiveOptions>;
  readonly #inbox = new Inbox<WireRecord>();
  #attached: Disposable | undefined;
  #session: Session | undefined;
  #timer: Disposable | undefined;
  #id = 0;
  /** The topic was deleted. */
  #isGone = false;
  #takenCount = 0;
  #interruptions = 0;
  /** On this connection, and on those before. */
  #dropped = 0;
  #droppedBefore = 0;

  constructor(context: Context, topic: string, options: LiveOptions) {
    this.#context = context;
    this.#topic = topic;
    this.#options = { credit: 1_000, bufferCountMax: 10_000, overflow: "drop", ...options };
  }

  start(): this {
    this.#context.open.add(this);
    this.#attached = this.#context.link.attach(this);
    return this;
  }

  /** Copies that were lost because the buffer at the server was full. */
  get dropped(): number {
    return this.#droppedBefore + this.#dropped;
  }

  /** How often it was not listening for a while. */
  get interruptions(): number {
    return this.#interruptions;
  }

  async next(): Promise<IteratorResult<WireRecord>> {
    const result = await this.#inbox.next();
    if (result.done !== true) this.#taken();
    return result;
  }

  async return(): Promise<IteratorResult<WireRecord>> {
    await this.close();
    return { done: true, value: undefined };
  }

  close(): Promise<void> {
    const session = this.#session;
    const id = this.#id;
    if (session !== undefined && id !== 0) {
      session.reroute(id, (push) => {
        if (push.verb === "ended") session.unroute(id);
      });
      session.cancel(id);
    }
    this.#attached?.[Symbol.dispose]();
    this.#inbox.keep(() => false);
    this.ended(undefined);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  connected(session: Session): void {
    this.#session = session;
    if (this.#isGone) void this.#listenWhenMade(session);
    else this.#listen(session);
  }

  draining(): void {
    this.#timer?.[Symbol.dispose]();
  }

  disconnected(): void {
    this.#session = undefined;
    this.#interrupted();
  }

  ended(error: Error | undefined): void {
    this.#timer?.[Symbol.dispose]();
    this.#id = 0;
    this.#context.open.delete(this);
    this.#inbox.end(error);
  }

  #listen(session: Session): void {
    const { credit, bufferCountMax, overflow } = this.#options;
    const topic = this.#topic;
    // What arrived on the connection before and waits still has its place.
    const free = Math.max(credit - this.#inbox.count, 0);
    this.#takenCount = 0;
    const { id, begun } = session.open(
      "listening",
      (to, request) => writeListen(to, { id: request, topic, credit: free, bufferCountMax, overflow }),
      (push) => this.#take(push),
    );
    this.#id = id;
    begun.catch((error: unknown) => {
      if (this.#id !== id) return;
      this.#id = 0;
      onNotBegun(error, {
        again: (delayMs) => this.#listenLater(session, delayMs),
        failed: (problem) => this.#fail(problem),
      });
    });
  }

  #listenLater(session: Session, delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#context.link.clock.after(delayMs, () => {
      if (session.isOver || session.goaway !== undefined || this.#inbox.isOver) return;
      if (this.#isGone) void this.#listenWhenMade(session);
      else this.#listen(session);
    });
  }

  /** Looks whether the topic is there again. To listen would make it, where the server creates what is named, and with the wrong settings. */
  async #listenWhenMade(session: Session): Promise<void> {
    const topic = this.#topic;
    this.#isGone = await this.#context.link.outbox
      .ask("topic", (to, id) => writeDescribeTopic(to, { id, topic }), { urgent: true, survives: false })
      .then(
        () => false,
        () => true,
      );
    if (this.#session === session && !this.#inbox.isOver) {
      if (this.#isGone) this.#listenLater(session, relistenAfterMs);
      else this.#listen(session);
    }
  }

  #take(push: RoutedPush): void {
    if (push.verb === "records") {
      this.#dropped = push.dropped;
      for (const record of push.records) this.#inbox.push(record);
    } else if (push.verb === "ended") {
      const session = this.#session;
      session?.unroute(push.id);
      this.#interrupted();
      const { code, sentence } = push;
      if (code === "unknown-topic") {
        this.#isGone = true;
        this.#context.link.status.tell({ state: "deleted", what: "topic", name: this.#topic });
      }
      if (code === "slow-consumer") this.#fail(new RefusedError({ code, sentence, retryAfterMs: 0 }));
      else if (session !== undefined) this.#listenLater(session, relistenAfterMs);
    }
  }

  #interrupted(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#id !== 0) this.#interruptions++;
    this.#id = 0;
    this.#droppedBefore += this.#dropped;
    this.#dropped = 0;
  }

  #fail(error: Error): void {
    this.#attached?.[Symbol.dispose]();
    this.ended(error);
  }

  #taken(): void {
    this.#takenCount++;
    const id = this.#id;
    if (id === 0 || this.#takenCount * 2 < this.#options.credit) return;
    const add = this.#takenCount;
    this.#takenCount = 0;
    this.#session?.say((to) => writeCredit(to, { id, add }));
  }
}
