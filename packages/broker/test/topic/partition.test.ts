/** T1: keys fall into the partitions into which Kafka's Java client puts them. */
import { equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import { murmur2, partitionOf, partitionOfText } from "../../src/topic/index.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** From `UtilsTest.testMurmur2` of Apache Kafka. */
const vectors: readonly (readonly [string, number])[] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
];

suite("T1: partitions of keys", () => {
  for (const [key, hash] of vectors) {
    test(`murmur2 of ${key} is ${hash}`, () => equal(murmur2(bytes(key)), hash));
  }

  test("a negative hash loses its sign bit, not its sign", () => {
    // 2^31 - 973,932,308 = 1,173,551,340. The magnitude would give 6 and 788, the same bits without a sign 5 and 236.
    equal(partitionOfText("21", 7), 3);
    equal(partitionOfText("21", 1024), 236);
  });

  test("a text goes by its UTF-8", () => {
    equal(partitionOfText("grüße", 1000), partitionOf(bytes("grüße"), 1000));
  });

  test("a view into a larger buffer hashes as its own bytes do", () => {
    equal(murmur2(bytes("xxabcxx").subarray(2, 5)), 479470107);
  });

  test("keys spread over all partitions", () => {
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 1600; i++) {
      const partition = partitionOfText(`key-${i}`, 16);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    ok(Math.min(...counts) > 50, counts.join(" "));
  });
});
