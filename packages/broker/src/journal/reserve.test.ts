/** A full disk: the reserve is given up for what drains the journal, and kept again when there is space. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { appendSettled, textPart } from "./conformance-home.ts";
import { FileJournal, type FileJournalOptions } from "./file-journal.ts";

const reserveBytes = 4000;

interface World extends AsyncDisposable {
  readonly disk: SimulatedDisk;
  readonly clock: VirtualClock;
  readonly journal: FileJournal;
}

async function open(options: Partial<FileJournalOptions> = {}, disk?: SimulatedDisk): Promise<World> {
  const random = seededRandom(4);
  const used = disk ?? new SimulatedDisk(random);
  const clock = new VirtualClock();
  const journal = await FileJournal.open({ disk: used, random, clock, reserveBytes, ...options });
  await journal.replay(() => undefined);
  await turns();
  return { disk: used, clock, journal, [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose]() };
}

/** Lets what was begun beside the appends come to its end. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

const usedBytes = (disk: SimulatedDisk): number =>
  disk.fileNames().reduce((sum, name) => sum + (disk.content(name)?.length ?? 0), 0);
const large = (): ReturnType<typeof textPart> => textPart("large", ["x".repeat(2000)]);

test("a reserve of zeros is written at the first start and taken over at the next", async () => {
  const first = await open();
  assert.deepEqual(first.disk.content("reserve"), new Uint8Array(reserveBytes));
  await first[Symbol.asyncDispose]();
  const written: string[] = [];
  first.disk.onCall = ({ operation, name }) => {
    if (operation === "write" || operation === "create") written.push(name);
    return undefined;
  };
  await using _second = await open({}, first.disk);
  assert.deepEqual(written, []);
});

test("a reserve of another size, and one that was never finished, are written anew", async () => {
  const disk = new SimulatedDisk(seededRandom(5));
  disk.setContent("reserve", new Uint8Array(10));
  disk.setContent("reserve.unfinished", new Uint8Array(20));
  await using _world = await open({}, disk);
  assert.deepEqual(disk.fileNames(), ["reserve"]);
  assert.equal(disk.content("reserve")?.length, reserveBytes);
});

test("a write that finds no space is made again in the reserve's; then the journal is full, until the reserve is back", async () => {
  await using world = await open();
  const { disk, journal, clock } = world;
  let told = 0;
  journal.onFull(() => told++);
  disk.capacityBytes = usedBytes(disk) + 3000;
  await appendSettled(journal, [large()]);
  assert.equal(journal.full, undefined);
  await appendSettled(journal, [large()]);
  assert.equal(journal.full, "disk");
  assert.equal(told, 1);
  assert.equal(journal.fault, undefined);
  assert.ok(!disk.fileNames().includes("reserve"));
  await appendSettled(journal, [textPart("an ack")]);

  await clock.advance(1000);
  await turns();
  assert.equal(journal.full, "disk", "there is no space for it yet");
  disk.capacityBytes += reserveBytes;
  await clock.advance(2000);
  await turns();
  assert.equal(journal.full, undefined);
  assert.equal(disk.content("reserve")?.length, reserveBytes);
});

test("a segment that is removed makes space at once, and the segment that is written to is no exception", async () => {
  await using world = await open();
  const { disk, journal } = world;
  disk.capacityBytes = usedBytes(disk) + 3000;
  const positions = [
    ...(await appendSettled(journal, [large()])),
    ...(await appendSettled(journal, [large()])),
  ];
  assert.equal(journal.full, "disk");
  journal.release(positions);
  await appendSettled(journal, [textPart("acks")]);
  await journal.checkpoint([textPart("nothing is left")]);
  await turns();
  assert.equal(journal.full, undefined);
  assert.deepEqual(
    disk.fileNames().map((name) => name.replace(/-.*\./, ".")),
    ["0000000000000002.segment", "0000000000000003.checkpoint", "reserve"],
  );
  await appendSettled(journal, [textPart("and on")]);
  const last = disk.imageAfterKill();
  await using again = await open({}, last);
  assert.equal(again.journal.fault, undefined);
});

test("an append takes the space back from a reserve that is just being written", async () => {
  await using world = await open();
  const { disk, journal, clock } = world;
  disk.capacityBytes = usedBytes(disk);
  await appendSettled(journal, [large()]);
  assert.equal(journal.full, "disk");
  let acked: Promise<unknown> | undefined;
  disk.onCall = ({ operation, name }) => {
    // All of the space but that of half an ack is taken when the ack comes.
    if (operation === "sync" && name === "reserve.unfinished") acked ??= appendSettled(journal, [large()]);
    return undefined;
  };
  disk.capacityBytes = usedBytes(disk) + reserveBytes + 10;
  await clock.advance(1000);
  await turns();
  assert.ok(acked !== undefined);
  await acked;
  assert.equal(journal.full, "disk");
  assert.equal(journal.fault, undefined);
});

test("only when the reserve is used up as well the journal stops; nothing that was told is lost", async () => {
  const world = await open();
  const { disk, journal } = world;
  disk.capacityBytes = usedBytes(disk);
  await appendSettled(journal, [textPart("told")]);
  await appendSettled(journal, [large()]);
  await assert.rejects(appendSettled(journal, [textPart("too large", ["x".repeat(5000)])]), {
    code: "storage-failed",
  });
  await world[Symbol.asyncDispose]();
  const seen: string[] = [];
  const again = await FileJournal.open({ disk: disk.imageAfterCut(), random: seededRandom(6) });
  await again.replay(({ parts }) => seen.push(...parts.map(({ head }) => Buffer.from(head).toString())));
  assert.deepEqual(seen.slice(0, 2), ["told", "large"]);
});

test("a failed sync stays the end, also when it says that the disk is full", async () => {
  const { disk, journal } = await open();
  await appendSettled(journal, [textPart("the segment is there")]);
  disk.onCall = ({ operation, name }) =>
    operation === "sync" && name.endsWith(".segment") ? "ENOSPC" : undefined;
  await assert.rejects(appendSettled(journal, [textPart("lost")]), { code: "storage-failed" });
  assert.ok(disk.fileNames().includes("reserve"));
});

test("a checkpoint that would use up the reserve is not written while the disk is full", async () => {
  await using world = await open();
  const { disk, journal } = world;
  disk.capacityBytes = usedBytes(disk);
  await appendSettled(journal, [textPart("fills the disk")]);
  await assert.rejects(journal.checkpoint([textPart("x".repeat(3000))]), { code: "checkpoint-failed" });
  await journal.checkpoint([textPart("x".repeat(1000))]);
  assert.equal(journal.fault, undefined);
});

test("of a full disk a quarter of what is known to be free may be used to make room, and nothing of what is not known", async () => {
  await using world = await open();
  const { disk, journal, clock } = world;
  const room = (): number => journal.relocationRoom.bytesMax;
  assert.deepEqual(journal.relocationRoom, { bytesMax: Number.POSITIVE_INFINITY, appendBytesMax: 500 });
  disk.capacityBytes = usedBytes(disk);
  await appendSettled(journal, [textPart("fills the disk")]);
  assert.equal(journal.full, "disk");
  const freeBytes = (): number => disk.capacityBytes - usedBytes(disk);
  assert.ok(freeBytes() > 3500);
  assert.equal(room(), Math.floor(freeBytes() / 4));
  await appendSettled(journal, [large()]);
  assert.ok(freeBytes() < 2000);
  assert.equal(room(), Math.floor(freeBytes() / 4), "what was written since is not there any more");

  // Somebody else takes what is left, and the next attempt to write the reserve finds out.
  disk.capacityBytes = usedBytes(disk) + 400;
  await clock.advance(1000);
  await turns();
  assert.equal(room(), 100);
  const image = disk.imageAfterKill();
  await world[Symbol.asyncDispose]();
  await using again = await open({}, image);
  assert.deepEqual([again.journal.full, again.journal.relocationRoom.bytesMax], ["disk", 100]);
});

test("over its budget the journal is full, until segments are gone", async () => {
  await using world = await open({ budgetBytes: reserveBytes + 3000 });
  const { journal } = world;
  const first = await appendSettled(journal, [large()]);
  assert.equal(journal.full, undefined);
  const second = await appendSettled(journal, [large()]);
  assert.equal(journal.full, "budget");
  journal.release([...first, ...second]);
  await appendSettled(journal, [textPart("acks")]);
  await journal.checkpoint([]);
  assert.equal(journal.full, undefined);
});
