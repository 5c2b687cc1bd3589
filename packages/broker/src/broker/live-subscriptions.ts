/**
 * Live subscribers of a topic: each has a bounded buffer of its own, and what happens when it is full is the subscriber's
 * choice and the subscriber's cost. Nothing here is journalled: a live copy that is lost is lost for that subscriber only.
 */
import type { TopicRecord } from "../topic/commands.ts";
import type { LiveSubscribeRequest, LiveSubscription } from "./api.ts";

class Subscriber implements LiveSubscription {
  readonly request: LiveSubscribeRequest;
  readonly #leave: (subscriber: Subscriber) => void;
  #buffer: TopicRecord[] = [];
  /** How many records at the front of the buffer were taken. */
  #taken = 0;
  dropped = 0;

  constructor(request: LiveSubscribeRequest, leave: (subscriber: Subscriber) => void) {
    this.request = request;
    this.#leave = leave;
  }

  get waiting(): number {
    return this.#buffer.length - this.#taken;
  }

  get full(): boolean {
    return this.waiting >= this.request.bufferCountMax;
  }

  offer(record: TopicRecord): void {
    this.#buffer.push(record);
    if (this.waiting === 1) this.request.onReadable();
    if (this.waiting === Math.ceil(this.request.bufferCountMax / 2)) this.request.onFilling?.();
  }

  take(max: number): readonly TopicRecord[] {
    const from = this.#taken;
    const until = Math.min(from + max, this.#buffer.length);
    if (from === 0 && until === this.#buffer.length) {
      const all = this.#buffer;
      this.#buffer = [];
      return all;
    }
    const taken = this.#buffer.slice(from, until);
    this.#taken = until;
    if (this.#taken * 2 >= this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#taken);
      this.#taken = 0;
    }
    return taken;
  }

  [Symbol.dispose](): void {
    this.#leave(this);
  }
}

/** The live subscribers of one topic. */
export class LiveSubscribers {
  readonly #subscribers = new Set<Subscriber>();
  #room: PromiseWithResolvers<void> | undefined;

  get count(): number {
    return this.#subscribers.size;
  }

  add(request: LiveSubscribeRequest): LiveSubscription {
    const subscriber = new Subscriber(request, (gone) => {
      this.#subscribers.delete(gone);
      this.#makeRoom();
    });
    this.#subscribers.add(subscriber);
    return {
      take: (max) => {
        const taken = subscriber.take(max);
        this.#makeRoom();
        return taken;
      },
      get dropped() {
        return subscriber.dropped;
      },
      [Symbol.dispose]: () => subscriber[Symbol.dispose](),
    };
  }

  /** Hands each subscriber its copies, in append order. Returns how many copies were dropped because a buffer was full. */
  deliver(records: readonly TopicRecord[]): number {
    let dropped = 0;
    for (const subscriber of this.#subscribers) {
      for (const record of records) {
        if (!subscriber.full || subscriber.request.overflow === "block") {
          subscriber.offer(record);
        } else if (subscriber.request.overflow === "drop") {
          subscriber.dropped += 1;
          dropped += 1;
        } else {
          this.#subscribers.delete(subscriber);
          subscriber.request.onClosed("overflow");
          break;
        }
      }
    }
    return dropped;
  }

  /**
   * Undefined while nobody who blocks is full; else resolves when there is room. Publishers that ask before they publish exceed a
   * blocking subscriber's buffer by at most what was under way: blocking loses nothing, so that excess is kept.
   */
  room(): Promise<void> | undefined {
    if (!this.#blocked()) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  close(): void {
    const closing = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of closing) subscriber.request.onClosed("shutting-down");
    this.#makeRoom();
  }

  #blocked(): boolean {
    for (const { full, request } of this.#subscribers) if (full && request.overflow === "block") return true;
    return false;
  }

  #makeRoom(): void {
    if (this.#room === undefined || this.#blocked()) return;
    this.#room.resolve();
    this.#room = undefined;
  }
}
