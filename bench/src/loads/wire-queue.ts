/**
 * Send to receive to ack over SLUICE/1: one connection sends, another is pushed to as far as it gives credit, and acks. As many messages as
 * the window holds are on their way, each from its send to the answer to its ack.
 */
import {
  noWireAttributes,
  type WireReceipt,
  writeAck,
  writeCredit,
  writeSend,
  writeSubscribe,
} from "@sluice/protocol/full";
import type { Load } from "../process/runner.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { unlessStalled } from "./stall.ts";
import { type Named, WireConnection } from "./wire-connection.ts";

export interface WireQueueOptions {
  readonly port: number;
  readonly queue: string;
  /** Messages of a send. 1: each message is also acked by a request of its own; else what was pushed together is acked together. */
  readonly batch: number;
  /** Messages on their way at most. */
  readonly window: number;
  /** Default: TCP. */
  readonly over?: "tcp" | "websocket";
}

export async function openWireQueue(options: WireQueueOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const { port, queue, window, over = "tcp" } = options;
  const sender = opened.use(await WireConnection.open(port, {}, over));
  let flow: Flow | undefined;
  const receiver = opened.use(
    await WireConnection.open(
      port,
      {
        onPush: (push) => {
          if (push.verb !== "deliver") return false;
          flow?.delivered(push);
          return flow !== undefined;
        },
      },
      over,
    ),
  );
  const subscribe = { queue, credit: window, visibilityTimeoutMs: undefined };
  await receiver.request("subscribed", (to, id) => writeSubscribe(to, { ...subscribe, id }));
  const ending = opened.move();
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const present = new Flow(options, sender, receiver, time);
      flow = present;
      present.begin();
      const finished = Promise.race([present.finished, sender.failed, receiver.failed]);
      const operations = await unlessStalled(finished, () => present.acked);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** The messages of one round. */
class Flow {
  readonly #options: WireQueueOptions;
  readonly #sender: WireConnection;
  readonly #receiver: WireConnection;
  readonly #time: RoundTime;
  readonly #messages: { readonly body: Uint8Array; readonly attributes: typeof noWireAttributes }[];
  readonly #finished = Promise.withResolvers<number>();
  #underWay = 0;
  #lastSequence = -1;
  #acked = 0;

  constructor(options: WireQueueOptions, sender: WireConnection, receiver: WireConnection, time: RoundTime) {
    this.#options = options;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#time = time;
    this.#messages = bodies(options.batch).map((body) => ({ body, attributes: noWireAttributes }));
  }

  /** Resolves with how many messages went all the way. */
  get finished(): Promise<number> {
    return this.#finished.promise;
  }

  get acked(): number {
    return this.#acked;
  }

  begin(): void {
    const { batch, window } = this.#options;
    do this.#send();
    while (this.#underWay + batch <= window);
  }

  delivered({ id, deliveries }: Named<"deliver">): void {
    for (const { sequence } of deliveries) {
      if (sequence <= this.#lastSequence) this.#receiver.fail("a message came again or out of order");
      this.#lastSequence = sequence;
    }
    if (this.#options.batch === 1) for (const delivery of deliveries) this.#ack([delivery]);
    else this.#ack(deliveries);
    this.#receiver.tell((to) => writeCredit(to, { id, add: deliveries.length }));
  }

  #send(): void {
    const { queue } = this.#options;
    const messages = this.#messages;
    this.#underWay += messages.length;
    this.#sender.ask(
      "sent",
      (to, id) => writeSend(to, { id, queue, atomic: false, sequence: undefined, messages }),
      ({ refusals }) => {
        if (refusals.size > 0) this.#sender.fail("messages were refused");
      },
    );
  }

  #ack(receipts: readonly WireReceipt[]): void {
    const { queue } = this.#options;
    this.#receiver.ask(
      "acked",
      (to, id) => writeAck(to, { id, queue, receipts }),
      ({ refusals }) => {
        if (refusals.size > 0) this.#receiver.fail("acks were refused");
        this.#settled(receipts.length);
      },
    );
  }

  #settled(count: number): void {
    const { batch, window } = this.#options;
    this.#underWay -= count;
    this.#acked += count;
    if (!this.#time.isOver) while (this.#underWay + batch <= window) this.#send();
    else if (this.#underWay === 0) this.#finished.resolve(this.#acked);
  }
}
