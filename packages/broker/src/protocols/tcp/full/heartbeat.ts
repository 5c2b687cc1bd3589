/**
 * Whether a connection is alive. Each end lets at most one interval pass without a word; an end that has heard nothing for two gives the
 * other up. Beside silence there is standstill: a frame that does not end, and bytes that nobody takes.
 */
import type { Clock, Timer } from "@sluice/runtime";

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly stallMs: number;
  /** False while we ourselves do not read: then silence is no sign. */
  readonly listening: () => boolean;
  /** Bytes of a frame that has begun. */
  readonly partialBytes: () => number;
  /** Bytes that wait for the kernel, and how many it has taken since the connection began. */
  readonly outgoing: () => { readonly bytes: number; readonly handedBytes: number };
  readonly ping: () => void;
  readonly dead: (code: "heartbeat-missed" | "frame-timeout" | "slow-consumer", sentence: string) => void;
}

/** The clock is looked at so often in an interval. */
const ticksPerInterval = 2;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer | undefined;
  #heard = true;
  #said = true;
  #silentTicks = 0;
  #quietTicks = 0;
  #partialTicks = 0;
  #stuckTicks = 0;
  #handedBytes = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Bytes came from the client. */
  heard(): void {
    this.#heard = true;
  }

  /** A frame came to its end. */
  completed(): void {
    this.#partialTicks = 0;
  }

  /** A frame was written. */
  said(): void {
    this.#said = true;
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #arm(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer = clock.after(intervalMs / ticksPerInterval, () => this.#tick());
  }

  #tick(): void {
    const { intervalMs, stallMs, listening, partialBytes, outgoing, ping, dead } = this.#options;
    this.#arm();
    const tickMs = intervalMs / ticksPerInterval;
    this.#silentTicks = this.#heard || !listening() ? 0 : this.#silentTicks + 1;
    this.#heard = false;
    this.#partialTicks = partialBytes() === 0 || !listening() ? 0 : this.#partialTicks + 1;
    const { bytes, handedBytes } = outgoing();
    this.#stuckTicks = bytes === 0 || handedBytes !== this.#handedBytes ? 0 : this.#stuckTicks + 1;
    this.#handedBytes = handedBytes;
    if (this.#silentTicks >= 2 * ticksPerInterval) {
      dead("heartbeat-missed", `Nothing was heard for ${2 * intervalMs} ms.`);
    } else if (this.#partialTicks * tickMs > stallMs) {
      dead("frame-timeout", `A frame was not completed in ${stallMs} ms.`);
    } else if (this.#stuckTicks * tickMs > stallMs) {
      dead("slow-consumer", `Nothing of ${bytes} bytes was taken in ${stallMs} ms.`);
    } else {
      this.#quietTicks = this.#said ? 0 : this.#quietTicks + 1;
      this.#said = false;
      if (this.#quietTicks >= 1) ping();
    }
  }
}
