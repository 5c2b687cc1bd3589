/** The journal without the broker: records of 128 bytes, `group` of them on their way at a time. */
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { systemRandom } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { bodies, messageBytes } from "./payload.ts";
import { inLines, RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

export interface JournalAppendOptions {
  /** Appends that wait for their sync at once, and so share it. */
  readonly group: number;
}

const headBytes = 16;

export async function openJournalAppend({ group }: JournalAppendOptions): Promise<Load> {
  const scratch = await makeScratch();
  const journal = await FileJournal.open({ disk: await NodeDisk.open(scratch.path), random: systemRandom });
  await journal.replay(() => {});
  const head = new Uint8Array(headBytes);
  const part = { owner: 1, type: 1, durability: "synced", head, bodies: bodies(1) } as const;
  const append = (): Promise<number> =>
    new Promise((resolve, reject) => {
      journal.append([part], (fault) => (fault === undefined ? resolve(1) : reject(fault)));
    });
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const operations = await inLines(group, time, append);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: async () => {
      await journal[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** What one such append says, in bytes: the rest of the record is the journal's. */
export const appendBytes = headBytes + messageBytes;
