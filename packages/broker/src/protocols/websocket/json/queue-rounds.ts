/**
 * Subscribers of a queue, served in turn: what comes is dealt out one message each, to those with credit and room, beginning behind the
 * one that had the last. One round asks the broker for as much as they can take together, and is one consumer among others there.
 */
import type { BrokerApi, QueueDelivery, ReceiveRequest } from "../../../broker/api.ts";
import type { Refused } from "../../http/refusals.ts";

export interface Subscriber {
  readonly queue: string;
  /** Undefined: the queue's. */
  readonly visibilityTimeoutMs: number | undefined;
  /** How many messages it can take now. */
  readonly room: number;
  /** The queue is there, or nobody knows better yet. Called before anything else, and perhaps again. */
  begun(): void;
  deliver(delivery: QueueDelivery): void;
  /** The queue cannot be received from. Nothing follows. */
  refused(refused: Refused): void;
}

/** Messages and body bytes of one request to the broker: what is taken and cannot be dealt out any more goes back, and is little. */
const takeCountMax = 256;
const takeBytesMax = 256 * 1024;

/** How long one request to the broker waits; then it asks again. */
const waitMs = 60_000;

export class QueueRounds {
  readonly #broker: BrokerApi;
  readonly #rounds = new Map<string, Round>();

  constructor(broker: BrokerApi) {
    this.#broker = broker;
  }

  join(subscriber: Subscriber): void {
    const key = keyOf(subscriber);
    let round = this.#rounds.get(key);
    if (round === undefined) {
      const made = new Round(this.#broker, subscriber, () => {
        // Another one may have taken its place by now.
        if (this.#rounds.get(key) === made) this.#rounds.delete(key);
      });
      this.#rounds.set(key, made);
      round = made;
    }
    round.join(subscriber);
  }

  leave(subscriber: Subscriber): void {
    this.#rounds.get(keyOf(subscriber))?.leave(subscriber);
  }

  /** A subscriber has room that it had not. */
  roomier(subscriber: Subscriber): void {
    this.#rounds.get(keyOf(subscriber))?.work();
  }
}

/** Those that want their messages hidden equally long share them. */
const keyOf = ({ queue, visibilityTimeoutMs }: Subscriber): string => `${visibilityTimeoutMs ?? ""} ${queue}`;

class Round {
  readonly #broker: BrokerApi;
  readonly #request: Pick<ReceiveRequest, "queue" | "visibilityTimeoutMs">;
  readonly #empty: () => void;
  /** In the order of their turns. */
  #subscribers: Subscriber[] = [];
  #isKnown = false;
  /** Ends the request to the broker that is under way. */
  #asking: AbortController | undefined;

  constructor(broker: BrokerApi, { queue, visibilityTimeoutMs }: Subscriber, empty: () => void) {
    this.#broker = broker;
    this.#request = { queue, ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }) };
    this.#empty = empty;
  }

  join(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber);
    // Without credit nobody asks the broker, and whether there is such a queue is learnt later.
    if (this.#isKnown || subscriber.room === 0) subscriber.begun();
    this.work();
  }

  leave(subscriber: Subscriber): void {
    this.#subscribers = this.#subscribers.filter((each) => each !== subscriber);
    if (this.#subscribers.length === 0) this.#empty();
    if (this.#room === 0) this.#asking?.abort();
  }

  /** Asks the broker, unless that is under way or nobody can take anything. */
  work(): void {
    if (this.#asking !== undefined || this.#room === 0) return;
    void this.#work();
  }

  get #room(): number {
    return this.#subscribers.reduce((sum, { room }) => sum + room, 0);
  }

  async #work(): Promise<void> {
    for (let room = this.#room; room > 0; room = this.#room) {
      const stop = new AbortController();
      this.#asking = stop;
      const result = await this.#broker
        .receive({
          ...this.#request,
          max: Math.min(room, takeCountMax),
          bytesMax: takeBytesMax,
          // The first one tells whether there is such a queue, and must not keep the answer waiting.
          waitMs: this.#isKnown ? waitMs : 0,
          signal: stop.signal,
        })
        .catch((error: unknown) => {
          if (!stop.signal.aborted) throw error;
        });
      if (result === undefined) continue;
      if (!result.ok) {
        this.#refused(result);
        break;
      }
      this.#known();
      this.#deal(result.deliveries);
    }
    this.#asking = undefined;
  }

  #known(): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    for (const subscriber of [...this.#subscribers]) subscriber.begun();
  }

  #refused(refused: Refused): void {
    const subscribers = this.#subscribers;
    this.#subscribers = [];
    this.#empty();
    for (const subscriber of subscribers) subscriber.refused(refused);
  }

  #deal(deliveries: readonly QueueDelivery[]): void {
    const { queue } = this.#request;
    for (const delivery of deliveries) {
      const at = this.#subscribers.findIndex(({ room }) => room > 0);
      const [next] = at === -1 ? [] : this.#subscribers.splice(at, 1);
      if (next === undefined) {
        void this.#broker.nack({ queue, receipt: delivery.receipt, delayMs: 0, counts: false });
        continue;
      }
      this.#subscribers.push(next);
      next.deliver(delivery);
    }
  }
}
