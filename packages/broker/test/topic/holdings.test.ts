/** What topics hold in memory: the oldest bytes go first, and what is kept no longer leaves nothing behind. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import { Holdings, type KeptBatch } from "../../src/topic/index.ts";

const batch = (firstOffset: number, byteLength: number, position = firstOffset + 1): KeptBatch => ({
  firstOffset,
  count: 1,
  publishedAtMs: 0,
  byteLength,
  position,
  bytes: new Uint8Array(byteLength),
});

const resident = (batches: readonly KeptBatch[]): number[] =>
  batches.filter(({ bytes }) => bytes !== undefined).map(({ firstOffset }) => firstOffset);

suite("holdings", () => {
  test("the oldest bytes are let go first, but not those that are nowhere else", () => {
    const holdings = new Holdings();
    const batches = [batch(0, 10), batch(1, 10, 0), batch(2, 10), batch(3, 10)];
    for (const one of batches) holdings.add(one);
    holdings.letGo(40);
    deepEqual(resident(batches), [0, 1, 2, 3]);
    holdings.letGo(30);
    deepEqual(resident(batches), [1, 2, 3]);
    holdings.letGo(11);
    deepEqual(resident(batches), [1]);
    holdings.letGo(0);
    deepEqual([resident(batches), holdings.residentBytes, holdings.batchCount], [[1], 10, 4]);
  });

  test("what is kept no longer is counted no longer, whether it was in memory or not", () => {
    const holdings = new Holdings();
    const batches = [batch(0, 10), batch(1, 20), { ...batch(2, 40), bytes: undefined }];
    for (const one of batches) holdings.add(one);
    holdings.letGo(20);
    for (const one of batches) holdings.drop(one);
    deepEqual([holdings.residentBytes, holdings.batchCount], [0, 0]);
  });

  test("a topic that is trimmed for years leaves nothing behind", () => {
    const holdings = new Holdings();
    const kept: KeptBatch[] = [];
    for (let i = 0; i < 10_000; i++) {
      const added = batch(i, 10);
      holdings.add(added);
      kept.push(added);
      const oldest = kept.length > 5 ? kept.shift() : undefined;
      if (oldest !== undefined) holdings.drop(oldest);
      holdings.letGo(i % 7 === 0 ? 20 : 1000);
    }
    equal(holdings.batchCount, 5);
    ok(holdings.lineLength < 200, `${holdings.lineLength} entries for ${holdings.batchCount} batches`);
  });
});
