/** What this disk gives: 4 KiB written and synced, one after the other. Every synced figure stands on it. */
import { fdatasync, write } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { Latencies } from "../statistics.ts";
import { RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

const blockBytes = 4096;

export async function openRawSync(): Promise<Load> {
  const scratch = await makeScratch();
  const file = await open(join(scratch.path, "blocks"), "wx+");
  const block = Buffer.alloc(blockBytes, 0x61);
  let offset = 0;
  const writeAndSync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      write(file.fd, block, 0, blockBytes, offset, (error) => {
        if (error !== null) return reject(error);
        offset += blockBytes;
        fdatasync(file.fd, (syncError) => (syncError === null ? resolve() : reject(syncError)));
      });
    });
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const latencies = new Latencies();
      let operations = 0;
      do {
        const startMs = systemClock.now().monotonicMs;
        await writeAndSync();
        latencies.record(systemClock.now().monotonicMs - startMs);
        operations++;
      } while (!time.isOver);
      return { operations, elapsedMs: time.elapsedMs, readings: latencies.readings() };
    },
    [Symbol.asyncDispose]: async () => {
      await file.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}
