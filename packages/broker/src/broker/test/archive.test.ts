/** The archive as clients and operators of a broker meet it: what is moved is read as before, and what can go wrong costs what it hits. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "@sluice/runtime";
import { ArchiveWorld, ask, bodies, told } from "./archive-world.ts";
import { granted, refused } from "./world.ts";

/** Ten records in four files, two in the log. */
async function archived(): Promise<ArchiveWorld> {
  const world = await new ArchiveWorld().open();
  await world.publish(...bodies(0, 10));
  await world.checkpoint();
  await world.publish(...bodies(10, 12));
  equal(world.files("archive").length, 4);
  return world;
}

/** So many records in the log, of which a restart has none in memory. */
async function inTheLog(count: number): Promise<ArchiveWorld> {
  const world = await new ArchiveWorld().open({ archive: { tailBytesMin: Number.POSITIVE_INFINITY } });
  await world.publish(...bodies(0, count));
  await world.checkpoint();
  equal(world.files("archive").length, 0);
  return world;
}

test("what was written since the last checkpoint stays in the log until the next one", async () => {
  const world = await new ArchiveWorld().open({
    archive: { tailBytesMin: 1, fileBytesMax: 1e6, keepsRecent: true },
    checkpoints: { everyBytes: 5000 },
  });
  const bodies = Array.from({ length: 40 }, (_, i) => `record ${i}`);
  await world.publish(...bodies);
  await world.checkpoint();
  deepEqual(world.files("archive"), []);
  await world.publish("later");
  await world.checkpoint();
  equal(world.files("archive").length, 1);
  equal((await world.read(0)).length, 41);
  await world.close();
});

test("T5: one read goes over the borders of files and into the log, as far as its bounds allow", async () => {
  const world = await archived();
  deepEqual(await world.read(0), told(0, 12));
  for (let from = 0; from <= 12; from++) {
    for (const count of [1, 2, 5, 12]) {
      deepEqual(await world.read(from, { recordsMax: count }), told(from, Math.min(12, from + count)));
      const bytesMax = count * 60;
      deepEqual(
        await world.read(from, { bytesMax }),
        told(from, Math.min(12, from + count)),
        `${count} from ${from}`,
      );
    }
  }
  const { batches } = granted(
    await world.answer(world.broker.fetchBatches({ ...ask, offset: 1, bytesMax: 589 })),
  );
  deepEqual(
    batches.map(({ firstOffset, count, bytes }) => [firstOffset, count, bytes.byteLength]),
    Array.from({ length: 9 }, (_, i) => [i + 1, 1, 59]),
  );
  deepEqual(world.told, []);
  await world.close();
});

test("a long poll waits for what is not there, and not for what is in the archive", async () => {
  const world = await archived();
  const waiting = world.broker.fetch({ ...ask, offset: 12, waitMs: 60_000 });
  deepEqual(await world.read(3, { waitMs: 60_000, recordsMax: 1 }), told(3, 4));
  await world.publish(...bodies(12, 13));
  const { records } = granted(await world.answer(waiting));
  equal(records[0]?.offset, 12);
  await world.close();
});

test("what is archived is counted", async () => {
  const metrics = createMetrics();
  const world = await new ArchiveWorld().open({ metrics });
  const archived = async () =>
    (await metrics.getSingleMetric("sluice_archived_bytes_total")?.get())?.values[0]?.value;
  const inFiles = async () => {
    const { values = [] } = (await metrics.getSingleMetric("sluice_journal_bytes")?.get()) ?? {};
    return values.find(({ labels }) => labels.file === "archive")?.value ?? 0;
  };
  await world.publish(...bodies(0, 10));
  deepEqual([await archived(), await inFiles()], [0, 0]);
  await world.checkpoint();
  equal(await archived(), 590);
  const before = await inFiles();
  granted(await world.answer(world.broker.deleteRecordsBefore({ topic: "news", partition: 0, offset: 3 })));
  ok((await inFiles()) < before, "a file has gone");
  await world.close();
});

test("what is archived leaves the log: its segments go, its bytes are counted still, and a restart finds it", async () => {
  const world = await new ArchiveWorld().open();
  for (let round = 0; round < 8; round++) {
    await world.publish(...bodies(round * 20, round * 20 + 20));
    await world.checkpoint();
  }
  ok(world.files("segment").length <= 3, world.files("segment").join());
  const partition = async () => {
    const { description } = granted(await world.answer(world.broker.describeTopic("news")));
    return description.partitions[0];
  };
  const expected = { startOffset: 0, endOffset: 160, retainedBytes: 160 * 59 };
  deepEqual(await partition(), expected);
  await world.restart();
  deepEqual(await partition(), expected);
  deepEqual(await world.read(0), told(0, 160));
  deepEqual(world.told, []);
  await world.close();
});

test("a start reads no record of the archive, however many there are", async () => {
  const seen: unknown[] = [];
  for (const count of [30, 300]) {
    const world = await inTheLog(count);
    await world.restart({ archive: { tailBytesMin: 1, keepsRecent: false } });
    await world.checkpoint();
    await world.close();
    const reads: string[] = [];
    world.disk.onCall = ({ operation, name }) => {
      if (operation === "read" && name.endsWith(".archive")) reads.push(name);
      return undefined;
    };
    await world.open();
    const logBytes = [...world.files("segment"), ...world.files("checkpoint")].reduce(
      (sum, name) => sum + (world.disk.content(name)?.byteLength ?? 0),
      0,
    );
    seen.push({ files: world.files("archive").length, reads: reads.length, isSmall: logBytes < 3000 });
    deepEqual(await world.read(0), told(0, count));
    await world.close();
  }
  const oneHeader = { files: 1, reads: 1, isSmall: true };
  deepEqual(seen, [oneHeader, oneHeader]);
});

test("T5: a time is found in the archive, in the middle of a file and behind what is damaged", async () => {
  const world = await new ArchiveWorld().open();
  const startMs = world.clock.now().wallMs;
  for (const body of bodies(0, 12)) {
    await world.publish(body);
    await world.clock.advance(1000 - ((world.clock.now().wallMs - startMs) % 1000));
  }
  await world.checkpoint();
  await world.publish(...bodies(12, 13));
  const at = (index: number, extraMs = 0): Promise<number> =>
    world.offsetAt(startMs + index * 1000 + extraMs);
  deepEqual(
    [await at(0), await at(4), await at(4, 1), await at(11), await at(11, 1), await at(99)],
    [0, 4, 5, 11, 12, 13],
  );
  granted(await world.broker.deleteRecordsBefore({ topic: "news", partition: 0, offset: 5 }));
  deepEqual([await at(0), await at(4), await at(6)], [5, 5, 6]);
  world.damage("body-6", "archive");
  await world.restart();
  deepEqual([await at(5), await at(6), await at(7)], [5, 7, 7]);
  await world.close();
});

test("T4: the files of a topic go when what is to be kept remains without them", async () => {
  const world = await archived();
  granted(await world.answer(world.broker.configureTopic({ topic: "news", retentionBytes: 59 * 5 })));
  await world.clock.advance(60_000);
  deepEqual(
    await world.read(6),
    told(6, 12),
    "three in the last file but one, one in the last, two in the log",
  );
  refused(await world.broker.fetch({ ...ask, offset: 5 }), "offset-out-of-range");
  equal(world.files("archive").length, 2);
  await world.close();
});

test("T4: what need not be kept is not moved", async () => {
  const world = await new ArchiveWorld().open();
  granted(await world.answer(world.broker.createTopic({ topic: "news", retentionBytes: 59 * 5 })));
  await world.publish(...bodies(0, 30));
  await world.checkpoint();
  equal(world.files("archive").length, 5);
  deepEqual(await world.read(25), told(25, 30));
  await world.close();
});

test("T8: a file goes when all of it is deleted", async () => {
  const world = await archived();
  const deleteBefore = async (offset: number): Promise<number> => {
    granted(await world.answer(world.broker.deleteRecordsBefore({ topic: "news", partition: 0, offset })));
    await world.clock.advance(0);
    return world.files("archive").length;
  };
  deepEqual([await deleteBefore(2), await deleteBefore(3), await deleteBefore(11)], [4, 3, 0]);
  deepEqual(await world.read(11), told(11, 12));
  deepEqual(world.told, []);
  await world.close();
});

test("a reader whose records are archived, and their segment removed, while it reads finds them in the archive", async () => {
  const world = await (await inTheLog(8)).restart();
  const { journal } = world;
  const readBody = journal.readBody.bind(journal);
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let held = 0;
  journal.readBody = async (position) => {
    journal.readBody = readBody;
    held++;
    await gate;
    return readBody(position);
  };
  const reading = world.broker.fetch({ ...ask, offset: 0 });
  for (let turn = 0; turn < 20; turn++) await world.clock.advance(0);
  equal(held, 1, "the reader waits for the disk");
  const [before] = world.files("segment");
  await world.checkpoint();
  ok(!world.files("segment").includes(before ?? ""), "the segment is gone");
  open();
  const { records } = granted(await world.answer(reading));
  deepEqual(
    records.map(({ offset }) => offset),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  deepEqual(world.told, []);
  await world.close();
});

test("what is published while a file is read is not handed out with it: it has not settled", async () => {
  const world = await archived();
  let publishing: Promise<void> | undefined;
  world.disk.onCall = ({ operation, name }) => {
    if (operation === "read" && name.endsWith(".archive")) publishing ??= world.publish(...bodies(12, 13));
    return undefined;
  };
  const { records, endOffset } = granted(await world.answer(world.broker.fetch({ ...ask, offset: 0 })));
  ok(publishing !== undefined);
  deepEqual([records.length, endOffset], [12, 12]);
  await publishing;
  equal((await world.read(0)).length, 13);
  await world.close();
});

test("what is damaged in a file costs itself, and a file that is missing its records: both are told, and reading goes on behind", async () => {
  const world = await archived();
  world.damage("body-4", "archive");
  deepEqual(await world.read(2), [...told(2, 4), ...told(5, 12)]);
  deepEqual(await world.read(4, { recordsMax: 1 }), told(5, 6), "nobody stands still before it");
  deepEqual(new Set(world.told), new Set(["a part of a file of the archive is damaged and was passed over"]));
  world.told.length = 0;
  await world.close();
  await world.disk.remove(world.files("archive")[2] ?? "");
  await world.open();
  deepEqual(world.told, ["a file of the archive is not there; its records are lost"]);
  deepEqual(await world.read(5), [...told(5, 6), ...told(9, 12)]);
  deepEqual(await world.read(7), told(9, 12));
  world.disk.onCall = ({ operation }) => (operation === "read" ? "EIO" : undefined);
  refused(await world.answer(world.broker.fetch({ ...ask, offset: 0 })), "storage-failed");
  world.disk.onCall = () => undefined;
  deepEqual(await world.read(0, { recordsMax: 3 }), told(0, 3), "a disk that recovers is no damage");
  await world.close();
});

test("a checkpoint that loses what it says of the archive costs nothing: the files are there, and say whose they are", async () => {
  const world = await archived();
  await world.checkpoint();
  await world.close();
  // What a checkpoint says of the archive stands behind the settings of the topic and before its batches.
  const [name = ""] = world.files("checkpoint");
  const content = Buffer.from(world.disk.content(name) ?? []);
  const salt = world.files("archive")[0]?.slice(17, 25) ?? "";
  const at = content.findLastIndex((_, i) => i > 40 && content[i] === 70 && content.length > i + 30);
  ok(at > 0 && salt !== "");
  content[at] = 0;
  world.disk.setContent(name, content);
  await world.open();
  ok(world.told.includes("a part of the journal is damaged and was passed over"));
  ok(
    world.told.includes("took up a file of the archive that nothing referred to any more"),
    world.told.join(),
  );
  deepEqual(await world.read(0), told(0, 12));
  await world.checkpoint();
  world.told.length = 0;
  await world.restart();
  deepEqual(await world.read(0), told(0, 12));
  deepEqual(world.told, []);
  await world.close();
});

test("a file that cannot be written is given up and told of once; publishing goes on, and the next checkpoint tries again", async () => {
  const world = await new ArchiveWorld().open();
  await world.publish(...bodies(0, 10));
  world.disk.onCall = ({ operation, name }) =>
    operation === "write" && name.includes(".archive") ? "EIO" : undefined;
  await world.checkpoint();
  deepEqual(world.told, ["could not move records into the archive; they stay in the log"]);
  equal(world.files("archive").length, 0);
  equal(world.files("checkpoint").length, 1);
  await world.publish(...bodies(10, 11));
  world.disk.onCall = () => undefined;
  await world.checkpoint();
  equal(world.told.length, 1);
  ok(world.files("archive").length > 0);
  deepEqual(await world.read(0), told(0, 11));
  await world.close();
});

test("a disk without space for a file is no end: the records stay in the log, and nothing is refused for it", async () => {
  const world = await new ArchiveWorld().open();
  await world.publish(...bodies(0, 10));
  world.disk.onCall = ({ operation, name }) =>
    operation === "write" && name.includes(".archive") ? "ENOSPC" : undefined;
  await world.checkpoint();
  equal(world.journal.full, undefined);
  equal(world.disk.fileNames().filter((name) => name.includes("archive")).length, 0);
  await world.publish(...bodies(10, 11));
  deepEqual(await world.read(0), told(0, 11));
  await world.close();
});

test("a body that is damaged in the log is left out of the archive and told of; the others are moved", async () => {
  const world = await inTheLog(10);
  world.damage("body-2", "segment");
  await world.restart();
  world.told.length = 0;
  await world.checkpoint();
  deepEqual(world.told, ["a batch of records is damaged and was left out of the archive"]);
  deepEqual(await world.read(0), [...told(0, 2), ...told(3, 10)]);
  await world.close();
});
