/** The simulated disk does to a program what a real one may: these tests say what that is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk } from "./simulated-disk.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** What a power cut left of a file, over many outcomes, each told in one word. */
function outcomes(
  disk: SimulatedDisk,
  name: string,
  tell: (content: Uint8Array | undefined) => string,
): string[] {
  const told = new Set<string>();
  for (let i = 0; i < 200; i++) told.add(tell(disk.imageAfterCut().content(name)));
  return [...told].sort();
}

test("what was synced survives a power cut; what was only written may, in part, in any combination of sectors", async () => {
  const disk = new SimulatedDisk(seededRandom(1));
  const file = await disk.create("f");
  await file.write(bytes(1024, 1), 0);
  await file.sync();
  await disk.syncDirectory();
  await file.write(bytes(1024, 2), 0);
  const sectors = (content: Uint8Array | undefined): string => `${content?.[0]}${content?.[512]}`;
  assert.deepEqual(outcomes(disk, "f", sectors), ["11", "12", "21", "22"]);
});

test("a sector is written whole or not at all", async () => {
  const disk = new SimulatedDisk(seededRandom(2));
  const file = await disk.create("f");
  await disk.syncDirectory();
  await file.write(bytes(1500, 7), 100);
  for (let i = 0; i < 200; i++) {
    const content = disk.imageAfterCut().content("f") ?? bytes(0, 0);
    for (const [from, to] of [
      [100, 512],
      [512, 1024],
      [1024, 1536],
    ]) {
      const values = new Set(content.subarray(from, to));
      assert.ok(values.size <= 1 || content.length < (to ?? 0));
    }
  }
});

test("a file that grew may have grown by less", async () => {
  const disk = new SimulatedDisk(seededRandom(3));
  const file = await disk.create("f");
  await disk.syncDirectory();
  await file.write(bytes(600, 1), 0);
  const sizes = outcomes(disk, "f", (content) =>
    content?.length === 600 ? "all" : content?.length === 0 ? "none" : "some",
  );
  assert.deepEqual(sizes, ["all", "none", "some"]);
});

test("names that were made, removed or changed may be there or not until the directory is synced", async () => {
  const disk = new SimulatedDisk(seededRandom(4));
  await disk.create("old");
  await disk.syncDirectory();
  const file = await disk.create("new");
  await file.write(bytes(10, 1), 0);
  await file.sync();
  assert.deepEqual(
    outcomes(disk, "new", (content) => `${content?.length}`),
    ["10", "undefined"],
    "syncing a file does not sync its name",
  );
  await disk.remove("old");
  assert.deepEqual(
    outcomes(disk, "old", (content) => `${content?.length}`),
    ["0", "undefined"],
  );
  await disk.syncDirectory();
  await disk.rename("new", "newer");
  const names = new Set<string>();
  for (let i = 0; i < 100; i++) names.add(disk.imageAfterCut().fileNames().join());
  assert.deepEqual([...names].sort(), ["new", "newer"]);
  await disk.syncDirectory();
  assert.deepEqual(disk.imageAfterCut().fileNames(), ["newer"]);
});

test("a sync covers what was written before it was called", async () => {
  const disk = new SimulatedDisk(seededRandom(5));
  const file = await disk.create("f");
  await disk.syncDirectory();
  await file.write(bytes(10, 1), 0);
  const synced = file.sync();
  const written = file.write(bytes(10, 2), 0);
  await Promise.all([synced, written]);
  assert.deepEqual(
    outcomes(disk, "f", (content) => `${content?.[0]}`),
    ["1", "2"],
  );
});

test("after a crash the old disk never answers, and what it is told is lost", async () => {
  const disk = new SimulatedDisk(seededRandom(6));
  const file = await disk.create("f");
  await disk.syncDirectory();
  let answered = false;
  void file.write(bytes(10, 1), 0).then(() => {
    answered = true;
  });
  disk.crash();
  void file.sync().then(() => {
    answered = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
});

test("a call can be made to fail, or to move fewer bytes", async () => {
  const disk = new SimulatedDisk(seededRandom(7));
  const file = await disk.create("f");
  disk.onCall = ({ number }) => (number === disk.calls && number === 2 ? "ENOSPC" : "short");
  await assert.rejects(file.write(bytes(10, 1), 0), { code: "ENOSPC", syscall: "write" });
  const taken = await file.write(bytes(10, 1), 0);
  assert.ok(taken >= 1 && taken < 10);
  assert.equal(disk.content("f")?.length, taken);
});

test("a disk with a capacity takes what still fits, then says that it is full; what is removed makes room", async () => {
  const disk = new SimulatedDisk(seededRandom(7));
  disk.capacityBytes = 1000;
  await (await disk.create("other")).write(bytes(600, 1), 0);
  const file = await disk.create("f");
  assert.equal(await file.write(bytes(600, 2), 0), 400);
  await assert.rejects(file.write(bytes(1, 2), 400), { code: "ENOSPC", syscall: "write" });
  assert.equal(await file.write(bytes(400, 3), 0), 400, "bytes that are there can be written again");
  await disk.remove("other");
  assert.equal(await file.write(bytes(600, 2), 400), 600);
});

test("what a killed process had written is there; a power cut may still take it", async () => {
  const disk = new SimulatedDisk(seededRandom(8));
  const file = await disk.create("f");
  await file.write(bytes(10, 1), 0);
  const next = disk.imageAfterKill();
  assert.deepEqual(next.content("f"), bytes(10, 1));
  assert.deepEqual(
    outcomes(next, "f", (content) => `${content?.length}`).filter((size) => !/^[1-9]$/.test(size)),
    ["0", "10", "undefined"],
  );
});

test("after a failed sync a process sees what a power cut takes, until it is written again", async () => {
  const disk = new SimulatedDisk(seededRandom(9));
  const file = await disk.create("f");
  await disk.syncDirectory();
  await file.write(bytes(10, 1), 0);
  disk.onCall = () => "EIO";
  await assert.rejects(file.sync(), { code: "EIO" });
  disk.onCall = () => undefined;
  await file.sync();
  assert.deepEqual(disk.content("f"), bytes(10, 1));
  assert.deepEqual(disk.imageAfterCut().content("f"), bytes(0, 0));
  await file.write(bytes(10, 1), 0);
  await file.sync();
  assert.deepEqual(disk.imageAfterCut().content("f"), bytes(10, 1));
});
