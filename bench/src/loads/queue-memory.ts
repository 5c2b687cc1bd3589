/** What a waiting message costs in memory, by the rules alone: a queue is filled, and the heap is measured before and after. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { applyToQueue, type Body, noAttributes, QueueState } from "@sluice/broker/queue";
import { systemClock } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { messageBytes, messageText } from "./payload.ts";
import { RoundTime } from "./round-time.ts";

export interface QueueMemoryOptions {
  readonly count: number;
  /** Whether the bodies are in memory, or their lengths alone because the journal has them. */
  readonly bodies: "in memory" | "in the journal";
}

const batch = 1000;
const collections = 3;

/** Bytes that are alive, on the heap and beside it. */
async function liveBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Buffers that one collection finds dead are counted until their memory is given back, which happens beside and after it.
  for (let i = 0; i < collections; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function fill(count: number, body: () => Body): QueueState {
  const state = new QueueState(1);
  const now = systemClock.now();
  for (let sent = 0; sent < count; sent += batch) {
    const messages = Array.from({ length: batch }, () => ({ body: body(), attributes: noAttributes }));
    const { nextSequence: firstSequence } = state;
    applyToQueue(state, { kind: "sent", firstSequence, enqueuedAtMs: now.wallMs, messages }, now, []);
  }
  return state;
}

export async function openQueueMemory({ count, bodies }: QueueMemoryOptions): Promise<Load> {
  const text = Buffer.from(messageText);
  const absent = { byteLength: messageBytes };
  return {
    round: async () => {
      const time = new RoundTime(0);
      const before = await liveBytes();
      const state = fill(count, bodies === "in memory" ? () => Buffer.from(text) : () => absent);
      const bytesPerMessage = ((await liveBytes()) - before) / state.messages.used;
      return { operations: state.messages.used, elapsedMs: time.elapsedMs, readings: { bytesPerMessage } };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
