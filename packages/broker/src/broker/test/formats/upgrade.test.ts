/** Journals as every version so far wrote them, checked in as bytes: this version finds in them what their clients had. */
import { deepEqual, ok, rejects } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { Broker, verifyJournal } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { decodeProducerRecord, isProducerType } from "../../../producer/record-codec.ts";
import type { ProducerRecord } from "../../../producer/records.ts";
import { decodeQueueRecord } from "../../../queue/record-decoder.ts";
import type { QueueRecord } from "../../../queue/records.ts";
import { decodeGroupRecord } from "../../../topic/group/record-codec.ts";
import type { GroupRecord } from "../../../topic/group/records.ts";
import { decodeTopicRecord } from "../../../topic/record-codec.ts";
import type { TopicJournalRecord } from "../../../topic/records.ts";
import { Catalog, type CatalogRecord, decodeCatalogRecord } from "../../catalog.ts";
import { journals } from "./journals.ts";
import { seenBy } from "./life.ts";

const kinds = {
  catalog: { identity: true, named: true, counted: true, removed: true } satisfies Record<
    CatalogRecord["kind"],
    true
  >,
  queue: {
    configured: true,
    sent: true,
    delivered: true,
    acked: true,
    returned: true,
    extended: true,
    readied: true,
    retried: true,
    rescheduled: true,
    parked: true,
    unparked: true,
    dropped: true,
    purged: true,
    paused: true,
    forgotten: true,
    "redrive-started": true,
    "redrive-advanced": true,
    "redrive-ended": true,
    "moved-out": true,
    "moved-in": true,
    relocated: true,
    "restored-queue": true,
    "restored-deduplication": true,
    "restored-messages": true,
  } satisfies Record<QueueRecord["kind"], true>,
  topic: {
    configured: true,
    published: true,
    trimmed: true,
    archived: true,
    "restored-archives": true,
    relocated: true,
    "restored-topic": true,
    "restored-batches": true,
  } satisfies Record<TopicJournalRecord["kind"], true>,
  group: {
    "generation-begun": true,
    "offsets-committed": true,
    "restored-group": true,
  } satisfies Record<GroupRecord["kind"], true>,
  producer: { answered: true, "restored-producer": true } satisfies Record<ProducerRecord["kind"], true>,
};
const everyKind = Object.entries(kinds).flatMap(([what, of]) =>
  Object.keys(of).map((kind) => `${what} ${kind}`),
);

const folders = readdirSync(import.meta.dirname).filter((name) => name.startsWith("format-"));

/** A disk with the files of a folder. */
function diskOf(folder: string): SimulatedDisk {
  const disk = new SimulatedDisk(seededRandom(1));
  const path = join(import.meta.dirname, folder);
  for (const name of readdirSync(path)) {
    if (name !== "seen.json") disk.setContent(name, readFileSync(join(path, name)));
  }
  return disk;
}

const seenIn = (folder: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, folder, "seen.json"), "utf8"));

/** What of `now` was there `then` to be seen: a later version may tell more of a thing, but not of more things. */
function asFarAs(then: unknown, now: unknown): unknown {
  if (Array.isArray(then) && Array.isArray(now)) {
    return now.map((item, i) => (i < then.length ? asFarAs(then[i], item) : item));
  }
  if (!isObject(then) || !isObject(now)) return now;
  return Object.fromEntries(Object.keys(then).map((name) => [name, asFarAs(then[name], now[name])]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const contents = (disk: SimulatedDisk): unknown =>
  disk.fileNames().map((name) => [name, Buffer.from(disk.content(name) ?? []).toString("hex")]);

/** The kinds of records that replay visits, as "what kind". */
async function kindsIn(disk: SimulatedDisk): Promise<Set<string>> {
  const seen = new Set<string>();
  const catalog = new Catalog();
  await using journal = await FileJournal.open({ disk, random: seededRandom(1) });
  await journal.replay(({ parts }) => {
    for (const { owner, type, head, bodies } of parts) {
      const what = owner === 0 ? (isProducerType(type) ? "producer" : "catalog") : catalog.entry(owner)?.what;
      const decoded =
        what === "producer"
          ? decodeProducerRecord(type, head)
          : what === "catalog"
            ? decodeCatalogRecord(type, head)
            : what === "queue"
              ? decodeQueueRecord(type, head, bodies)
              : what === "topic"
                ? decodeTopicRecord(type, head, bodies)
                : decodeGroupRecord(type, head);
      ok(decoded.ok, `${what} ${type}`);
      if (what === "catalog") catalog.apply(decoded.record as CatalogRecord);
      seen.add(`${what} ${decoded.record.kind}`);
    }
  });
  return seen;
}

for (const folder of folders) {
  test(`${folder}: everything is there as its clients had it`, async () => {
    const seen = seenIn(folder);
    deepEqual(asFarAs(seen, await seenBy(diskOf(folder))), seen);
  });

  test(`${folder}: it is sound from outside as well, and looking changes nothing`, async () => {
    const disk = diskOf(folder);
    const before = contents(disk);
    const report = await verifyJournal(disk, new VirtualClock());
    deepEqual(
      [report.sound, report.tornTail, report.formatVersions],
      [true, undefined, [Number(folder.split("-")[1])]],
    );
    deepEqual(contents(disk), before);
  });
}

test("the journals that are kept have every kind of record", async () => {
  const seen = new Set<string>();
  for (const folder of folders) for (const kind of await kindsIn(diskOf(folder))) seen.add(kind);
  deepEqual([...seen].sort(), everyKind.sort());
});

for (const [folder, make] of Object.entries(journals)) {
  test(`what this version writes as ${folder}, it finds again in the same way`, async () => {
    const seen = seenIn(folder);
    deepEqual(asFarAs(seen, await seenBy(await make())), seen);
  });
}

test("a newer format is refused with a sentence, and every byte stays as it is", async () => {
  for (const which of [".segment", ".checkpoint", ".archive"]) {
    const disk = diskOf("format-1-archive");
    const name = disk.fileNames().find((one) => one.endsWith(which)) ?? "";
    const bytes = Buffer.from(disk.content(name) ?? []);
    bytes.writeUInt16LE(2, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
    disk.setContent(name, bytes);
    const before = contents(disk);
    const journal = await FileJournal.open({ disk, random: seededRandom(1) });
    await rejects(Broker.open({ journal, clock: new VirtualClock() }), {
      code: "format-too-new",
      message: `${name} has journal format 2; this version of Sluice reads up to 1. Start the newer version, nothing was changed.`,
    });
    await journal[Symbol.asyncDispose]();
    deepEqual(contents(disk), before);
  }
});
