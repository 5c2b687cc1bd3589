/** What a topic says of records that were moved into files of the archive: where they are, when they go, and that nobody else notices. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  decidePublish,
  decideRetention,
  decideTrim,
  fateOf,
  nextRange,
  nextRetentionMs,
  offsetAtTime,
  type TopicSettings,
  takeDeadBatches,
  takeDeadFiles,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const news = 1;
const infinite = { retentionMs: Number.POSITIVE_INFINITY };
/** Bytes of a batch of one record with a body of one byte. */
const batchBytes = 10;

/** A topic of one partition with a batch of one record for each letter, a second apart. */
function worldWith(letters: string, settings: Partial<TopicSettings> = infinite): TopicWorld {
  const world = new TopicWorld();
  world.createTopic(news, settings);
  publish(world, letters);
  return world;
}

function publish(world: TopicWorld, letters: string): void {
  for (const letter of letters) {
    world.wallMs += 1000;
    world.submit(decidePublish(world.theTopic(news), { records: [outgoing(letter)] }, world.now));
  }
}

/** Moves the oldest batches into files of so many. */
function archive(world: TopicWorld, ...sizes: number[]): void {
  for (const size of sizes) equal(world.archive(news, 0, size * batchBytes)?.byteLength, size * batchBytes);
}

const logOf = (world: TopicWorld) => {
  const log = world.theTopic(news).partitions[0];
  if (log === undefined) throw new Error("the topic has a partition");
  return log;
};

/** What is read from the start on, with the borders of files as `|`; a restart and a checkpoint find the same. */
function kept(world: TopicWorld): string {
  world.audit();
  const { startOffset, archived } = logOf(world);
  const records = world.read(news, { partition: 0, offset: startOffset, recordsMax: 100, bytesMax: 1e6 });
  if (typeof records === "string") return records;
  const ends = new Set(archived.map(({ endOffset }) => endOffset - 1));
  const told = records.map(
    ({ offset, body }) => `${new TextDecoder().decode(body)}${ends.has(offset) ? "|" : ""}`,
  );
  return `${startOffset}:${told.join("")}`;
}

const trim = (world: TopicWorld, offset: number): string => {
  world.submit(decideTrim(world.theTopic(news), { partition: 0, offset }));
  return kept(world);
};

const deadFiles = (world: TopicWorld): number[] =>
  takeDeadFiles(world.theTopic(news)).map(({ number }) => number);

test("what is moved is read as before, at the same offsets; its places in the journal are free, and nothing of it stays in memory", () => {
  const world = worldWith("abcdef");
  const { holdings } = world.theTopic(news);
  equal(kept(world), "0:abcdef");
  archive(world, 2, 3);
  equal(kept(world), "0:ab|cde|f");
  deepEqual(takeDeadBatches(world.theTopic(news)), [1, 2, 3, 4, 5]);
  deepEqual([holdings.batchCount, holdings.residentBytes, logOf(world).tailBytes], [1, 10, 10]);
  equal(logOf(world).retainedBytes, 60);
  archive(world, 1);
  publish(world, "gh");
  equal(kept(world), "0:ab|cde|f|gh");
  deepEqual([logOf(world).endOffset, logOf(world).retainedBytes, logOf(world).tailBytes], [8, 80, 20]);
});

const unbounded = {
  fileBytesMax: 1e6,
  fileBytesMin: 0,
  untilOffset: Number.POSITIVE_INFINITY,
  beforePosition: Number.POSITIVE_INFINITY,
};

test("what was written of late stays in the log, and so does what is not worth a file", () => {
  const world = worldWith("abcdef", infinite);
  const log = logOf(world);
  const { settings } = world.theTopic(news);
  const beforePosition = log.batches[3]?.position ?? 0;
  equal(nextRange(log, settings, { ...unbounded, beforePosition })?.endOffset, 3);
  equal(nextRange(log, settings, { ...unbounded, beforePosition, fileBytesMin: 31 }), undefined);
  equal(nextRange(log, settings, { ...unbounded, beforePosition, fileBytesMin: 30 })?.endOffset, 3);
  // Retention wants files of that size: then they are worth it.
  const short = { ...settings, retentionBytes: 160 };
  equal(nextRange(log, short, { ...unbounded, fileBytesMin: 31 })?.endOffset, 2);
});

test("a file has at most what it may have, an eighth of what a topic keeps, or one batch", () => {
  const range = (settings: Partial<TopicSettings>, fileBytesMax = 1e6, until = 100) => {
    const world = worldWith("abcdefghij", settings);
    const bounds = { ...unbounded, fileBytesMax, untilOffset: until };
    const found = nextRange(logOf(world), world.theTopic(news).settings, bounds);
    return found && [found.firstOffset, found.endOffset, found.byteLength, world.wallMs - found.newestMs];
  };
  deepEqual(range(infinite), [0, 10, 100, 0]);
  deepEqual(range(infinite, 39), [0, 3, 30, 7000]);
  deepEqual(range(infinite, 1), [0, 1, 10, 9000]);
  deepEqual(range(infinite, 1e6, 4), [0, 4, 40, 6000]);
  deepEqual(range(infinite, 1e6, 0), undefined);
  deepEqual(range({ ...infinite, retentionBytes: 160 }), [0, 2, 20, 8000]);
  deepEqual(range({ retentionMs: 16_000 }), [0, 3, 30, 7000]);
  deepEqual(range({ durability: "memory" }), undefined, "what the journal does not have stays where it is");
});

suite("T4: retention goes by files", () => {
  test("by age, when the newest record of a file is too old", () => {
    const world = worldWith("abcde", { retentionMs: 5000 });
    // As large as if the topic had been told to keep more when they were made.
    world.theTopic(news).settings = { ...world.theTopic(news).settings, ...infinite };
    archive(world, 2, 2);
    world.theTopic(news).settings = { ...world.theTopic(news).settings, retentionMs: 5000 };
    equal(nextRetentionMs(world.theTopic(news), world.now), 2000);
    const at = (ms: number): [string, number[]] => {
      world.wallMs += ms;
      world.submit(decideRetention(world.theTopic(news), world.now));
      return [logText(world), deadFiles(world)];
    };
    deepEqual(at(1999), ["0:ab|cd|e", []]);
    deepEqual(at(1), ["2:cd|e", [1]]);
    deepEqual(at(1999), ["2:cd|e", []]);
    deepEqual(at(1), ["4:e", [2]]);
    deepEqual(at(1000), ["5:", []]);
    equal(logOf(world).retainedBytes, 0);
  });

  test("by bytes, while what is to be kept remains without it", () => {
    const world = worldWith("abcdef", { ...infinite, retentionBytes: 1e6 });
    archive(world, 2, 2);
    const bounded = (retentionBytes: number): string => {
      world.theTopic(news).settings = { ...world.theTopic(news).settings, retentionBytes };
      world.submit(decideRetention(world.theTopic(news), world.now));
      return logText(world);
    };
    deepEqual(
      [bounded(41), bounded(40), bounded(21), bounded(20)],
      ["0:ab|cd|ef", "2:cd|ef", "2:cd|ef", "4:ef"],
    );
    equal(bounded(10), "5:f");
    deepEqual(deadFiles(world), [1, 2]);
  });

  test("also when nothing is left behind the files: the last one stays", () => {
    const world = worldWith("abcd", { ...infinite, retentionBytes: 1e6 });
    archive(world, 2, 2);
    world.theTopic(news).settings = { ...world.theTopic(news).settings, retentionBytes: 1 };
    world.submit(decideRetention(world.theTopic(news), world.now));
    equal(logText(world), "2:cd|");
  });
});

/** As `kept`, of a world whose settings were changed by hand, which the fold does not know. */
function logText(world: TopicWorld): string {
  const { startOffset, endOffset, archived } = logOf(world);
  const ends = new Set(archived.map((range) => range.endOffset));
  let text = `${startOffset}:`;
  for (let offset = startOffset; offset < endOffset; offset++) {
    text += String.fromCharCode("a".charCodeAt(0) + offset) + (ends.has(offset + 1) ? "|" : "");
  }
  return text;
}

suite("T8: records before an offset are deleted", () => {
  test("also in the middle of a file, which stays until its last record goes", () => {
    const world = worldWith("abcdef");
    archive(world, 3, 2);
    equal(trim(world, 2), "2:c|de|f");
    deepEqual(deadFiles(world), []);
    equal(trim(world, 4), "4:e|f");
    deepEqual(deadFiles(world), [1]);
    equal(logOf(world).retainedBytes, 30, "of a file that stays all bytes count");
    equal(trim(world, 6), "6:");
    deepEqual([deadFiles(world), logOf(world).retainedBytes], [[2], 0]);
    publish(world, "g");
    equal(kept(world), "6:g");
  });

  test("a file of which everything was deleted while it was written is of no use", () => {
    const world = worldWith("abc");
    const late = world.archive(news, 0, 2 * batchBytes);
    const other = worldWith("abc");
    trim(other, 2);
    if (late !== undefined) other.append([{ owner: news, record: late }]);
    deepEqual([kept(other), deadFiles(other)], ["2:c", [1]]);
  });
});

test("T5: a time is found in files as in the log", () => {
  const world = worldWith("abcdef");
  archive(world, 2, 2);
  const startMs = world.wallMs - 5000;
  const at = (ms: number, fromOffset = 0): unknown => {
    const answer = offsetAtTime(world.theTopic(news), 0, startMs + ms, fromOffset);
    return answer.ok && typeof answer.reply === "object"
      ? `file ${answer.reply.file.number}`
      : answer.ok && answer.reply;
  };
  deepEqual(
    [at(0), at(1000), at(1001), at(3000), at(3001), at(5001)],
    ["file 1", "file 1", "file 2", "file 2", 4, 6],
  );
  deepEqual([at(0, 2), at(0, 4), at(0, 5)], ["file 2", 4, 5]);
});

suite("a file that nothing refers to", () => {
  const fate = (world: TopicWorld, firstOffset: number, endOffset: number, isWhole: boolean): string => {
    const file = { number: 99, salt: 1 };
    return fateOf(logOf(world), { file, firstOffset, endOffset, byteLength: 1, newestMs: 0 }, isWhole);
  };

  test("is useless when its records are deleted, or there without it; when they may not be, it is what holds them", () => {
    const world = worldWith("abcdef");
    trim(world, 2);
    deepEqual([fate(world, 0, 2, true), fate(world, 0, 2, false)], ["useless", "useless"]);
    deepEqual([fate(world, 0, 4, true), fate(world, 0, 4, false)], ["useless", "adopt"]);
    deepEqual([fate(world, 2, 7, true), fate(world, 8, 9, true)], ["adopt", "keep"]);
    archive(world, 2);
    deepEqual([fate(world, 2, 4, true), fate(world, 2, 4, false)], ["useless", "keep"]);
    deepEqual([fate(world, 3, 5, true), fate(world, 3, 7, true)], ["useless", "keep"]);
    deepEqual([fate(world, 5, 6, false), fate(world, 4, 6, false)], ["keep", "adopt"]);
  });

  test("takes its place between others, whichever was lost", () => {
    const world = worldWith("abcdef");
    const ranges = [1, 2, 1].map((size) => world.archive(news, 0, size * batchBytes));
    for (const lost of [0, 1, 2]) {
      const damaged = world.restarted(world.journal.toSpliced(7 + lost, 1));
      const range = ranges[lost];
      if (range === undefined) throw new Error("three files were made");
      equal(fateOf(logOf(damaged), range, false), "adopt");
      damaged.append([{ owner: news, record: range }]);
      deepEqual([kept(damaged), damaged.theTopic(news).orphanRecords], ["0:a|bc|d|ef", 0]);
    }
  });
});

suite("records that do not fit", () => {
  test("a range with offsets that another file has changes nothing, and is counted", () => {
    const world = worldWith("abcd");
    const first = world.archive(news, 0, 2 * batchBytes);
    if (first !== undefined)
      world.append([{ owner: news, record: { ...first, file: { number: 9, salt: 1 } } }]);
    equal(world.theTopic(news).orphanRecords, 1);
    deepEqual(
      [deadFiles(world), logText(world)],
      [[], "0:ab|cd"],
      "its file may be the only one that there is",
    );
  });

  test("records whose publishing was lost to damage are found in their file", () => {
    const world = worldWith("abcd");
    archive(world, 3);
    const damaged = world.restarted(world.journal.toSpliced(1, 4));
    const read = damaged.read(news, { partition: 0, offset: 0, recordsMax: 9, bytesMax: 1e6 });
    deepEqual([read.length, logOf(damaged).endOffset], [3, 3]);
  });
});
