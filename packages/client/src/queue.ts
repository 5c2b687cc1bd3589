/** A queue, as a program sees it. */
import {
  type EntryRefusals,
  entryCountMax,
  messageIdAt,
  type SentAnswer,
  type WireDurability,
  writeReceive,
  writeSend,
} from "@sluice/protocol/full";
import { type Body, type Message, type MessageOptions, split, wireMessage } from "./body.ts";
import { Delivery } from "./delivery.ts";
import { RefusedError } from "./errors.ts";
import { QueueAdministration } from "./queue-administration.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";
import { type ConsumeOptions, type Handler, Worker } from "./worker.ts";

export interface Sent {
  readonly messageId: string;
  /** What the acknowledgement rests on. */
  readonly durability: WireDurability;
}

/** What became of one message of a batch. */
export type SendResult =
  | ({ readonly ok: true } & Sent)
  | { readonly ok: false; readonly error: RefusedError };

export interface ReceiveOptions {
  /** 1 to 1000. Default 1. */
  readonly max?: number;
  /** How long to wait for a first message, in milliseconds. Default 0. */
  readonly waitMs?: number;
  /** Default: that of the queue. */
  readonly visibilityTimeoutMs?: number;
  /** Ends the wait; rejects with its reason. What would have been received stays in the queue. */
  readonly signal?: AbortSignal;
}

/** Bytes of one send at most; the frame has room for what stands around them. */
const batchBytesMax = 3.5 * 1024 * 1024;
const receiveBytesMax = 1024 * 1024;

/** What programs do with a queue; what operators do with it comes from `QueueAdministration`. */
export class Queue extends QueueAdministration {
  /**
   * Sends one message. Resolves when the server has it; across reconnects, which need no help.
   * @throws RefusedError; ClientFault `buffer-full`, `request-timeout`, `invalid-request`, `closed`.
   */
  async send(body: Body, options: MessageOptions = {}): Promise<Sent> {
    const message = wireMessage({ body, ...options });
    const answer = await this.#send([message], true, message.body.byteLength);
    const refusal = answer.refusals.get(0);
    if (refusal !== undefined) throw new RefusedError(refusal);
    return { messageId: messageIdAt(answer.ids, 0), durability: answer.durability };
  }

  /**
   * Sends many: one result each, in their order. With `atomic` all of them or none, in one request of at most 10 000 messages and 3.5 MiB;
   * without it they are cut into as many requests as it takes.
   * @throws as `send`; with `atomic` a RefusedError for the whole batch.
   */
  async sendBatch(
    messages: readonly Message[],
    { atomic = false }: { readonly atomic?: boolean } = {},
  ): Promise<readonly SendResult[]> {
    const all = messages.map(wireMessage);
    if (all.length === 0) return [];
    const whole = Number.POSITIVE_INFINITY;
    const runs = atomic ? split(all, whole, whole) : split(all, batchBytesMax, entryCountMax);
    const answers = await Promise.all(
      runs.map(async ({ entries, bytes }) =>
        resultsOf(await this.#send(entries, atomic, bytes), entries.length),
      ),
    );
    const results = answers.flat();
    const refused = atomic ? results.find((result) => !result.ok) : undefined;
    if (refused?.ok === false) throw refused.error;
    return results;
  }

  /**
   * Takes up to `max` messages.
   * @throws RefusedError; ClientFault `request-timeout`, `closed`; the reason of `signal`.
   */
  async receive(options: ReceiveOptions = {}): Promise<readonly Delivery[]> {
    const { max = 1, waitMs = 0, visibilityTimeoutMs, signal } = options;
    const { link, settler } = this.context;
    const queue = this.name;
    const { deliveries } = await link.outbox.ask(
      "received",
      (to, id) =>
        writeReceive(to, { id, queue, max, bytesMax: receiveBytesMax, waitMs, visibilityTimeoutMs }),
      {
        waitMs,
        signal,
        late: (answer) => settler.giveBack(queue, answer.deliveries),
      },
    );
    return deliveries.map((wire) => new Delivery(queue, wire, settler));
  }

  /** Deliveries as they come, as far as `credit` allows. */
  subscribe(options: SubscribeOptions = {}): Subscription {
    const { link, settler, open } = this.context;
    const subscription = new Subscription(link, settler, this.name, options, (closed) => open.delete(closed));
    open.add(subscription);
    return subscription.start();
  }

  /** Calls `handler` for each message; acks when it ends, gives back when it throws, extends the lease while it runs. */
  consume(handler: Handler, options: ConsumeOptions = {}): Worker {
    const { link, settler, open } = this.context;
    const worker = new Worker(link, settler, this.name, handler, options, (closed) => open.delete(closed));
    open.add(worker);
    return worker.start();
  }

  #send(
    messages: Parameters<typeof writeSend>[1]["messages"],
    atomic: boolean,
    bytes: number,
  ): Promise<SentAnswer> {
    const sequence = this.context.nextSequence();
    return this.context.link.outbox.ask(
      "sent",
      (to, id) => writeSend(to, { id, queue: this.name, atomic, sequence, messages }),
      { bytes },
    );
  }
}

function resultsOf(
  { ids, durability, refusals }: { ids: Uint8Array; durability: WireDurability; refusals: EntryRefusals },
  count: number,
): readonly SendResult[] {
  return Array.from({ length: count }, (_, index) => {
    const refusal = refusals.get(index);
    if (refusal !== undefined) return { ok: false, error: new RefusedError(refusal) };
    return { ok: true, messageId: messageIdAt(ids, index), durability };
  });
}
