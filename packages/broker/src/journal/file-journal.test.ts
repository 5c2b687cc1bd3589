/** The journal in files: held to what every journal must do, on a real directory and on a simulated disk; and what becomes of the files. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom, systemRandom } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import { journalConformance } from "./conformance.ts";
import { appendSettled, textPart } from "./conformance-home.ts";
import { FileJournal } from "./file-journal.ts";
import { NodeDisk } from "./node-disk.ts";

for (const segmentBytes of [undefined, 4096]) {
  const options = segmentBytes === undefined ? {} : { segmentBytes };
  const suffix = segmentBytes === undefined ? "" : `, segments of ${segmentBytes} bytes`;

  journalConformance(`files in a directory${suffix}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-journal-"));
    return {
      open: async () =>
        FileJournal.open({ disk: await NodeDisk.open(directory), random: systemRandom, ...options }),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
    };
  });

  journalConformance(`files on a simulated disk${suffix}`, async () => {
    const random = seededRandom(1);
    const disk = new SimulatedDisk(random);
    return {
      open: () => FileJournal.open({ disk, random, ...options }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
}

const random = seededRandom(2);

/** A journal in segments of 1,000 bytes. */
async function open(disk: SimulatedDisk): Promise<FileJournal> {
  const journal = await FileJournal.open({ disk, random, segmentBytes: 1000 });
  await journal.replay(() => undefined);
  return journal;
}

/** The numbers of the segments, and the sequences of the checkpoints. */
function files(disk: SimulatedDisk): { segments: number[]; checkpoints: number[] } {
  const of = (kind: string): number[] =>
    disk
      .fileNames()
      .filter((name) => name.endsWith(kind))
      .map((name) => Number.parseInt(name, 10));
  return { segments: of(".segment"), checkpoints: of(".checkpoint") };
}

const large = (name: string): ReturnType<typeof textPart> => textPart(name, ["x".repeat(800)]);

test("a segment is removed when a checkpoint covers it and none of its bodies is wanted", async () => {
  const disk = new SimulatedDisk(random);
  await using journal = await open(disk);
  const positions: number[] = [];
  for (const name of ["a", "b", "c"]) positions.push(...(await appendSettled(journal, [large(name)])));
  const [a = 0, b = 0, c = 0] = positions;
  journal.release([a]);
  await appendSettled(journal, [large("d")]);
  assert.deepEqual(files(disk), { segments: [1, 2, 3, 4], checkpoints: [] }, "no checkpoint covers them");

  await journal.checkpoint([b, c].map((position) => ({ ...textPart("kept"), bodies: [{ position }] })));
  assert.deepEqual(files(disk), { segments: [2, 3, 4], checkpoints: [4] }, "b and c are wanted, d is in use");

  journal.append([textPart("drops c", [], "buffered")], () => undefined);
  journal.release([c]);
  await appendSettled(journal, []);
  assert.deepEqual(files(disk).segments, [2, 3, 4], "a power cut could make c wanted again");
  await appendSettled(journal, [textPart("synced")]);
  await appendSettled(journal, [textPart("and on")]);
  assert.deepEqual(files(disk).segments, [2, 4]);

  await journal.checkpoint([{ ...textPart("kept"), bodies: [{ position: b }] }]);
  assert.deepEqual(files(disk), { segments: [2, 4], checkpoints: [7] }, "one checkpoint is enough");
  assert.equal((await journal.readBody(b)).length, 800);
  await assert.rejects(journal.readBody(a), { code: "body-damaged" });
});

test("what a crash left between a checkpoint and its removals goes at the next start", async () => {
  const disk = new SimulatedDisk(random);
  {
    await using journal = await open(disk);
    for (const name of ["a", "b"]) journal.release(await appendSettled(journal, [large(name)]));
    disk.onCall = ({ operation }) => (operation === "remove" ? "EIO" : undefined);
    await journal.checkpoint([]);
    assert.deepEqual(files(disk).segments, [1, 2]);
  }
  disk.onCall = () => undefined;
  disk.setContent("0000000000000009-00000001.checkpoint.unfinished", new Uint8Array(10));
  await using journal = await open(disk);
  await appendSettled(journal, [textPart("first")]);
  await appendSettled(journal, [textPart("second")]);
  assert.deepEqual(files(disk), { segments: [2], checkpoints: [2] });
  assert.ok(!disk.fileNames().some((name) => name.endsWith(".unfinished")));
});

test("a checkpoint that the disk does not take is given up; the journal goes on", async () => {
  const disk = new SimulatedDisk(random);
  await using journal = await open(disk);
  await appendSettled(journal, [textPart("before")]);
  disk.onCall = ({ operation, name }) =>
    operation === "write" && name.includes("checkpoint") ? "ENOSPC" : undefined;
  await assert.rejects(journal.checkpoint([textPart("snapshot")]), { code: "checkpoint-failed" });
  assert.equal(journal.fault, undefined);
  await appendSettled(journal, [textPart("after")]);
  assert.deepEqual(disk.fileNames().length, 1, "nothing is left of it");
  disk.onCall = () => undefined;
  await journal.checkpoint([textPart("snapshot")]);
  assert.deepEqual(files(disk).checkpoints, [2]);
});

test("a start that ends before its replay changes nothing, and leaves the lock", async () => {
  const disk = new SimulatedDisk(random);
  {
    await using journal = await open(disk);
    await appendSettled(journal, [textPart("kept")]);
  }
  const before = disk.fileNames().map((name) => disk.content(name));
  await (await FileJournal.open({ disk, random }))[Symbol.asyncDispose]();
  assert.deepEqual(
    disk.fileNames().map((name) => disk.content(name)),
    before,
  );
  await using journal = await FileJournal.open({ disk, random });
  await assert.rejects(FileJournal.open({ disk, random }), { code: "directory-in-use" });
  assert.deepEqual((await journal.replay(() => undefined)).lastSequence, 1);
});

test("a journal that is disposed of during its replay keeps the lock until the replay has ended", async () => {
  const disk = new SimulatedDisk(random);
  {
    await using journal = await open(disk);
    await appendSettled(journal, [textPart("kept")]);
  }
  const journal = await FileJournal.open({ disk, random });
  const ended: string[] = [];
  const replayed = journal.replay(() => undefined).then(() => ended.push("replay"));
  const disposed = journal[Symbol.asyncDispose]().then(() => ended.push("dispose"));
  await assert.rejects(FileJournal.open({ disk, random }), { code: "directory-in-use" });
  await Promise.all([replayed, disposed]);
  assert.deepEqual(ended, ["replay", "dispose"]);
});

test("a visitor that throws ends the replay with its error", async () => {
  const disk = new SimulatedDisk(random);
  {
    await using journal = await open(disk);
    await appendSettled(journal, [textPart("kept")]);
  }
  await using journal = await FileJournal.open({ disk, random });
  const visit = (): void => {
    throw new TypeError("of the visitor");
  };
  await assert.rejects(journal.replay(visit), { name: "TypeError", message: "of the visitor" });
});
