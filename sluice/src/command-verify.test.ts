/** `sluice verify` on journals in every condition: what it says, what it ends with, and that it changes nothing. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { Broker, noAttributes, type VerifyReport } from "@sluice/broker";
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { verifyCommand } from "./command-verify.ts";

const headerBytes = 40;

interface Verified {
  readonly code: number;
  readonly said: string;
}

async function verify(...args: string[]): Promise<Verified> {
  let said = "";
  const to = { write: (text: string) => (said += text) };
  const code = await verifyCommand(args, { stdout: to, stderr: to });
  return { code, said };
}

async function reportOf(data: string): Promise<VerifyReport & { readonly code: number }> {
  const { code, said } = await verify(data, "--json");
  return { code, ...JSON.parse(said) };
}

/** A data directory with a journal in which `jobs` has ten messages; the first two are gone. Segments are small. */
async function example(t: TestContext, everyBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "sluice-verify-"));
  t.after(() => rm(data, { recursive: true }));
  const disk = await NodeDisk.open(join(data, "journal"));
  const journal = await FileJournal.open({ disk, random: seededRandom(1), segmentBytes: 2000 });
  await using broker = await Broker.open({ journal, random: seededRandom(2), checkpoints: { everyBytes } });
  const body = (i: number): Uint8Array => Buffer.from(`message ${i} `.padEnd(500, "."));
  for (let i = 0; i < 10; i++) {
    await broker.send({ queue: "jobs", messages: [{ body: body(i), attributes: noAttributes }] });
  }
  const received = await broker.receive({ queue: "jobs", max: 2, waitMs: 0 });
  ok(received.ok);
  for (const { receipt } of received.deliveries) await broker.ack({ queue: "jobs", receipt });
  return data;
}

/** Every file of the journal with its bytes. */
async function filesOf(data: string): Promise<Map<string, Buffer>> {
  const directory = join(data, "journal");
  const names = (await readdir(directory)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)),
  );
}

async function change(data: string, which: RegExp, edit: (bytes: Buffer) => Buffer): Promise<void> {
  const [name = "", bytes = Buffer.alloc(0)] =
    [...(await filesOf(data))].find(([name]) => which.test(name)) ?? [];
  await writeFile(join(data, "journal", name), edit(bytes));
}

const flip =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

const isArchiveOf = (bytes: Buffer, topic: string): boolean =>
  bytes.length > 12 && bytes.readUInt16LE(10) === 3 && bytes.includes(`${topic} ${topic}`);

test("a sound journal is told to be sound, and no byte of it changes", async (t) => {
  const data = await example(t);
  const before = await filesOf(data);
  const { code, said } = await verify(data);
  equal(code, 0, said);
  match(said, /is sound\.\n {2}format {7}1\n {2}segments {5}\d+ with \d+ bytes\n {2}checkpoints {2}0\n/);
  match(said, /holds {8}1 queue, 0 topics, 0 consumer groups and 8 readable bodies/);
  const report = await reportOf(data);
  deepEqual([report.sound, report.firstSequence, report.appends], [true, 1, report.lastSequence]);
  deepEqual(await filesOf(data), before);
});

test("a torn tail is told and is no damage; it stays for the next start to cut", async (t) => {
  const data = await example(t);
  const last = [...(await filesOf(data)).keys()].at(-1) ?? "";
  await change(data, new RegExp(last), (bytes) => Buffer.concat([bytes, Buffer.from("half of a rec")]));
  const before = await filesOf(data);
  const { code, said } = await verify(data);
  equal(code, 0);
  match(said, new RegExp(`torn tail {4}${last} breaks off at \\d+, 13 bytes before its end`));
  deepEqual(await filesOf(data), before);
});

test("a damaged append is told with its place and its sequence", async (t) => {
  const data = await example(t);
  await change(data, /0002-.*\.segment$/, flip(headerBytes + 100));
  const { code, damages, sound } = await reportOf(data);
  deepEqual([code, sound, damages.length, damages[0]?.appendsLost], [1, false, 1, 1]);
  const { said } = await verify(data);
  match(
    said,
    /is DAMAGED\.[\s\S]*damage {7}0000000000000002-.* at 40, \d+ bytes: 1 append lost from sequence/,
  );
});

test("records that speak of what was lost are orphans", async (t) => {
  const data = await example(t);
  const [first] = (await filesOf(data)).values();
  const naming = first?.indexOf("jobs") ?? 0;
  ok(naming > 0);
  await change(data, /0001-.*\.segment$/, flip(naming));
  const { code, orphans } = await reportOf(data);
  equal(code, 1);
  ok(orphans.length > 10, "everything that was said of the queue");
  match(orphans[0]?.problem ?? "", /which the catalog does not have/);
});

test("files of the archive are read as well: one that is damaged, one that is gone, one that nothing refers to", async (t) => {
  const data = await example(t);
  const disk = await NodeDisk.open(join(data, "journal"));
  const journal = await FileJournal.open({ disk, random: seededRandom(3) });
  {
    const options = { archive: { tailBytesMin: 1, keepsRecent: false }, checkpoints: { everyBytes: 100 } };
    await using broker = await Broker.open({ journal, random: seededRandom(4), ...options });
    const publishes = ["news", "audit"].map((topic) => {
      const body = Buffer.from(`${topic} `.repeat(50));
      return { topic, records: [{ key: undefined, body, attributes: noAttributes }] };
    });
    ok((await broker.transact({ publishes })).ok);
    // What is archived is archived before the checkpoint.
    while (!(await readdir(join(data, "journal"))).some((name) => name.endsWith(".checkpoint"))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const { code, said } = await verify(data);
  equal(code, 0, said);
  match(said, /archive {6}2 files with \d+ bytes\n {2}checkpoints/);
  const nameOf = async (topic: string) =>
    [...(await filesOf(data))].find(([, bytes]) => isArchiveOf(bytes, topic))?.[0] ?? "";

  await change(data, new RegExp(await nameOf("news")), flip(150));
  await rename(
    join(data, "journal", await nameOf("audit")),
    join(data, "journal", "0000000000000009-00000009.archive"),
  );
  const report = await reportOf(data);
  deepEqual([report.code, report.sound], [1, false]);
  deepEqual(
    report.archiveProblems.map(({ partition, problem }) => [partition, problem.replace(/\d+/g, "n")]),
    [
      [0, "n bytes at n cannot be read"],
      [0, "its index does not name the groups that are there"],
      [0, "it is not there"],
    ],
  );
  deepEqual(report.orphanedArchives, ["0000000000000009-00000009.archive"]);
  match((await verify(data)).said, /damage {7}0000000000000001-\w+\.archive of number \d+, partition 0: /);
});

test("a wanted body is read also where replay has no business any more; one that is gone is missed by nobody", async (t) => {
  const data = await example(t, 3000);
  ok([...(await filesOf(data)).keys()].some((name) => name.endsWith(".checkpoint")));
  const [name = "", bytes] =
    [...(await filesOf(data))].find(([, bytes]) => bytes.includes("message 2")) ?? [];
  await change(data, new RegExp(name), flip(bytes?.indexOf("message 2") ?? 0));
  const { code, unreadableBodies, damages } = await reportOf(data);
  deepEqual([code, damages.length, unreadableBodies.length], [1, 0, 1]);
  match((await verify(data)).said, /lost body {4}of number 1: .*checksum/);
});

test("a damaged checkpoint is told", async (t) => {
  const data = await example(t, 3000);
  await change(data, /\.checkpoint$/, flip(headerBytes + 30));
  const { code, damages } = await reportOf(data);
  equal(code, 1);
  match(damages[0]?.segment ?? "", /\.checkpoint$/);
});

test("a journal in use is left alone, unless --force says otherwise", async (t) => {
  const data = await example(t);
  const lock = await (await NodeDisk.open(join(data, "journal"))).lock();
  const { code, said } = await verify(data);
  equal(code, 2);
  match(said, new RegExp(`is in use by process ${process.pid}`));
  equal((await verify(data, "--force")).code, 0);
  await lock[Symbol.asyncDispose]();
});

test("a newer format, a missing directory and wrong arguments end with 2 and a sentence", async (t) => {
  const data = await example(t);
  await change(data, /0001-.*\.segment$/, (bytes) => {
    bytes.writeUInt16LE(2, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
    return bytes;
  });
  const newer = await verify(data);
  equal(newer.code, 2);
  match(newer.said, /has journal format 2; this version of Sluice reads up to 1/);

  const missing = join(data, "elsewhere");
  const nothing = await verify(missing);
  equal(nothing.code, 2);
  match(nothing.said, /elsewhere.*cannot be read: ENOENT/);
  ok(!(await readdir(data)).includes("elsewhere"), "it is not made");
  equal((await verify()).code, 2);
  equal((await verify(data, "--frobnicate")).code, 2);
});

test("as a command: npm run sluice -- verify", async (t) => {
  const data = await example(t);
  const command = join(import.meta.dirname, "command.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [command, "verify", data]);
  match(stdout, /is sound/);
  await change(data, /0002-.*\.segment$/, flip(headerBytes + 100));
  const failed = promisify(execFile)(process.execPath, [command, "verify", data, "--json"]);
  const { code, stdout: json } = await failed.then(
    () => ({ code: 0, stdout: "" }),
    (error: { code: number; stdout: string }) => error,
  );
  deepEqual([code, JSON.parse(json).sound], [1, false]);
});
