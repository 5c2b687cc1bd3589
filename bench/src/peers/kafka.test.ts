/** Record batches as Kafka's documentation has them; that a broker takes them is shown wherever one is installed, by the bench itself. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./crc32c.ts";
import { encodeRecordBatch, readBatchHeads } from "./kafka-batch.ts";
import { KafkaReader, KafkaWriter } from "./kafka-bytes.ts";

test("CRC-32C of the nine digits is the check value of RFC 3720's polynomial", () => {
  equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

test("varints are zigzag", () => {
  const varint = (value: number): number[] => [...new KafkaWriter().varint(value).finish()];
  deepEqual([0, -1, 1, -2, 63, 64, 300].map(varint), [[0], [1], [2], [3], [126], [128, 1], [216, 4]]);
});

test("a batch of one record, byte by byte", () => {
  const batch = encodeRecordBatch([Buffer.from("ab")], 5);
  // Length, attributes, timestamp, offset, no key, two bytes of value, no headers.
  const record = [16, 0, 0, 0, 1, 4, 0x61, 0x62, 0];
  deepEqual([...batch.subarray(61)], record);
  const from = new KafkaReader(batch);
  deepEqual([from.int64(), from.int32(), from.int32(), from.int8()], [0, batch.length - 12, -1, 2]);
  equal(from.int32() >>> 0, crc32c(batch.subarray(21)));
  deepEqual([from.int16(), from.int32(), from.int64(), from.int64()], [0, 0, 5, 5]);
  deepEqual([from.int64(), from.int16(), from.int32(), from.int32()], [-1, -1, -1, 1]);
});

test("of what is read, whole batches are counted, and a part of one is left for the next fetch", () => {
  const values = [1, 2, 3].map((value) => Uint8Array.of(value));
  const first = encodeRecordBatch(values, 0);
  const second = encodeRecordBatch(values.slice(1), 0);
  second.writeBigInt64BE(3n);
  const both = Buffer.concat([first, second]);
  deepEqual(readBatchHeads(both), { recordCount: 5, nextOffset: 5 });
  for (let cut = first.length; cut < both.length; cut++) {
    deepEqual(readBatchHeads(both.subarray(0, cut)), { recordCount: 3, nextOffset: 3 });
  }
  deepEqual(readBatchHeads(first.subarray(0, -1)), { recordCount: 0, nextOffset: undefined });
});

test("strings and arrays, and none", () => {
  const from = new KafkaReader(
    new KafkaWriter().string("ä").string(null).int32(2).int8(1).int8(-2).int32(-1).finish(),
  );
  equal(from.string(), "ä");
  equal(from.string(), null);
  deepEqual(
    from.array(() => from.int8()),
    [1, -2],
  );
  equal(from.bytes().length, 0);
});
