/** A subscription to a topic: hears what is published from now on, as far as there is credit; what must wait, waits in the broker's bounded buffer. */
import type { LiveSubscription, Overflow, Result, TopicRecord } from "../../../broker/api.ts";
import { recordOf } from "../../http/record-routes.ts";
import type { JsonSession, Standing } from "./session.ts";

export interface TopicSubscriptionOptions {
  readonly number: number;
  readonly topic: string;
  readonly credit: number;
  readonly bufferCountMax: number;
  readonly overflow: Overflow;
}

/** Records of one push, and the bytes of their bodies. */
const pushCountMax = 256;
const pushBytesMax = 256 * 1024;

/** Records as JSON, made once for all who hear them. */
const encoded = new WeakMap<TopicRecord, string>();

export class TopicSubscription implements Standing {
  readonly #session: JsonSession;
  readonly #options: TopicSubscriptionOptions;
  #subscription: LiveSubscription | undefined;
  #credit: number;
  #scheduled = false;
  #isOver = false;

  constructor(session: JsonSession, options: TopicSubscriptionOptions) {
    this.#session = session;
    this.#options = options;
    this.#credit = Math.min(options.credit, session.limits.creditMax);
  }

  /** Begins, unless the broker refuses it. What is pushed comes in a later turn than this. */
  start(): Result<object> {
    const { limits, broker, standing } = this.#session;
    const { number, topic, bufferCountMax, overflow } = this.#options;
    const result = broker.subscribeLive({
      topic,
      bufferCountMax: Math.min(bufferCountMax, limits.bufferCountMax),
      overflow,
      subscriberCountMax: limits.subscriberCountMax,
      onReadable: () => this.#pumpSoon(),
      // In one turn of the loop more may be published than the buffer holds: who keeps up must lose nothing by our order of doing things.
      onFilling: () => this.pump(),
      onClosed: (why) =>
        this.end({
          code: why === "overflow" ? "slow-consumer" : why,
          detail: "The broker ended the subscription.",
        }),
    });
    if (!result.ok) return result;
    this.#subscription = result.subscription;
    standing.set(number, this);
    return result;
  }

  credit(add: number): void {
    this.#credit = Math.min(this.#credit + add, this.#session.limits.creditMax);
    this.pump();
  }

  pump(): void {
    while (!this.#isOver && this.#credit > 0 && !this.#session.congested) {
      const records = this.#subscription?.take(Math.min(this.#credit, pushCountMax), pushBytesMax) ?? [];
      if (records.length === 0) return;
      this.#credit -= records.length;
      const { number, topic } = this.#options;
      const dropped = this.#subscription?.dropped ?? 0;
      const head = `{"op":"message","subscription":${number},"topic":${JSON.stringify(topic)},"dropped":${dropped},`;
      for (const record of records) this.#session.push(head + encodedOf(record).slice(1));
    }
  }

  end(why?: { readonly code: string; readonly detail: string }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { number } = this.#options;
    this.#session.standing.delete(number);
    this.#subscription?.[Symbol.dispose]();
    if (why !== undefined) {
      this.#session.push(JSON.stringify({ op: "ended", subscription: number, ...why }));
    }
  }

  #pumpSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.pump();
    });
  }
}

function encodedOf(record: TopicRecord): string {
  const known = encoded.get(record);
  if (known !== undefined) return known;
  const text = JSON.stringify(recordOf(record));
  encoded.set(record, text);
  return text;
}
