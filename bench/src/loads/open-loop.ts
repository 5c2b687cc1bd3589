/**
 * Latency at a fixed rate. Work is begun when it is due, whether or not what came before has been answered, and its latency counts from
 * when it was due: a stall is paid for by everything that fell due while it lasted.
 */
import { noAttributes } from "@sluice/broker";
import { noWireAttributes, writePublish } from "@sluice/protocol/full";
import { systemClock } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { Latencies } from "../statistics.ts";
import { answered } from "./answered.ts";
import { BareLog } from "./bare-log.ts";
import { openBroker } from "./open-broker.ts";
import { bodies, messageBytes } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";
import { WireConnection } from "./wire-connection.ts";

export interface OpenLoopOptions {
  readonly ratePerSecond: number;
  /**
   * What is done: a publish to a topic of a broker in this process or of the server at a port, or an append of as many bytes by bare
   * group commit.
   */
  readonly target: "topic" | "bare log" | { readonly port: number };
}

interface Target extends AsyncDisposable {
  /** Resolves when it is on the disk. */
  readonly work: () => Promise<void>;
}

export async function openOpenLoop({ ratePerSecond, target }: OpenLoopOptions): Promise<Load> {
  const { work, [Symbol.asyncDispose]: dispose } = await open(target);
  return {
    round: async (seconds) => {
      const latencies = new Latencies();
      const count = Math.max(1, Math.round(seconds * ratePerSecond));
      const time = new RoundTime(seconds);
      await atRate(count, 1000 / ratePerSecond, async (dueMs) => {
        await work();
        latencies.record(systemClock.now().monotonicMs - dueMs);
      });
      return { operations: count, elapsedMs: time.elapsedMs, readings: latencies.readings() };
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Begins one piece of work every `spacingMs`, `count` in all; resolves when all are done. `dueMs` is monotonic. */
function atRate(count: number, spacingMs: number, work: (dueMs: number) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const startMs = systemClock.now().monotonicMs;
    let begun = 0;
    let done = 0;
    const finished = (): void => {
      if (++done === count) resolve();
    };
    const beginWhatIsDue = (): void => {
      for (; begun < count; begun++) {
        const dueMs = startMs + begun * spacingMs;
        if (dueMs > systemClock.now().monotonicMs) break;
        work(dueMs).then(finished, reject);
      }
      if (begun < count) systemClock.after(1, beginWhatIsDue);
    };
    beginWhatIsDue();
  });
}

function open(target: OpenLoopOptions["target"]): Promise<Target> {
  if (typeof target === "object") return topicAt(target.port);
  return target === "topic" ? topic() : bareLog();
}

async function topic(): Promise<Target> {
  const opened = await openBroker();
  const [body] = bodies(1);
  const records = body === undefined ? [] : [{ key: undefined, body, attributes: noAttributes }];
  return {
    work: async () => void answered(await opened.broker.publish({ topic: "bench", records })),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function topicAt(port: number): Promise<Target> {
  const connection = await WireConnection.open(port);
  const records = bodies(1).map((body) => ({ key: undefined, body, attributes: noWireAttributes }));
  const request = { topic: "bench", sequence: undefined, records };
  return {
    work: async () =>
      void (await connection.request("published", (to, id) => writePublish(to, { ...request, id }))),
    [Symbol.asyncDispose]: async () => connection[Symbol.dispose](),
  };
}

async function bareLog(): Promise<Target> {
  const scratch = await makeScratch();
  const log = await BareLog.open(scratch.path);
  const bytes = Buffer.alloc(messageBytes, 0x61);
  return {
    work: () => log.append(bytes),
    [Symbol.asyncDispose]: async () => {
      await log[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}
