/** What group commit does with the disk: how many writes and syncs, who is told when, and that it stops at the first error. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { seededRandom } from "@sluice/runtime";
import { type DiskCall, SimulatedDisk } from "@sluice/testkit";
import { appendSettled, textPart } from "./conformance-home.ts";
import { FileJournal } from "./file-journal.ts";

const random = seededRandom(3);

interface World {
  readonly disk: SimulatedDisk;
  readonly journal: FileJournal;
  /** Calls that change what is on the disk, as "operation" or "operation name". */
  readonly calls: string[];
  /** What to do at each of them; what it returns goes wrong. */
  act: (call: DiskCall) => "EIO" | undefined;
}

/** A journal whose first segment is there, so that only appends are seen. */
async function world(segmentBytes = 1024 * 1024): Promise<World> {
  const disk = new SimulatedDisk(random);
  const journal = await FileJournal.open({ disk, random, segmentBytes });
  await journal.replay(() => undefined);
  await appendSettled(journal, [textPart("first")]);
  const made: World = { disk, journal, calls: [], act: () => undefined };
  disk.onCall = (call) => {
    if (call.operation !== "read" && call.operation !== "close") made.calls.push(call.operation);
    return made.act(call);
  };
  return made;
}

test("what is appended in one turn takes one write and one sync", async () => {
  const { journal, calls } = await world();
  await Promise.all(Array.from({ length: 1000 }, (_, i) => appendSettled(journal, [textPart(`${i}`)])));
  assert.deepEqual(calls, ["write", "sync"]);
});

test("what is appended while a sync is under way shares the next one", async () => {
  const made = await world();
  const { journal, calls } = made;
  const later: Promise<unknown>[] = [];
  made.act = ({ operation }) => {
    if (operation !== "sync" || later.length > 0) return undefined;
    for (let i = 0; i < 1000; i++) later.push(appendSettled(journal, [textPart(`later ${i}`)]));
    return undefined;
  };
  await appendSettled(journal, [textPart("sooner")]);
  await Promise.all(later);
  assert.deepEqual(calls, ["write", "sync", "write", "sync"]);
});

test("buffered appends settle after the write and without a sync; a barrier needs neither", async () => {
  const { journal, calls } = await world();
  await appendSettled(journal, [textPart("b", [], "buffered"), textPart("m", [], "memory")]);
  assert.deepEqual(calls, ["write"]);
  await appendSettled(journal, [textPart("m", [], "memory")]);
  await appendSettled(journal, []);
  assert.deepEqual(calls, ["write"]);
});

test("a buffered append does not wait for the sync of one after it", async () => {
  const made = await world();
  const told: string[] = [];
  made.act = ({ operation }) => {
    told.push(operation);
    return undefined;
  };
  const settled = [
    appendSettled(made.journal, []).then(() => told.push("barrier")),
    appendSettled(made.journal, [textPart("b", [], "buffered")]).then(() => told.push("buffered")),
    appendSettled(made.journal, [textPart("s")]).then(() => told.push("synced")),
  ];
  await Promise.all(settled);
  assert.deepEqual(told.indexOf("barrier") < told.indexOf("sync"), true);
  assert.deepEqual(told.indexOf("buffered") < told.indexOf("synced"), true);
  assert.deepEqual(told.slice(0, 1), ["write"]);
});

test("a new segment begins after the sync of the one before, and is durable before it is used", async () => {
  const { journal, calls, disk } = await world(100);
  await appendSettled(journal, [textPart("does not fit", ["x".repeat(50)], "buffered")]);
  assert.deepEqual(calls, ["create", "write", "sync", "sync-directory", "write"]);
  calls.length = 0;
  await appendSettled(journal, [textPart("does not fit either", ["x".repeat(50)], "buffered")]);
  assert.deepEqual(calls, ["sync", "create", "write", "sync", "sync-directory", "write"]);
  assert.equal(disk.fileNames().length, 3);
});

test("many megabytes at once are written in pieces and synced once", async () => {
  const { journal, calls } = await world(64 * 1024 * 1024);
  const body = "x".repeat(1_000_000);
  await Promise.all(Array.from({ length: 9 }, () => appendSettled(journal, [textPart("large", [body])])));
  assert.deepEqual(calls, ["write", "write", "write", "sync"]);
});

test("pendingBytes counts what has not settled", async () => {
  const { journal } = await world();
  assert.equal(journal.pendingBytes, 0);
  const settled = appendSettled(journal, [textPart("x".repeat(1000))]);
  assert.ok(journal.pendingBytes > 1000 && journal.pendingBytes < 1100);
  await settled;
  assert.equal(journal.pendingBytes, 0);
});

for (const failing of ["write", "sync"] as const) {
  test(`after a failed ${failing} nothing is written, and everybody who waits hears of it, in order`, async () => {
    const made = await world();
    const { journal, calls } = made;
    const told: string[] = [];
    const append = (name: string, durability: "synced" | "buffered" | "memory"): void => {
      journal.append([textPart(name, ["body"], durability)], (fault) => told.push(`${name} ${fault?.code}`));
    };
    made.act = ({ operation }) => {
      if (operation !== failing) return undefined;
      append("during", "synced");
      return "EIO";
    };
    append("b", "buffered");
    append("s", "synced");
    append("m", "memory");
    await turn();
    await turn();
    const buffered = failing === "write" ? "b storage-failed" : "b undefined";
    assert.deepEqual(told, [buffered, "s storage-failed", "m storage-failed", "during storage-failed"]);
    assert.match(journal.fault?.message ?? "", /could not write: EIO/);

    const after = journal.append([textPart("after", ["body"])], (fault) => told.push(`after ${fault?.code}`));
    assert.deepEqual(after, { sequence: 0, positions: [0] });
    append("memory after", "memory");
    await assert.rejects(journal.checkpoint([]), { code: "storage-failed" });
    assert.deepEqual(told.slice(4), ["after storage-failed", "memory after storage-failed"]);
    await journal[Symbol.asyncDispose]();
    assert.deepEqual(calls, failing === "write" ? ["write"] : ["write", "sync"], "no second attempt");
  });
}

test("a process that lost its disk never tells anybody that something is stored", async () => {
  const made = await world();
  const { journal, disk } = made;
  const told: unknown[] = [];
  made.act = ({ operation }) => {
    if (operation === "sync") disk.crash();
    return undefined;
  };
  for (let i = 0; i < 10; i++) journal.append([textPart(`${i}`)], (fault) => told.push(fault));
  for (let i = 0; i < 10; i++) await turn();
  journal.append([textPart("later")], (fault) => told.push(fault));
  for (let i = 0; i < 10; i++) await turn();
  assert.deepEqual(told, []);
});
