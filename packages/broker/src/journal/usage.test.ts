/** What a journal tells of itself: what its files take, and how long its syncs do. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { type Clock, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { appendSettled, textPart } from "./conformance-home.ts";
import { FileJournal } from "./file-journal.ts";

test("the bytes of all files, by what they are for, are those that the disk has", async () => {
  const random = seededRandom(5);
  const disk = new SimulatedDisk(random);
  const open = async (): Promise<FileJournal> => {
    const journal = await FileJournal.open({ disk, random, segmentBytes: 1024, reserveBytes: 4096 });
    await journal.replay(() => undefined);
    return journal;
  };
  const onDisk = async (kind: RegExp): Promise<readonly number[]> => {
    const names = (await disk.list()).filter((name) => kind.test(name));
    return Promise.all(
      names.map(async (name) => {
        const file = await disk.open(name);
        return file.size().finally(() => file.close());
      }),
    );
  };
  const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);
  const check = async (journal: FileJournal): Promise<void> => {
    const { segmentCount, bytes } = journal.usage;
    const segments = await onDisk(/\.segment$/);
    equal(segmentCount, segments.length);
    deepEqual(bytes, {
      segment: sum(segments),
      checkpoint: sum(await onDisk(/\.checkpoint$/)),
      archive: 0,
      reserve: 4096,
      other: 0,
    });
  };
  const journal = await open();
  for (let i = 0; i < 10; i++) await appendSettled(journal, [textPart("x".repeat(400))]);
  await check(journal);
  ok(journal.usage.segmentCount > 3);
  await journal.checkpoint([textPart("the state")]);
  ok(journal.usage.bytes.checkpoint > 0);
  await check(journal);
  await journal[Symbol.asyncDispose]();

  const again = await open();
  await check(again);
  await again[Symbol.asyncDispose]();
});

test("each sync of appends is told with the time that it took, by the clock of the journal", async () => {
  const random = seededRandom(6);
  const disk = new SimulatedDisk(random);
  let nowMs = 0;
  const still = new VirtualClock();
  const clock: Clock = {
    now: () => ({ wallMs: nowMs, monotonicMs: nowMs }),
    after: (delayMs, fire) => still.after(delayMs, fire),
  };
  const journal = await FileJournal.open({ disk, random, clock });
  await journal.replay(() => undefined);
  await appendSettled(journal, [textPart("the first one makes the file")]);
  const took: number[] = [];
  journal.onSynced((tookMs) => took.push(tookMs));
  let syncMs = 7;
  disk.onCall = ({ operation }) => {
    if (operation === "sync") nowMs += syncMs;
    return undefined;
  };
  await appendSettled(journal, [textPart("slow")]);
  syncMs = 2;
  await appendSettled(journal, [textPart("fast")]);
  await appendSettled(journal, [textPart("not synced", [], "buffered")]);
  deepEqual(took, [7, 2]);
  await journal[Symbol.asyncDispose]();
});
