/**
 * A file of the archive by itself: what was written is read, from any offset and within any bounds; what is damaged costs one group at most, is told,
 * and never gives anything that is wrong; and a file is there whole or not at all, whatever goes wrong while it is written.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { type Log, seededRandom, silentLog } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import fc from "fast-check";
import type { Archive, ArchivedBatch, ArchiveFile } from "../archive.ts";
import { checkArchive } from "../archive-check.ts";
import { appendSettled, textPart } from "../conformance-home.ts";
import { FileJournal } from "../file-journal.ts";
import { findFiles } from "../found-files.ts";
import { fileName } from "../segment.ts";

const source = { owner: 7, partition: 2 };
const groupBytes = 100;

const batch = (firstOffset: number, count: number, publishedAtMs: number, text: string): ArchivedBatch => ({
  firstOffset,
  count,
  publishedAtMs,
  bytes: new TextEncoder().encode(text),
});

/** Offsets 10 to 49 without 33 to 36, in groups of different lengths, one of them a batch longer than a group should be. */
const example: readonly ArchivedBatch[] = [
  batch(10, 1, 1000, "a".repeat(30)),
  batch(11, 9, 1000, "b".repeat(40)),
  batch(20, 5, 1500, "c".repeat(50)),
  batch(25, 1, 1400, "d".repeat(250)),
  batch(26, 4, 2000, ""),
  batch(30, 3, 2000, "e".repeat(60)),
  batch(37, 13, 3000, "f".repeat(20)),
];
const endOffset = 50;

async function* inPieces(batches: readonly ArchivedBatch[]): AsyncGenerator<readonly ArchivedBatch[]> {
  for (let i = 0; i < batches.length; i += 2) yield batches.slice(i, i + 2);
}

interface Opened extends AsyncDisposable {
  readonly journal: FileJournal;
  readonly archive: Archive;
  /** What was told to the log as an error. */
  readonly told: string[];
}

async function open(disk: SimulatedDisk): Promise<Opened> {
  const told: string[] = [];
  const log: Log = { ...silentLog, error: (_fields: unknown, text?: string) => void told.push(text ?? "") };
  const random = seededRandom(disk.calls + 1);
  const journal = await FileJournal.open({ disk, random, log, archiveGroupBytes: groupBytes });
  await journal.replay(() => undefined);
  const { archive } = journal;
  ok(archive !== undefined);
  return { journal, archive, told, [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose]() };
}

const newDisk = (): SimulatedDisk => new SimulatedDisk(seededRandom(1));

async function written(disk: SimulatedDisk): Promise<ArchiveFile> {
  await using opened = await open(disk);
  return opened.archive.write(source, inPieces(example));
}

const nameOf = ({ number, salt }: ArchiveFile): string => fileName({ kind: "archive", number, salt });
const everything = { offset: 0, endOffset, recordsMax: 1e9, bytesMax: 1e9 };
const readable = ({ bytes, ...rest }: ArchivedBatch): unknown => ({
  ...rest,
  bytes: Buffer.from(bytes).toString(),
});

test("what is read is what a list would give, from any offset and within any bounds", async () => {
  const disk = newDisk();
  const file = await written(disk);
  await using opened = await open(disk);
  const ask = fc.record({
    offset: fc.nat(60),
    recordsMax: fc.integer({ min: 1, max: 60 }),
    bytesMax: fc.nat(500),
  });
  await fc.assert(
    fc.asyncProperty(ask, async ({ offset, recordsMax, bytesMax }) => {
      const expected: ArchivedBatch[] = [];
      let [records, bytes, nextOffset] = [0, 0, endOffset];
      for (const one of example) {
        if (one.firstOffset + one.count <= offset) continue;
        bytes += one.bytes.byteLength;
        if (expected.length > 0 && (records >= recordsMax || bytes > bytesMax)) {
          nextOffset = one.firstOffset;
          break;
        }
        expected.push(one);
        records += one.firstOffset + one.count - Math.max(offset, one.firstOffset);
      }
      const answer = await opened.archive.read(file, { offset, endOffset, recordsMax, bytesMax });
      deepEqual(answer.batches.map(readable), expected.map(readable));
      equal(answer.nextOffset, nextOffset);
    }),
    { numRuns: 300 },
  );
  deepEqual(opened.told, []);
});

test("a batch that is read alone holds on to no more than itself", async () => {
  const disk = newDisk();
  const file = await written(disk);
  await using opened = await open(disk);
  const held = async (bytesMax: number) => {
    const { batches } = await opened.archive.read(file, { ...everything, bytesMax });
    const buffers = new Set(batches.map(({ bytes }) => bytes.buffer));
    return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
  };
  equal(await held(1), 30);
  ok((await held(1e9)) > 450, "much of a buffer is not copied");
});

test("a time is the offset of the first batch that is late enough, also where the clock went back", async () => {
  const disk = newDisk();
  const file = await written(disk);
  await using opened = await open(disk);
  const at = (timeMs: number, fromOffset = 0) => opened.archive.offsetAtTime(file, timeMs, fromOffset);
  deepEqual(
    [await at(0), await at(1000), await at(1001), await at(1501), await at(3000), await at(3001)],
    [10, 10, 20, 26, 37, undefined],
  );
  deepEqual([await at(0, 12), await at(0, 20), await at(0, 33), await at(0, 50)], [11, 20, 37, undefined]);
});

/** What is read of a damaged example: the batches that are missing, by index. Those that are there are right. */
async function missing(disk: SimulatedDisk, file: ArchiveFile): Promise<{ lost: number[]; told: string[] }> {
  await using opened = await open(disk);
  const { batches } = await opened.archive.read(file, everything);
  const there = new Set(batches.map((one) => JSON.stringify(readable(one))));
  const lost = [...example.keys()].filter(
    (i) => !there.delete(JSON.stringify(readable(example[i] as ArchivedBatch))),
  );
  deepEqual([...there], [], "nothing is there that was not written");
  return { lost, told: opened.told };
}

const problemsOf = async (disk: SimulatedDisk): Promise<readonly string[]> => {
  const [file] = (await findFiles(disk)).archives;
  ok(file !== undefined);
  return (await checkArchive(disk, file)).problems;
};

/** By index of the batch: the group that it is in. */
const groups = [0, 0, 1, 2, 3, 3, 3];

test("a flipped bit in any byte costs one group at most, is told when it costs something, and is always found by a check", async () => {
  const disk = newDisk();
  const name = nameOf(await written(disk));
  const file = { number: 1, salt: Number.parseInt(name.slice(17, 25), 16) };
  const whole = disk.content(name) ?? new Uint8Array(0);
  deepEqual([await problemsOf(disk), await missing(disk, file)], [[], { lost: [], told: [] }]);
  const costs = new Set<string>();
  for (let at = 0; at < whole.length; at++) {
    const damaged = disk.imageAfterKill();
    damaged.setContent(name, whole.with(at, (whole[at] ?? 0) ^ (1 << (at % 8))));
    ok((await problemsOf(damaged)).length > 0, `a check does not find the bit at ${at}`);
    const { lost, told } = await missing(damaged, file);
    equal(new Set(lost.map((i) => groups[i])).size <= 1, true, `the bit at ${at} costs ${lost}`);
    equal(lost.length === 0 || told.length === 1, true, `the bit at ${at} costs ${lost} and ${told} is told`);
    costs.add(lost.join());
  }
  deepEqual([...costs].sort(), ["", "0,1", "2", "3", "4,5,6"]);
});

test("a file that is cut off anywhere gives the groups before, and it is told", async () => {
  const disk = newDisk();
  const name = nameOf(await written(disk));
  const file = { number: 1, salt: Number.parseInt(name.slice(17, 25), 16) };
  const whole = disk.content(name) ?? new Uint8Array(0);
  let lostBefore = example.length;
  for (let size = 0; size < whole.length; size++) {
    const damaged = disk.imageAfterKill();
    damaged.setContent(name, whole.slice(0, size));
    const { lost, told } = await missing(damaged, file);
    ok(told.length > 0, `nothing is told of a cut at ${size}`);
    ok((await problemsOf(damaged)).length > 0);
    ok(lost.length <= lostBefore && (lost[0] ?? example.length) === example.length - lost.length);
    lostBefore = lost.length;
  }
  equal(lostBefore, 0);
});

test("a file that is missing, and one that goes while it is read from, has no records; a disk that fails is no such thing", async () => {
  const disk = newDisk();
  const file = await written(disk);
  await using opened = await open(disk);
  const nothing = { batches: [], nextOffset: endOffset };
  deepEqual(await opened.archive.read({ number: 99, salt: 1 }, everything), nothing);
  deepEqual(opened.told, []);
  disk.onCall = ({ operation }) => (operation === "read" ? "EIO" : undefined);
  await rejects(opened.archive.read(file, everything), { code: "EIO" });
  disk.onCall = () => undefined;
  equal((await opened.archive.read(file, everything)).batches.length, example.length);
  const other = await opened.archive.write(source, inPieces(example));
  opened.archive.release([file]);
  deepEqual(await opened.archive.read(file, everything), nothing);
  deepEqual(opened.told, []);
  await disk.remove(nameOf(other));
  deepEqual(await opened.archive.read(other, everything), nothing);
  deepEqual(opened.told, ["a file of the archive is not there; its records are lost"]);
});

test("what is released goes when all that was appended before is synced, and not before", async () => {
  const disk = newDisk();
  const file = await written(disk);
  await using opened = await open(disk);
  const isThere = (): boolean => disk.fileNames().includes(nameOf(file));
  await appendSettled(opened.journal, [textPart("not synced", [], "buffered")]);
  opened.archive.release([file]);
  await new Promise((resolve) => setImmediate(resolve));
  ok(isThere());
  await appendSettled(opened.journal, [textPart("synced", [], "synced")]);
  await new Promise((resolve) => setImmediate(resolve));
  ok(!isThere());
});

test("a start finds the files that are there, and removes what was never finished; numbers are not given again", async () => {
  const disk = newDisk();
  const files = [await written(disk), await written(disk)];
  disk.setContent("0000000000000009-00000001.archive.unfinished", new Uint8Array(3));
  await using opened = await open(disk);
  deepEqual(
    opened.archive.files().map(({ number, salt }) => ({ number, salt })),
    files,
  );
  deepEqual(
    disk.fileNames().filter((name) => name.includes("archive")),
    files.map(nameOf),
  );
  equal((await opened.archive.write(source, inPieces(example))).number, 3);
});

test("what a file holds can be told without the log, also when groups of it are damaged", async () => {
  const disk = newDisk();
  const file = await written(disk);
  const look = async () => {
    await using opened = await open(disk);
    return opened.archive.look(file);
  };
  const { byteLength, ...rest } = (await look()) ?? { byteLength: 0 };
  deepEqual(rest, { owner: 7, partition: 2, firstOffset: 10, endOffset: 50, newestMs: 3000 });
  ok(byteLength > 450 && byteLength < 1000);
  const whole = disk.content(nameOf(file)) ?? new Uint8Array(0);
  disk.setContent(nameOf(file), whole.with(Buffer.from(whole).indexOf("ffff"), 0));
  equal((await look())?.endOffset, 26, "as far as can be read");
  disk.setContent(nameOf(file), whole.slice(0, 60));
  equal(await look(), undefined);
});

test("a file is written when all that was appended before is synced: a power cut takes neither without the other", async () => {
  const disk = newDisk();
  await using opened = await open(disk);
  const calls: string[] = [];
  disk.onCall = ({ operation, name }) => {
    calls.push(`${operation} ${name.split(".").slice(1).join(".")}`);
    return undefined;
  };
  opened.journal.append([textPart("not synced", [], "buffered")], () => undefined);
  await opened.archive.write(source, inPieces(example));
  const synced = calls.indexOf("sync segment", calls.lastIndexOf("write segment"));
  ok(synced >= 0 && synced < calls.indexOf("create archive.unfinished"), calls.join());
});

test("a write that fails at any call leaves nothing, and no other call is made for the file", async () => {
  for (let failing = 1; ; failing++) {
    const disk = newDisk();
    await using opened = await open(disk);
    const before = disk.fileNames();
    let [calls, failed] = [0, ""];
    disk.onCall = ({ operation, name }) => {
      if (!name.includes(".archive") || operation === "remove" || operation === "close") return undefined;
      if (failed !== "") failed += ` ${operation}`;
      if (++calls !== failing) return undefined;
      failed = operation;
      return "EIO";
    };
    const writing = opened.archive.write(source, inPieces(example));
    if (failing > 5) {
      await writing;
      return;
    }
    await rejects(writing, { code: "EIO" });
    ok(["create", "write", "sync", "rename"].includes(failed), `a failing ${failed}`);
    deepEqual(disk.fileNames(), before);
  }
});

/** Lets what is under way go on for so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("a power cut at any call of a write leaves a whole file, or none that counts", async () => {
  const outcomes = new Set<string>();
  for (let cutAt = 1; cutAt <= 8; cutAt++) {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = new SimulatedDisk(seededRandom(seed));
      const opened = await open(disk);
      let image: SimulatedDisk | undefined;
      const before = disk.calls;
      disk.onCall = () => {
        if (disk.calls === before + cutAt) image = disk.crash();
        return undefined;
      };
      const writing = opened.archive.write(source, inPieces(example)).then(() => "written");
      const cut = turns(5).then(() => "cut");
      const outcome = await Promise.race([writing, cut]);
      const next = image ?? disk.crash();
      await using again = await open(next);
      const names = next.fileNames().filter((name) => name.includes("archive"));
      for (const _ of names) deepEqual(await problemsOf(next), []);
      if (outcome === "written") equal(names.length, 1);
      outcomes.add(`${outcome} ${names.length}`);
      deepEqual(again.told, []);
    }
  }
  deepEqual([...outcomes].sort(), ["cut 0", "cut 1", "written 1"]);
});
