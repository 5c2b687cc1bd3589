/** What an engine is: whatever passes this. Each implementation calls `engineConformance` in its test. */
import { deepEqual } from "node:assert/strict";
import test from "node:test";
import type { Engine } from "../engine.ts";
import { RecordsGone } from "../faults.ts";
import { groupConformance } from "./conformance-groups.ts";
import { pack, readUntilEnd, rejectsWith, take, textOf } from "./conformance-probe.ts";
import { transactionConformance } from "./conformance-transactions.ts";
import { partitionOf } from "./partition.ts";

/** Registers the tests of an engine. `open` gives an empty one; it is disposed of after each test. */
export function engineConformance(name: string, open: () => Promise<Engine>): void {
  recordConformance(name, open);
  transactionConformance(name, open);
  groupConformance(name, open);
}

function recordConformance(name: string, open: () => Promise<Engine>): void {
  test(`${name}: offsets count from 0 in each partition, and the receipt says where each record lies`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    const receipt = await engine.publish([pack("t", "a", "1"), pack("t", "b", "2")]);
    deepEqual(receipt.places, [
      { topic: "t", partition: 0, offset: 0 },
      { topic: "t", partition: 0, offset: 1 },
    ]);
    const next = await engine.publish([pack("t", "a", "3")]);
    deepEqual(next.places, [{ topic: "t", partition: 0, offset: 2 }]);
    deepEqual(await engine.endOffset("t", 0), 3);
    deepEqual((await readUntilEnd(engine, "t", 0)).map(textOf), ["1", "2", "3"]);
  });

  test(`${name}: a key belongs to the partition that murmur2 says, as in Kafka's Java client`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 10);
    // Computed from the vectors of Kafka's own tests, with (hash & 0x7fffffff) % 10.
    const vectors = { "21": 0, foobar: 6, "a-little-bit-long-string": 2, abc: 7, "": 1 };
    const keys = [...Object.keys(vectors), "Ümläut", "票"];
    const { places } = await engine.publish(keys.map((key) => pack("t", key, key)));
    deepEqual(
      places.map(({ partition }) => partition),
      keys.map((key) => partitionOf(key, 10)),
    );
    deepEqual(
      places.slice(0, Object.keys(vectors).length).map(({ partition }) => partition),
      Object.values(vectors),
    );
  });

  test(`${name}: records without a key take turns`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 4);
    const { places } = await engine.publish(
      Array.from({ length: 8 }, (_, i) => pack("t", undefined, `${i}`)),
    );
    const counts = Map.groupBy(places, ({ partition }) => partition);
    deepEqual(
      Array.from({ length: 4 }, (_, partition) => counts.get(partition)?.length),
      [2, 2, 2, 2],
    );
  });

  test(`${name}: what is published with one key keeps its order, awaited or not`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 4);
    const keys = ["a", "b", "c"];
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => engine.publish([pack("t", keys[i % 3] ?? "", `${i}`)])),
    );
    for (const [at, key] of keys.entries()) {
      const records = await readUntilEnd(engine, "t", partitionOf(key, 4));
      const values = records.filter((record) => record.key === key).map(textOf);
      deepEqual(
        values,
        Array.from({ length: 20 }, (_, i) => `${at + 3 * i}`),
      );
    }
  });

  test(`${name}: key, value and headers come back as they were`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    const sent = [
      {
        ...pack("t", "Zoë 票", "value"),
        headers: new Map([
          ["ce_id", "1"],
          ["content-type", "text/plain"],
          ["x", "ü €"],
          ["__proto__", "y"],
        ]),
      },
      { topic: "t", key: undefined, value: Uint8Array.of(0, 255, 128), headers: new Map<string, string>() },
      { topic: "t", key: "", value: new Uint8Array(0), headers: new Map([["empty", ""]]) },
    ];
    await engine.publish(sent);
    const records = await readUntilEnd(engine, "t", 0);
    deepEqual(
      records.map(({ key, value, headers }) => ({ key, value: [...value], headers: [...headers].sort() })),
      sent.map(({ key, value, headers }) => ({ key, value: [...value], headers: [...headers].sort() })),
    );
  });

  test(`${name}: reading starts at the offset, goes on with what comes, and ends with the signal`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    await engine.publish(["0", "1", "2"].map((value) => pack("t", "k", value)));
    const stop = new AbortController();
    const reader = take(engine.read("t", 0, 1, stop.signal));
    deepEqual(await reader.next(2), ["1", "2"]);
    const more = reader.next(2);
    await engine.publish([pack("t", "k", "3")]);
    await engine.publish([pack("t", "k", "4")]);
    deepEqual(await more, ["3", "4"]);
    const atTheEnd = reader.next(1);
    stop.abort();
    deepEqual(await atTheEnd, [], "nothing came any more, and the read ended");
  });

  test(`${name}: a read that begins at the end hears only what comes`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    await engine.publish([pack("t", "k", "old")]);
    const stop = new AbortController();
    const next = take(engine.read("t", 0, 1, stop.signal)).next(1);
    await engine.publish([pack("t", "k", "new")]);
    deepEqual(await next, ["new"]);
    stop.abort();
  });

  test(`${name}: what is deleted is gone, and whoever asks for it hears where the rest begins`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 2);
    for (const value of ["0", "1", "2", "3"]) {
      await engine.publish([pack("t", "21", value)]);
    }
    const stop = new AbortController();
    const place = { topic: "t", partition: partitionOf("21", 2) };
    const from = (offset: number) => engine.read("t", place.partition, offset, stop.signal);
    const next = async (offset: number) => take(from(offset)).next(1);
    const startOffsetFor = (offset: number) =>
      next(offset).then(
        () => undefined,
        (error: unknown) => (error instanceof RecordsGone ? error.startOffset : error),
      );
    await engine.deleteRecordsBefore({ ...place, offset: 2 });
    deepEqual([await startOffsetFor(0), await startOffsetFor(1)], [2, 2]);
    deepEqual(await next(2), ["2"]);
    // What is gone already is fine, what is not there yet is not.
    await engine.deleteRecordsBefore({ ...place, offset: 1 });
    await rejectsWith("unexpected-offset", engine.deleteRecordsBefore({ ...place, offset: 5 }));
    deepEqual(await engine.endOffset("t", place.partition), 4);
    await engine.deleteRecordsBefore({ ...place, offset: 4 });
    deepEqual(await startOffsetFor(3), 4);
    const reader = take(from(4));
    const coming = reader.next(1);
    const { places } = await engine.publish([pack("t", "21", "4")]);
    deepEqual([places[0]?.offset, await coming], [4, ["4"]]);
    stop.abort();
  });

  test(`${name}: a reader under which records are deleted hears of it and passes over none in silence`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    await engine.publish([pack("t", "k", "0")]);
    const stop = new AbortController();
    const read = engine.read("t", 0, 0, stop.signal)[Symbol.asyncIterator]();
    deepEqual((await read.next()).value?.length, 1);
    await engine.publish(["1", "2", "3"].map((value) => pack("t", "k", value)));
    await engine.deleteRecordsBefore({ topic: "t", partition: 0, offset: 3 });
    await rejectsWith("records-gone", read.next());
    stop.abort();
  });

  test(`${name}: a thousand records go in one publish and come back in order`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 1);
    const values = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    await engine.publish(values.map((value) => pack("t", "k", value)));
    deepEqual((await readUntilEnd(engine, "t", 0)).map(textOf), values);
  });

  test(`${name}: a topic is created once; another number of partitions is refused`, async () => {
    await using engine = await open();
    await engine.createTopic("t", 3);
    await engine.createTopic("t", 3);
    await rejectsWith("topic-differs", engine.createTopic("t", 4));
    deepEqual(await engine.partitionCount("t"), 3);
  });

  test(`${name}: a topic that nobody created is unknown`, async () => {
    await using engine = await open();
    await rejectsWith("unknown-topic", engine.partitionCount("t"));
    await rejectsWith("unknown-topic", engine.endOffset("t", 0));
  });
}
