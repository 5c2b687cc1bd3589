/**
 * Live subscribers of a topic: each has a bounded buffer of its own, and what happens when it is full is the subscriber's
 * choice and the subscriber's cost. Nothing here is journalled: a live copy that is lost is lost for that subscriber only.
 */
import type { TopicRecord } from "../topic/commands.ts";
import type { LiveEnd, LiveSubscribeRequest, LiveSubscription } from "./api.ts";
import { liveRecordOverheadBytes } from "./limits.ts";

class Subscriber implements LiveSubscription {
  readonly request: LiveSubscribeRequest;
  readonly #bytesMax: number;
  readonly #leave: (subscriber: Subscriber) => void;
  /** Of what waits. */
  #bytes = 0;
  #buffer: TopicRecord[] = [];
  /** How many records at the front of the buffer were taken. */
  #taken = 0;
  dropped = 0;

  constructor(request: LiveSubscribeRequest, bytesMax: number, leave: (subscriber: Subscriber) => void) {
    this.request = request;
    this.#bytesMax = bytesMax;
    this.#leave = leave;
  }

  get waiting(): number {
    return this.#buffer.length - this.#taken;
  }

  get full(): boolean {
    return this.waiting >= this.request.bufferCountMax || this.#bytes >= this.#bytesMax;
  }

  /** Whether so many records, and so many bytes, are no more than may wait. */
  hasRoomFor(count: number, bytes: number): boolean {
    return this.waiting + count <= this.request.bufferCountMax && this.#bytes + bytes <= this.#bytesMax;
  }

  offer(records: readonly TopicRecord[], bytes: number): void {
    const [wasEmpty, wasHalfFull] = [this.waiting === 0, this.#isHalfFull];
    for (const record of records) this.#buffer.push(record);
    this.#bytes += bytes;
    if (wasEmpty) this.request.onReadable();
    if (!wasHalfFull && this.#isHalfFull) this.request.onFilling?.();
  }

  take(max: number, bytesMax: number): readonly TopicRecord[] {
    const from = this.#taken;
    const until = from + this.#fitting(max, bytesMax);
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

  get #isHalfFull(): boolean {
    return this.waiting >= Math.ceil(this.request.bufferCountMax / 2) || this.#bytes >= this.#bytesMax / 2;
  }

  /** How many of those that wait are within both bounds, and at least one; they no longer count as waiting. */
  #fitting(max: number, bytesMax: number): number {
    if (this.waiting <= max && this.#bytes <= bytesMax) {
      this.#bytes = 0;
      return this.waiting;
    }
    let count = 0;
    for (let bytes = 0; count < Math.min(max, this.waiting); count++) {
      const record = this.#buffer[this.#taken + count];
      const needed = record === undefined ? 0 : bytesOf(record);
      if (count > 0 && bytes + needed > bytesMax) break;
      bytes += needed;
      this.#bytes -= needed;
    }
    return count;
  }
}

function bytesOf({ body, key, attributes }: TopicRecord): number {
  let bytes = liveRecordOverheadBytes + body.byteLength + (key?.byteLength ?? 0);
  for (const [name, { type, value }] of attributes) bytes += name.length + type.length + value.length;
  return bytes;
}

/** The live subscribers of one topic. */
export class LiveSubscribers {
  readonly #bytesMax: number;
  readonly #subscribers = new Set<Subscriber>();
  #room: PromiseWithResolvers<void> | undefined;

  /** `bytesMax`: of what waits for one of them. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#subscribers.size;
  }

  add(request: LiveSubscribeRequest): LiveSubscription {
    const subscriber = new Subscriber(request, this.#bytesMax, (gone) => {
      this.#subscribers.delete(gone);
      this.#makeRoom();
    });
    this.#subscribers.add(subscriber);
    return {
      take: (max, bytesMax = Number.POSITIVE_INFINITY) => {
        const taken = subscriber.take(max, bytesMax);
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
    if (records.length === 0) return 0;
    let dropped = 0;
    let bytes = 0;
    for (const record of records) bytes += bytesOf(record);
    for (const subscriber of this.#subscribers) {
      if (subscriber.request.overflow === "block" || subscriber.hasRoomFor(records.length, bytes)) {
        subscriber.offer(records, bytes);
      } else {
        dropped += this.#deliverSome(subscriber, records);
      }
    }
    return dropped;
  }

  /** To a subscriber whose buffer does not take all of them. Returns how many were dropped. */
  #deliverSome(subscriber: Subscriber, records: readonly TopicRecord[]): number {
    let dropped = 0;
    for (const record of records) {
      if (!subscriber.full) {
        subscriber.offer([record], bytesOf(record));
      } else if (subscriber.request.overflow === "drop") {
        subscriber.dropped += 1;
        dropped += 1;
      } else {
        this.#subscribers.delete(subscriber);
        subscriber.request.onClosed("overflow");
        break;
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

  close(why: LiveEnd): void {
    const closing = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of closing) subscriber.request.onClosed(why);
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
