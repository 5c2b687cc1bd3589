/**
 * A classic consumer of a queue. A delivery counts as acked when the kernel has taken its frame; what the kernel has not taken when the
 * connection ends goes back to the head of the queue, in order, as if it had never been handed out.
 */

import type { Clock, Log, Timer } from "@sluice/runtime";
import type { BrokerApi, QueueBatchApi, TakenMessage } from "../../broker/api.ts";
import type { Channel } from "./channel.ts";
import { frameBlocks } from "./frame-blocks.ts";
import type { TcpLimits } from "./limits.ts";
import type { Peer, RoleConnection } from "./peer.ts";
import { tcpRefusals } from "./refusals.ts";
import type { TcpMetrics } from "./tcp-metrics.ts";

export interface QueueConsumerOptions {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly channel: Channel;
  readonly limits: TcpLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: TcpMetrics;
  readonly closed: (consumer: QueueConsumer) => void;
}

/** Deliveries of one receive at most, however small they are. */
const windowCountMax = 256;
const waitMs = 60_000;

export class QueueConsumer implements RoleConnection {
  /** What waits for the client waits in the broker, or in the socket. */
  readonly heldBytes = 0;
  readonly #peer: Peer;
  readonly #options: QueueConsumerOptions;
  readonly #stopped = new AbortController();
  /** Written to the socket and not yet taken by the kernel. */
  readonly #unsent = new Set<TakenMessage>();
  /** Acks and nacks that the broker has not answered. */
  readonly #settling = new Set<Promise<void>>();
  #room: PromiseWithResolvers<void> | undefined;
  #renewal: Timer | undefined;
  readonly #working: Promise<void>;

  /** Starts to receive at once. */
  constructor(peer: Peer, options: QueueConsumerOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#working = this.#receive();
  }

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      this.#peer.refuse("unexpected-bytes", "A consumer has nothing to say after its role.");
      this.#stop();
    }
  }

  /** The client closed its side. Whether it still reads cannot be known, and what it does not read must not be lost. */
  ended(): void {
    this.#stop();
  }

  drained(): void {
    this.#room?.resolve();
  }

  async closed(): Promise<void> {
    this.#stop();
    await this.#working;
    this.#giveBack([...this.#unsent]);
    this.#unsent.clear();
    while (this.#settling.size > 0) await Promise.all(this.#settling);
    this.#renewal?.[Symbol.dispose]();
    this.#options.closed(this);
  }

  async drain(): Promise<void> {
    this.#stop();
    await this.#working;
  }

  #stop(): void {
    this.#stopped.abort();
    this.#room?.resolve();
  }

  async #receive(): Promise<void> {
    const { broker, channel, limits } = this.#options;
    const signal = this.#stopped.signal;
    while (!signal.aborted) {
      if (this.#peer.congested) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
        continue;
      }
      const result = await broker
        .take({
          queue: channel.name,
          max: windowCountMax,
          bytesMax: limits.windowBytes,
          waitMs,
          visibilityTimeoutMs: limits.leaseMs,
          signal,
        })
        .catch(unlessAborted(signal));
      if (result === undefined) break;
      if (!result.ok) {
        if (result.refusal === "shutting-down") break;
        this.#peer.refuse(tcpRefusals[result.refusal].code, result.detail);
        return;
      }
      if (result.messages.length > 0) this.#hand(result.messages);
    }
    this.#peer.finish();
  }

  #hand(deliveries: readonly TakenMessage[]): void {
    const { metrics } = this.#options;
    if (this.#stopped.signal.aborted) {
      this.#giveBack(deliveries);
      return;
    }
    for (const delivery of deliveries) this.#unsent.add(delivery);
    this.#renewSoon();
    this.#peer.write(frameBlocks(deliveries.map((delivery) => delivery.body)), (error) => {
      const settling = deliveries.filter((delivery) => this.#unsent.delete(delivery));
      if (error) {
        this.#giveBack(settling);
        return;
      }
      this.#ack(settling);
      metrics.frames.inc({ direction: "out" }, deliveries.length);
    });
  }

  #ack(delivered: readonly TakenMessage[]): void {
    if (delivered.length === 0) return;
    const { broker, channel, log } = this.#options;
    const { name: queue } = channel;
    this.#settle(
      broker.ackBatch(queue, delivered).then((result) => {
        const refusal = result.ok ? [...result.refusals.values()][0]?.refusal : result.refusal;
        if (refusal !== undefined)
          log.warn({ queue, refusal }, "delivered, but not acked: it will come again");
      }),
    );
  }

  /** A refusal is as good: the lease has ended, or the storage has, and the message is there again anyway. */
  #giveBack(receipts: readonly TakenMessage[]): void {
    if (receipts.length === 0) return;
    const { broker, channel } = this.#options;
    const back = broker.nackBatch({ queue: channel.name, receipts, delayMs: 0, counts: false });
    this.#settle(back.then(() => undefined));
  }

  #settle(settled: Promise<void>): void {
    const tracked = settled.finally(() => this.#settling.delete(tracked));
    this.#settling.add(tracked);
  }

  /**
   * A client that reads slowly keeps what it was handed while it is connected: ending the connection for its slowness
   * would lose what the kernel has taken.
   */
  #renewSoon(): void {
    if (this.#renewal !== undefined) return;
    const { broker, channel, clock, limits } = this.#options;
    this.#renewal = clock.after(limits.leaseMs / 3, () => {
      this.#renewal = undefined;
      if (this.#unsent.size === 0) return;
      const extended = broker.extendBatch(channel.name, [...this.#unsent], limits.leaseMs);
      this.#settle(extended.then(() => undefined));
      this.#renewSoon();
    });
  }
}

/** A receive that we ended ourselves has no answer; any other rejection is a bug and goes on. */
const unlessAborted =
  (signal: AbortSignal) =>
  (error: unknown): undefined => {
    if (!signal.aborted) throw error;
  };
