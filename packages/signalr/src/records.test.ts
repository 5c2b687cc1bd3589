/** However the bytes are cut on their way, the records are the same; what is no record is refused. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeRecord, RecordSplitter, type Split } from "./records.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Cuts `bytes` at the given places, in any order, repeats allowed. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
}

test("any cuts of any records give the records back, in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => ({ text }))),
      fc.array(fc.nat(5000)),
      (messages, places) => {
        const stream = Buffer.concat(messages.map(encodeRecord));
        const splitter = new RecordSplitter(4096);
        const seen = cut(stream, places).flatMap((chunk) => {
          const split = splitter.push(chunk);
          return split.ok ? split.records : [split.refusal];
        });
        deepEqual(
          seen.map((record) => JSON.parse(record)),
          messages,
        );
      },
    ),
  );
});

test("any bytes at all give records or a refusal, never more than was given", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      const splitter = new RecordSplitter(20);
      for (const chunk of chunks) {
        const split = splitter.push(chunk);
        if (!split.ok) return;
        for (const record of split.records) equal(bytesOf(record).length <= 20, true);
      }
    }),
  );
});

test("a record may have as many bytes as allowed and not one more, in one piece or in several", () => {
  const table: readonly [readonly string[], Split][] = [
    [["12345\x1e"], { ok: true, records: ["12345"] }],
    [["123", "45", "\x1e"], { ok: true, records: ["12345"] }],
    [["123456\x1e"], { ok: false, refusal: "record-too-large" }],
    [["12345", "6"], { ok: false, refusal: "record-too-large" }],
    [["12345\x1e123456"], { ok: false, refusal: "record-too-large" }],
    [["äö1\x1e"], { ok: true, records: ["äö1"] }],
    [["äö12\x1e"], { ok: false, refusal: "record-too-large" }],
    [["\x1e\x1e"], { ok: true, records: ["", ""] }],
  ];
  for (const [chunks, expected] of table) {
    const splitter = new RecordSplitter(5);
    const answers = chunks.map((chunk) => splitter.push(bytesOf(chunk)));
    deepEqual(answers.at(-1), expected, JSON.stringify(chunks));
  }
});

test("bytes that are not UTF-8 are refused", () => {
  deepEqual(new RecordSplitter(10).push(Uint8Array.of(0xc3, 0x28, 0x1e)), { ok: false, refusal: "not-utf8" });
});
