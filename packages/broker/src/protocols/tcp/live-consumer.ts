/** A classic consumer of a topic: hears every message from now on, as fast as its socket takes them; its buffer bounds how far it may lag. */
import type { BrokerApi, LiveEnd, LiveSubscription, Overflow } from "../../broker/api.ts";
import type { Channel } from "./channel.ts";
import type { SharedBlocks } from "./frame-blocks.ts";
import type { Peer, RoleConnection } from "./peer.ts";
import { tcpRefusals } from "./refusals.ts";
import type { TcpMetrics } from "./tcp-metrics.ts";

export interface LiveConsumerOptions {
  readonly broker: BrokerApi;
  readonly channel: Channel;
  readonly metrics: TcpMetrics;
  readonly blocks: SharedBlocks;
  readonly consumerCountMax: number;
  readonly bufferCountMax: number;
  readonly overflow: Overflow;
  readonly closed: (consumer: LiveConsumer) => void;
}

/** Records that are written at a time: enough to fill a write, few enough that a slow socket holds little beside its buffer. */
const writeCountMax = 128;
const writeBytesMax = 256 * 1024;

/** So many messages are a write worth making before the turn of the loop ends. */
const flushCount = 256;

export class LiveConsumer implements RoleConnection {
  /** What waits for the client waits in the broker, or in the socket. */
  readonly heldBytes = 0;
  readonly #peer: Peer;
  readonly #options: LiveConsumerOptions;
  readonly #subscription: LiveSubscription | undefined;
  #flushing = false;
  #draining = false;
  /** Published since the last flush. */
  #unflushed = 0;
  #droppedSeen = 0;

  /** Subscribes at once; refuses on the peer when the broker does. */
  constructor(peer: Peer, options: LiveConsumerOptions) {
    this.#peer = peer;
    this.#options = options;
    const { channel, consumerCountMax, bufferCountMax, overflow } = options;
    const result = options.broker.subscribeLive({
      topic: channel.name,
      bufferCountMax,
      overflow,
      subscriberCountMax: consumerCountMax,
      onReadable: () => this.#flushSoon(),
      onClosed: (why) => this.#ended(why),
    });
    if (result.ok) this.#subscription = result.subscription;
    else peer.refuse(tcpRefusals[result.refusal].code, result.detail);
  }

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      this.#peer.refuse("unexpected-bytes", "A consumer has nothing to say after its role.");
    }
  }

  /** The client closed its side. Whether it still reads cannot be known, so it counts as gone. */
  ended(): void {
    this.#peer.finish();
  }

  drained(): void {
    this.#flush();
  }

  closed(): Promise<void> {
    this.#noticeDrops();
    this.#subscription?.[Symbol.dispose]();
    this.#options.closed(this);
    return Promise.resolve();
  }

  drain(): Promise<void> {
    this.#draining = true;
    this.#flush();
    return Promise.resolve();
  }

  get topic(): string {
    return this.#options.channel.name;
  }

  /**
   * Messages were published to the topic. Many of them are taken at once: in one turn of the loop, producers may publish more than
   * the buffer holds, and a consumer that keeps up must lose nothing by our own order of doing things.
   */
  published(count: number): void {
    this.#unflushed += count;
    if (this.#unflushed >= flushCount) this.#flush();
    this.#noticeDrops();
  }

  /** Says which copies this consumer has lost since the last time. */
  #noticeDrops(): void {
    const dropped = this.#subscription?.dropped ?? 0;
    if (dropped === this.#droppedSeen) return;
    const { metrics, channel, bufferCountMax } = this.#options;
    const detail = `A consumer does not keep up; its buffer, of at most ${bufferCountMax} messages, was full.`;
    metrics.overflowed(channel, dropped - this.#droppedSeen, detail);
    this.#droppedSeen = dropped;
  }

  /** Not at once, so that what is published in one turn of the loop, by whomever, is one write. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    this.#unflushed = 0;
    const { metrics, blocks } = this.#options;
    while (!this.#peer.congested) {
      const records = this.#subscription?.take(writeCountMax, writeBytesMax) ?? [];
      if (records.length === 0) {
        if (this.#draining) this.#peer.finish();
        return;
      }
      metrics.frames.inc({ direction: "out" }, records.length);
      this.#peer.write(blocks.of(records));
    }
  }

  #ended(why: LiveEnd): void {
    if (why === "shutting-down") void this.drain();
    else if (why === "unknown-topic") this.#peer.refuse("unknown-topic", "The topic was deleted.");
    else {
      const sentence = `The buffer, of at most ${this.#options.bufferCountMax} messages, was full.`;
      this.#peer.refuse("slow-consumer", sentence);
    }
  }
}
