/** How fast a journal is read back: a journal is written once, then opened and replayed each round. */
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { assert, systemRandom } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

export interface JournalReplayOptions {
  /** Appends that the journal holds, of one record of 128 bytes each. */
  readonly count: number;
}

const headBytes = 16;
const appendsPerSync = 10_000;

export async function openJournalReplay({ count }: JournalReplayOptions): Promise<Load> {
  const scratch = await makeScratch();
  const open = async () =>
    FileJournal.open({ disk: await NodeDisk.open(scratch.path), random: systemRandom });
  await fill(await open(), count);
  return {
    round: async () => {
      const time = new RoundTime(0);
      await using journal = await open();
      let bodyBytes = 0;
      const { appends } = await journal.replay(({ parts }) => {
        for (const part of parts) for (const { bytes } of part.bodies) bodyBytes += bytes?.length ?? 0;
      });
      const { elapsedMs } = time;
      assert(appends === count && bodyBytes > 0, "what was written is read");
      return { operations: appends, elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function fill(opened: FileJournal, count: number): Promise<void> {
  await using journal = opened;
  await journal.replay(() => {});
  const head = new Uint8Array(headBytes);
  const part = { owner: 1, type: 1, durability: "synced", head, bodies: bodies(1) } as const;
  for (let written = 0; written < count; ) {
    const until = Math.min(count, written + appendsPerSync);
    while (++written < until) journal.append([part], () => {});
    await new Promise<void>((resolve, reject) => {
      journal.append([part], (fault) => (fault === undefined ? resolve() : reject(fault)));
    });
  }
}
