/** A subscription to a topic: hears what is published from now on, as far as there is credit; what must wait, waits in the broker's bounded buffer. */
import type { Overflow, Result, TopicRecord } from "../../../broker/api.ts";
import { recordOf } from "../../http/record-routes.ts";
import { CreditedTopic } from "../../tcp/credited-topic.ts";
import type { JsonSession, Standing } from "./session.ts";

export interface TopicSubscriptionOptions {
  readonly number: number;
  readonly topic: string;
  readonly credit: number;
  readonly bufferCountMax: number;
  readonly overflow: Overflow;
}

/** Bytes of the bodies of one push. */
const pushBytesMax = 256 * 1024;

/** Records as JSON, made once for all who hear them. */
const encoded = new WeakMap<TopicRecord, string>();

export class TopicSubscription implements Standing {
  readonly #session: JsonSession;
  readonly #options: TopicSubscriptionOptions;
  readonly #topic: CreditedTopic;

  constructor(session: JsonSession, options: TopicSubscriptionOptions) {
    const { broker, limits } = session;
    this.#session = session;
    this.#options = options;
    this.#topic = new CreditedTopic({
      broker,
      limits,
      topic: options.topic,
      credit: options.credit,
      bufferCountMax: Math.min(options.bufferCountMax, limits.bufferCountMax),
      overflow: options.overflow,
      pushBytesMax,
      congested: () => session.congested,
      push: (records, dropped) => this.#push(records, dropped),
      ended: (why) =>
        this.end({
          code: why === "overflow" ? "slow-consumer" : why,
          detail: "The broker ended the subscription.",
        }),
    });
  }

  /** Begins, unless the broker refuses it. What is pushed comes in a later turn than this. */
  start(): Result<object> {
    const result = this.#topic.start();
    if (result.ok) this.#session.standing.set(this.#options.number, this);
    return result;
  }

  credit(add: number): void {
    this.#topic.credit(add);
  }

  pump(): void {
    this.#topic.pump();
  }

  end(why?: { readonly code: string; readonly detail: string }): void {
    if (!this.#topic.close()) return;
    const { number } = this.#options;
    this.#session.standing.delete(number);
    if (why !== undefined) {
      this.#session.push(JSON.stringify({ op: "ended", subscription: number, ...why }));
    }
  }

  #push(records: readonly TopicRecord[], dropped: number): void {
    const { number, topic } = this.#options;
    const head = `{"op":"message","subscription":${number},"topic":${JSON.stringify(topic)},"dropped":${dropped},`;
    for (const record of records) this.#session.push(head + encodedOf(record).slice(1));
  }
}

function encodedOf(record: TopicRecord): string {
  const known = encoded.get(record);
  if (known !== undefined) return known;
  const text = JSON.stringify(recordOf(record));
  encoded.set(record, text);
  return text;
}
