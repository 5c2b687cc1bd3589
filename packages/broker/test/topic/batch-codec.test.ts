/** Batches as bytes: what is written is read back from any record on, and bytes that are no batch are said to be none. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { noAttributes } from "../../src/queue/index.ts";
import { decodeBatch, encodeBatch } from "../../src/topic/index.ts";
import { anyOutgoing } from "./any-record.ts";

const records = fc.array(anyOutgoing, { maxLength: 8 });

suite("batches of records", () => {
  test("every batch comes back as it was written, whole or from any record on", () => {
    const property = fc.property(records, fc.nat(9), fc.nat(9), (given, skip, max) => {
      const bytes = encodeBatch(given);
      deepEqual(decodeBatch(bytes), given);
      deepEqual(decodeBatch(bytes, skip, max), given.slice(skip, skip + max));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("what was cut short, or has more bytes than it should, is no batch", () => {
    const property = fc.property(records, fc.nat(), (given, at) => {
      const bytes = encodeBatch(given);
      equal(decodeBatch(bytes.subarray(0, at % bytes.length)), undefined);
      equal(decodeBatch(Uint8Array.of(...bytes, 0)), undefined);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("any bytes are a batch or are not; reading them never throws and never takes long", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (rest, few) => {
      const decoded = decodeBatch(few ? Uint8Array.of(0, 0, 0, 2, ...rest) : rest);
      ok(decoded === undefined || decoded.length * 5 <= rest.length);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  test("keys and bodies lie in the batch itself, also in one that is a part of a larger buffer", () => {
    const given = [{ key: Uint8Array.of(1), body: Uint8Array.of(2, 3), attributes: noAttributes }];
    const larger = Buffer.concat([Buffer.alloc(7), encodeBatch(given)]);
    const decoded = decodeBatch(larger.subarray(7));
    deepEqual(decoded, given);
    equal(decoded?.[0]?.body.buffer, larger.buffer);
  });

  test("the layout is what it was", () => {
    const bytes = encodeBatch([
      {
        key: Uint8Array.of(97, 98),
        attributes: new Map([
          ["ce_id", { type: "string", value: "é" }],
          ["b", { type: "binary.x", value: Uint8Array.of(255) }],
        ]),
        body: Uint8Array.of(1, 2, 3),
      },
      { key: undefined, attributes: noAttributes, body: new Uint8Array(0) },
      { key: new Uint8Array(0), attributes: noAttributes, body: Uint8Array.of(9) },
    ]);
    const [count, first, second, third] = [
      "00000003",
      "03 00000002 6162 02 0005 63655f6964 0006 737472696e67 00000002 c3a9 0001 62 0008 62696e6172792e78 00000001 ff 00000003 010203",
      "00 00000000",
      "02 00000000 00000001 09",
    ];
    equal(Buffer.from(bytes).toString("hex"), `${count}${first}${second}${third}`.replaceAll(" ", ""));
  });
});
