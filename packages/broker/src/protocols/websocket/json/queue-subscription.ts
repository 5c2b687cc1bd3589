/** A subscription to a queue: one of those that its messages are dealt out to, as far as there is credit and the socket takes them. */
import type { QueueDelivery } from "../../../broker/api.ts";
import { deliveryOf } from "../../http/dequeue.ts";
import { answered, refusedBy } from "../../http/outcome.ts";
import type { Refused } from "../../http/refusals.ts";
import type { Subscriber } from "./queue-rounds.ts";
import type { Answer, JsonSession, Standing } from "./session.ts";

export interface QueueSubscriptionOptions {
  readonly number: number;
  readonly queue: string;
  readonly visibilityTimeoutMs: number | undefined;
  readonly credit: number;
  /** Answers the request that began it. */
  readonly answer: Answer;
}

export class QueueSubscription implements Standing, Subscriber {
  readonly queue: string;
  readonly visibilityTimeoutMs: number | undefined;
  readonly #session: JsonSession;
  readonly #number: number;
  readonly #answer: Answer;
  #credit: number;
  #isAnswered = false;
  #isOver = false;

  constructor(session: JsonSession, options: QueueSubscriptionOptions) {
    this.#session = session;
    this.#number = options.number;
    this.#answer = options.answer;
    this.#credit = Math.min(options.credit, session.limits.creditMax);
    this.queue = options.queue;
    this.visibilityTimeoutMs = options.visibilityTimeoutMs;
  }

  /** Answers now or when the queue is found. */
  start(): void {
    this.#session.standing.set(this.#number, this);
    this.#session.rounds.join(this);
  }

  get room(): number {
    return this.#isOver || this.#session.congested ? 0 : this.#credit;
  }

  credit(add: number): void {
    this.#credit = Math.min(this.#credit + add, this.#session.limits.creditMax);
    this.#session.rounds.roomier(this);
  }

  pump(): void {
    if (this.room > 0) this.#session.rounds.roomier(this);
  }

  end(why?: { readonly code: string; readonly detail: string }): void {
    if (this.#isOver) return;
    this.#over();
    this.#session.rounds.leave(this);
    if (why === undefined) return;
    if (this.#isAnswered) this.#sayEnded(why.code, why.detail);
    else this.begun();
  }

  begun(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#answer(answered({ subscription: this.#number }));
  }

  deliver(delivery: QueueDelivery): void {
    const { held } = this.#session;
    const { receipt } = delivery;
    this.#credit--;
    held.add(this.queue, receipt);
    const message = { op: "message", subscription: this.#number, ...deliveryOf(delivery) };
    this.#session.push(JSON.stringify(message), () => held.handedOver(receipt));
  }

  refused(refused: Refused): void {
    if (this.#isOver) return;
    this.#over();
    if (this.#isAnswered) this.#sayEnded(refused.refusal, refused.detail);
    else this.#answer(refusedBy(refused));
  }

  #over(): void {
    this.#isOver = true;
    this.#session.standing.delete(this.#number);
  }

  #sayEnded(code: string, detail: string): void {
    this.#session.push(JSON.stringify({ op: "ended", subscription: this.#number, code, detail }));
  }
}
