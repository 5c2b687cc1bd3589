/** The durable work of a message without any rule: appends of the sizes that its life takes, one after the other, by group commit. */
import type { Load } from "../process/runner.ts";
import { BareLog } from "./bare-log.ts";
import { inLines, RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

export interface BareLogOptions {
  /** Bytes of the appends that one operation consists of, each made when the one before is on the disk. */
  readonly appendBytes: readonly number[];
  /** How many messages such an operation stands for. */
  readonly batch: number;
  readonly lines: number;
}

export async function openBareLog({ appendBytes, batch, lines }: BareLogOptions): Promise<Load> {
  const scratch = await makeScratch();
  const log = await BareLog.open(scratch.path);
  const appends = appendBytes.map((bytes) => Buffer.alloc(bytes, 0x61));
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const operations = await inLines(lines, time, async () => {
        for (const bytes of appends) await log.append(bytes);
        return batch;
      });
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: async () => {
      await log[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}
