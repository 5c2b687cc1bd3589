/**
 * A small journal with every kind of record, damaged in every place: it recovers, says what is damaged, loses at most the append that was
 * hit, and never gives wrong bytes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import { appendSettled, textPart } from "../conformance-home.ts";
import { FileJournal } from "../file-journal.ts";
import type { BodyPosition, ReplayReport } from "../journal.ts";
import { recordHeaderBytes } from "../record-codec.ts";
import { headerBytes } from "../segment.ts";

const random = seededRandom(20260101);
const segmentBytes = 700;

/** An append as text: heads and bodies of all its parts. */
type Content = readonly string[];

interface Example {
  readonly disk: SimulatedDisk;
  /** By sequence, from 1 at index 0. */
  readonly appends: readonly Content[];
  readonly bodies: ReadonlyMap<BodyPosition, { readonly sequence: number; readonly body: string }>;
}

const open = (disk: SimulatedDisk): Promise<FileJournal> => FileJournal.open({ disk, random, segmentBytes });

const decode = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? "(elsewhere)" : new TextDecoder().decode(bytes);

/** Two lives, each closed in order: appends of one part and of several, without head, without bodies, with empty and with kept ones. */
async function example(): Promise<Example> {
  const disk = new SimulatedDisk(random);
  const appends: Content[] = [];
  const bodies = new Map<BodyPosition, { sequence: number; body: string }>();
  for (let life = 0; life < 2; life++) {
    await using journal = await open(disk);
    await journal.replay(() => undefined);
    const add = async (parts: readonly [head: string, ...bodies: string[]][]): Promise<void> => {
      const positions = await appendSettled(
        journal,
        parts.map(([head, ...rest]) => textPart(head, rest, life === 0 ? "synced" : "buffered")),
      );
      const sequence = appends.push(parts.flat());
      const given = parts.flatMap(([, ...rest]) => rest);
      for (const [i, body] of given.entries()) bodies.set(positions[i] ?? 0, { sequence, body });
    };
    await add([[`life ${life}`]]);
    await add([["one", "body one"], ["two", "", "body two"], [""]]);
    await add([["long", "long body ".repeat(30)]]);
    await add([["h".repeat(200), "after a long head"]]);
    const [kept = 0] = [...bodies.keys()].slice(-1);
    const head = new TextEncoder().encode("kept");
    const bodyKept = [{ position: kept }];
    await appendSettled(journal, [{ owner: 300, type: 9, durability: "synced", head, bodies: bodyKept }]);
    appends.push(["kept", "(elsewhere)"]);
    await add([["last", "last body"]]);
  }
  return { disk, appends, bodies };
}

interface Found {
  readonly report: ReplayReport;
  readonly appends: ReadonlyMap<number, Content>;
  readonly journal: FileJournal;
}

async function recovered(disk: SimulatedDisk): Promise<Found> {
  const appends = new Map<number, Content>();
  const journal = await open(disk);
  const report = await journal.replay(({ sequence, parts }) => {
    const content = parts.flatMap(({ head, bodies }) => [
      decode(head),
      ...bodies.map(({ bytes }) => decode(bytes)),
    ]);
    appends.set(sequence, [...(appends.get(sequence) ?? []), ...content]);
  });
  return { report, appends, journal };
}

/** The sequences of which a body cannot be read; those that can are right. */
async function unreadable(journal: FileJournal, bodies: Example["bodies"]): Promise<number[]> {
  const lost: number[] = [];
  for (const [position, { sequence, body }] of bodies) {
    try {
      assert.equal(decode(await journal.readBody(position)), body);
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, "body-damaged");
      lost.push(sequence);
    }
  }
  return lost;
}

/** A copy of the disk with one file changed. */
function changed(
  disk: SimulatedDisk,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): SimulatedDisk {
  const copy = disk.imageAfterKill();
  copy.setContent(name, change(disk.content(name) ?? new Uint8Array(0)));
  return copy;
}

const flipped =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array =>
    bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)));

test("a flipped bit in any byte costs at most one append, and is reported", async () => {
  const { disk, appends, bodies } = await example();
  const names = disk.fileNames();
  assert.ok(names.length >= 3, "the example has several segments");
  for (const name of names) {
    for (let at = 0; at < (disk.content(name)?.length ?? 0); at++) {
      const damaged = changed(disk, name, flipped(at));
      const found = await recovered(damaged);
      const where = `${name} ${at}`;
      const lost = appends.length - found.appends.size;
      assert.ok(lost <= 1, `${where}: ${lost} appends lost`);
      for (const [sequence, content] of found.appends)
        assert.deepEqual(content, appends[sequence - 1], where);
      const { damages, tornTail } = found.report;
      assert.equal(damages.length + (tornTail === undefined ? 0 : 1), 1, `${where}: reported once`);
      assert.equal(
        damages.reduce((sum, { appendsLost }) => sum + appendsLost, 0),
        lost,
        where,
      );
      assert.equal(damages[0]?.segment ?? tornTail?.segment, name);
      for (const sequence of await unreadable(found.journal, bodies))
        assert.ok(!found.appends.has(sequence), where);

      await appendSettled(found.journal, [textPart("after the damage")]);
      await found.journal[Symbol.asyncDispose]();
      const again = await recovered(damaged);
      assert.deepEqual(again.appends.get(appends.length + 1), ["after the damage"], where);
      assert.equal(again.appends.size, found.appends.size + 1, where);
      assert.equal(again.report.tornTail, undefined, where);
    }
  }
});

test("a journal cut off at any byte of its last segment keeps all that lies before", async () => {
  const { disk, appends, bodies } = await example();
  const name = disk.fileNames().at(-1) ?? "";
  const size = disk.content(name)?.length ?? 0;
  let most = 0;
  for (let at = 0; at < size; at++) {
    const {
      report,
      appends: found,
      journal,
    } = await recovered(changed(disk, name, (bytes) => bytes.slice(0, at)));
    assert.deepEqual([...found.values()], appends.slice(0, found.size), `cut at ${at}`);
    assert.ok(found.size >= most, `cut at ${at}`);
    assert.deepEqual(report.damages, []);
    most = found.size;
    for (const sequence of await unreadable(journal, bodies))
      assert.ok(sequence > found.size, `cut at ${at}`);
  }
  assert.equal(most, appends.length);
});

test("an earlier segment cut off at any byte is damage: what follows is there", async () => {
  const { disk, appends } = await example();
  const [, name = ""] = disk.fileNames();
  const whole = await recovered(disk.imageAfterKill());
  assert.equal(whole.appends.size, appends.length);
  for (let at = 0; at < (disk.content(name)?.length ?? 0); at++) {
    const { report, appends: found } = await recovered(changed(disk, name, (bytes) => bytes.slice(0, at)));
    const lost = appends.length - found.size;
    for (const [sequence, content] of found) assert.deepEqual(content, appends[sequence - 1]);
    assert.equal(
      report.damages.reduce((sum, { appendsLost }) => sum + appendsLost, 0),
      lost,
      `cut at ${at}`,
    );
    assert.ok(found.has(appends.length));
    assert.equal(report.tornTail, undefined);
  }
});

test("a missing segment in the middle is damage: what follows is there", async () => {
  const { disk, appends } = await example();
  const copy = disk.imageAfterKill();
  await copy.remove(copy.fileNames()[1] ?? "");
  const { report, appends: found } = await recovered(copy);
  assert.equal(report.damages.length, 1);
  assert.equal(report.damages[0]?.appendsLost, appends.length - found.size);
  assert.ok(found.has(1) && found.has(appends.length) && found.size < appends.length);
});

test("a flipped bit in any byte of a checkpoint costs at most one of its parts, and is reported", async () => {
  const { disk, bodies } = await example();
  {
    await using journal = (await recovered(disk)).journal;
    const parts = [...bodies].map(([position, { body }]) => ({ ...textPart(body), bodies: [{ position }] }));
    await journal.checkpoint(parts);
    await appendSettled(journal, [textPart("later")]);
  }
  const name = disk.fileNames().find((file) => file.endsWith(".checkpoint")) ?? "";
  const whole = await recovered(disk.imageAfterKill());
  const size = disk.content(name)?.length ?? 0;
  assert.ok(size > 0);
  for (let at = 0; at < size; at++) {
    // Without the first segment the appends before the checkpoint are not all there, so that it is needed.
    const damaged = changed(disk, name, flipped(at));
    await damaged.remove(damaged.fileNames()[0] ?? "");
    const { report, appends, journal } = await recovered(damaged);
    assert.ok(report.damages.length > 0, `byte ${at}`);
    assert.deepEqual(appends.get(report.lastSequence), ["later"]);
    const [before = []] = whole.appends.values();
    const [after = []] = appends.values();
    assert.ok(
      after.length >= before.length - 2 && after.every((text) => before.includes(text)),
      `byte ${at}`,
    );
    await unreadable(journal, bodies);
  }
});

test("with a broken checkpoint the appends are replayed instead, when all of them are still there", async () => {
  const { disk, appends, bodies } = await example();
  {
    await using journal = (await recovered(disk)).journal;
    await journal.checkpoint(
      [...bodies.keys()].map((position) => ({ ...textPart("kept"), bodies: [{ position }] })),
    );
  }
  const name = disk.fileNames().find((file) => file.endsWith(".checkpoint")) ?? "";
  const { report, appends: found } = await recovered(changed(disk, name, flipped(100)));
  assert.deepEqual([...found.values()], appends);
  assert.equal(report.checkpointSequence, undefined);
  assert.deepEqual(
    report.damages.map(({ segment }) => segment),
    [name],
  );
});

test("a body that is a copy of the journal is never taken for records, not even when its own append is damaged", async () => {
  const { disk, appends } = await example();
  {
    const { journal } = await recovered(disk);
    const copies = disk.fileNames().map((name) => ({ name, bytes: disk.content(name) ?? new Uint8Array(0) }));
    const parts = copies.map(({ name, bytes }) => ({ ...textPart(name), bodies: [bytes] }));
    await appendSettled(journal, parts);
    await appendSettled(journal, [textPart("after the copy")]);
    await journal[Symbol.asyncDispose]();
  }
  const name = disk.fileNames().find((file) => (disk.content(file)?.length ?? 0) > 2 * segmentBytes) ?? "";
  const size = disk.content(name)?.length ?? 0;
  // The frame of the copying append: from the marker over the length to the sequence.
  const start = headerBytes;
  for (const at of [start, start + 4, start + 8, start + 9, start + 16, Math.floor(size / 2)]) {
    const { report, appends: found } = await recovered(changed(disk, name, flipped(at)));
    assert.deepEqual([...found.values()], [...appends, ["after the copy"]], `byte ${at}`);
    assert.deepEqual(
      report.damages.map(({ firstSequence, appendsLost }) => [firstSequence, appendsLost]),
      [[appends.length + 1, 1]],
    );
  }
});

test("an earlier append in the place of a later one is damage, not a second time the earlier", async () => {
  const disk = new SimulatedDisk(random);
  const { journal } = await recovered(disk);
  for (const name of ["one", "two", "six", "ten"]) await appendSettled(journal, [textPart(name)]);
  await journal[Symbol.asyncDispose]();
  const [name = ""] = disk.fileNames();
  const recordBytes = ((disk.content(name)?.length ?? 0) - headerBytes - recordHeaderBytes) / 4;
  const stale = changed(disk, name, (bytes) =>
    bytes.slice().copyWithin(headerBytes + 2 * recordBytes, headerBytes, headerBytes + recordBytes),
  );
  const { report, appends } = await recovered(stale);
  assert.deepEqual([...appends.values()], [["one"], ["two"], ["ten"]]);
  const offset = headerBytes + 2 * recordBytes;
  assert.deepEqual(report.damages, [
    { segment: name, offset, bytes: recordBytes, firstSequence: 3, appendsLost: 1 },
  ]);
});

test("what a checkpoint covers had been synced: a gap there is damage, though nothing follows", async () => {
  const disk = new SimulatedDisk(random);
  const { journal } = await recovered(disk);
  for (const name of ["one", "two"]) await appendSettled(journal, [textPart(name)]);
  await journal.checkpoint([textPart("both")]);
  const [name = ""] = disk.fileNames().filter((file) => file.endsWith(".segment"));
  const size = disk.content(name)?.length ?? 0;
  const { report, appends } = await recovered(changed(disk, name, flipped(size - 1)));
  assert.deepEqual([...appends], [[2, ["both"]]]);
  assert.equal(report.tornTail, undefined);
  assert.deepEqual([report.lastSequence, report.damages[0]?.appendsLost], [2, 1]);
});

test("a segment that was only begun says that the one before had been synced", async () => {
  const disk = new SimulatedDisk(random);
  const { journal } = await recovered(disk);
  for (const name of ["one", "two"]) await appendSettled(journal, [textPart(name)]);
  const [name = ""] = disk.fileNames();
  const damaged = changed(disk, name, flipped((disk.content(name)?.length ?? 0) - 1));
  damaged.setContent("0000000000000002-00000001.segment", new Uint8Array(headerBytes - 1));
  const { report, appends } = await recovered(damaged);
  assert.deepEqual([...appends.values()], [["one"]]);
  assert.deepEqual([report.damages[0]?.segment, report.damages[0]?.firstSequence], [name, 2]);
  assert.equal(report.tornTail?.segment, "0000000000000002-00000001.segment");
  assert.deepEqual(damaged.fileNames(), [name], "nothing was in it");
});

test("a newer format is refused with a sentence, and nothing is changed", async () => {
  const { disk } = await example();
  const [, name = ""] = disk.fileNames();
  const { crc32 } = await import("node:zlib");
  const newer = changed(disk, name, (bytes) => {
    const header = bytes.slice();
    const view = new DataView(header.buffer);
    view.setUint16(8, 2, true);
    view.setUint32(36, crc32(header.subarray(0, 36)), true);
    return header;
  });
  const journal = await open(newer);
  await assert.rejects(
    journal.replay(() => undefined),
    {
      code: "format-too-new",
      message: new RegExp(`${name} has journal format 2; this version of Sluice reads up to 1`),
    },
  );
  await journal[Symbol.asyncDispose]();
  for (const file of disk.fileNames().filter((other) => other !== name)) {
    assert.deepEqual(newer.content(file), disk.content(file));
  }
});
