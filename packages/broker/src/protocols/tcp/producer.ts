/**
 * A classic producer: each frame is one message. Messages are handed to the broker in batches, one batch at a time, so that their
 * order holds even when a batch is refused and its messages are tried one by one; what arrives meanwhile is the next batch.
 */
import { FrameReader } from "@sluice/protocol";
import type { BrokerApi, Refusal } from "../../broker/api.ts";
import type { Channel } from "./channel.ts";
import type { TcpLimits } from "./limits.ts";
import type { Peer, RoleConnection } from "./peer.ts";
import { tcpRefusals } from "./refusals.ts";
import type { TcpMetrics } from "./tcp-metrics.ts";

export interface ProducerOptions {
  readonly broker: BrokerApi;
  readonly limits: TcpLimits;
  readonly metrics: TcpMetrics;
  readonly channel: Channel;
  /** Called after each batch on a topic with how many messages were in it. */
  readonly published: (count: number) => void;
}

const noAttributes = new Map();

/** Others, and first of all the sockets of those who consume this, get their turn between two batches. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Holding a message costs more than its bytes: without this, a flood of empty ones would be free. */
const costBytes = (payload: Uint8Array): number => payload.length + 64;

export class Producer implements RoleConnection {
  readonly #peer: Peer;
  readonly #options: ProducerOptions;
  readonly #frames: FrameReader;
  #waiting: Uint8Array[] = [];
  /** Bytes that were read and are not answered for, in the batch under way or behind it. */
  #unansweredBytes = 0;
  #busy = false;
  #working: Promise<void> | undefined;
  /** No frame will come any more: the client said so, or we stopped listening. */
  #last = false;
  #draining = false;

  constructor(peer: Peer, options: ProducerOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#frames = new FrameReader(options.limits.frameBytesMax);
  }

  get heldBytes(): number {
    return this.#frames.partialBytes + this.#unansweredBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#last) return;
    const payloads = this.#frames.push(bytes);
    for (const payload of payloads) {
      this.#waiting.push(payload);
      this.#unansweredBytes += costBytes(payload);
    }
    this.#options.metrics.frames.inc({ direction: "in" }, payloads.length);
    if (this.#frames.fault !== undefined) this.#last = true;
    if (this.#unansweredBytes > this.#options.limits.unansweredBytesMax) this.#peer.pause();
    this.#work();
  }

  ended(): void {
    this.#last = true;
    this.#work();
  }

  drained(): void {}

  async closed(): Promise<void> {
    this.#last = true;
    await this.#working;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.#peer.pause();
    this.ended();
    await this.#working;
  }

  #work(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#working = this.#answer();
  }

  async #answer(): Promise<void> {
    const { limits } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, limits.batchCountMax);
      await this.#hand(batch);
      for (const payload of batch) this.#unansweredBytes -= costBytes(payload);
      if (!this.#last && this.#unansweredBytes <= limits.unansweredBytesMax) this.#peer.resume();
      if (this.#waiting.length > 0) await nextTurn();
    }
    // In the same step as the last look at what waits: a frame that comes between the two would be forgotten.
    this.#busy = false;
    if (this.#last) this.#end();
  }

  /**
   * A batch is taken whole or not at all. When it is refused, its messages may still fare differently. Publishing waits while a
   * consumer blocks the topic; then what arrives piles up to its bound, and the socket is not read.
   */
  async #hand(batch: readonly Uint8Array[]): Promise<void> {
    const { broker, channel, published } = this.#options;
    const result =
      channel.kind === "topic"
        ? await broker.publish({
            topic: channel.name,
            records: batch.map((body) => ({ key: undefined, body, attributes: noAttributes })),
          })
        : await broker.send({
            queue: channel.name,
            messages: batch.map((body) => ({ body, attributes: noAttributes })),
          });
    if (channel.kind === "topic") published(batch.length);
    if (result.ok) return;
    if (tcpRefusals[result.refusal].producer === "drop" && batch.length > 1) {
      for (const payload of batch) await this.#hand([payload]);
    } else {
      this.#refused(result.refusal, result.detail, batch.length);
    }
  }

  #refused(refusal: Refusal, detail: string, count: number): void {
    const { channel, metrics } = this.#options;
    const answer = tcpRefusals[refusal];
    metrics.refused(
      answer.code,
      channel,
      count + (answer.producer === "end" ? this.#waiting.length : 0),
      detail,
    );
    if (answer.producer === "drop") return;
    this.#waiting = [];
    this.#last = true;
    this.#peer.refuse(answer.code, detail);
  }

  #end(): void {
    const fault = this.#frames.fault;
    if (fault !== undefined) {
      const sentence = `A frame announced ${fault.frameBytes} bytes; the limit is ${fault.frameBytesMax}.`;
      this.#peer.refuse(fault.code, sentence);
    } else if (this.#draining) {
      this.#peer.refuse("shutting-down", "The server is shutting down; what was read has been taken.");
    } else if (this.#frames.partialBytes > 0) {
      const sentence = `The connection ended inside a frame; ${this.#frames.partialBytes} bytes of it were discarded.`;
      this.#peer.refuse("incomplete-frame", sentence);
    } else {
      this.#peer.finish();
    }
  }
}
