/**
 * Frames of 128 bytes from one producer to one or more consumers. A round ends when every consumer has everything that was sent to it, so
 * that what a server drops or holds back is no throughput.
 */
import { Fault, systemClock, waitFor } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { FrameConsumer } from "./frame-consumer.ts";
import { FrameProducer, frameBytes } from "./frame-producer.ts";
import { RoundTime } from "./round-time.ts";

export interface TcpFramesOptions {
  readonly port: number;
  readonly consumers: number;
  /** Parameters of both roles, with a space before each: ` queue=bench`. */
  readonly parameters: string;
  /** Whether each consumer gets every frame, or each frame goes to one of them. */
  readonly spread: "to all" | "to one";
}

/** Without a byte for this long, what is missing will not come. */
const patienceMs = 10_000;
const probeEveryMs = 5;
const quietMs = 50;

export async function openTcpFrames(options: TcpFramesOptions): Promise<Load> {
  const { port, parameters, spread } = options;
  await using opened = new AsyncDisposableStack();
  const arrivals = new Arrivals();
  for (let i = 0; i < options.consumers; i++) {
    const consumer = await FrameConsumer.open(port, `CONSUMER${parameters}`, () => arrivals.notice());
    arrivals.consumers.push(opened.use(consumer));
  }
  const producer = opened.use(await FrameProducer.open(port, `PRODUCER${parameters}`));
  if (spread === "to all") await untilAllListen(producer, arrivals);

  const copies = spread === "to all" ? options.consumers : 1;
  const ending = opened.move();
  return {
    round: async (seconds) => {
      const before = arrivals.receivedBytes;
      const time = new RoundTime(seconds);
      const sent = await producer.produce(time);
      await arrivals.reach(before + sent * copies * frameBytes);
      return { operations: sent * copies, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** A consumer hears nothing of the moment from which it is one, and what is broadcast before that is not for it. */
async function untilAllListen(producer: FrameProducer, arrivals: Arrivals): Promise<void> {
  while (arrivals.consumers.some(({ receivedBytes }) => receivedBytes === 0)) {
    producer.produceOne();
    await waitFor(systemClock, probeEveryMs);
  }
  for (let seen = -1; seen !== arrivals.receivedBytes; ) {
    seen = arrivals.receivedBytes;
    await waitFor(systemClock, quietMs);
  }
}

/** What all consumers have got together. */
class Arrivals {
  readonly consumers: FrameConsumer[] = [];
  #awaited: { readonly bytes: number; readonly resolve: () => void } | undefined;

  get receivedBytes(): number {
    return this.consumers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
  }

  notice(): void {
    if (this.#awaited !== undefined && this.receivedBytes >= this.#awaited.bytes) this.#awaited.resolve();
  }

  /** Resolves when exactly `bytes` have come; rejects when they do not come, or more do. */
  async reach(bytes: number): Promise<void> {
    const all = new Promise<void>((resolve) => {
      this.#awaited = { bytes, resolve };
    });
    this.notice();
    const over = new AbortController();
    const stalled = this.#untilStalled(over.signal);
    await Promise.race([all, stalled]);
    over.abort();
    this.#awaited = undefined;
    const missing = bytes - this.receivedBytes;
    if (missing !== 0) {
      throw new Fault(
        "frames-missing",
        `${missing / frameBytes} frames of ${bytes / frameBytes} are missing.`,
      );
    }
  }

  async #untilStalled(signal: AbortSignal): Promise<void> {
    for (let seen = -1; seen !== this.receivedBytes && !signal.aborted; ) {
      seen = this.receivedBytes;
      await waitFor(systemClock, patienceMs, signal).catch(() => {});
    }
  }
}
