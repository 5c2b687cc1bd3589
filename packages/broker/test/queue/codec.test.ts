/** Queue records as bytes: what is written is read back, what is no record is said to be none, and the layout never changes. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  decodeQueueRecord,
  type EncodedBody,
  encodeQueueRecord,
  type QueueRecord,
  type ReplayedBody,
} from "../../src/queue/index.ts";
import { types } from "../../src/queue/record-types.ts";
import { anyQueueRecord } from "./any-record.ts";
import { firstFixtures } from "./first-fixtures.ts";
import { fixtures } from "./fixtures.ts";

/** What the journal hands back for what it was given. A body that it was given no place for gets place 0, as in memory. */
const replayed = (bodies: readonly EncodedBody[]): ReplayedBody[] =>
  bodies.map((body) => (body instanceof Uint8Array ? { position: 0, bytes: body } : body));

suite("queue records as bytes", () => {
  test("every record comes back as it was written", () => {
    const property = fc.property(anyQueueRecord, (record) => {
      const { type, head, bodies } = encodeQueueRecord(record);
      deepEqual(decodeQueueRecord(type, head, replayed(bodies)), { ok: true, record });
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test("bodies that stay on disk come back by their length", () => {
    const record: QueueRecord = {
      kind: "sent",
      firstSequence: 1,
      enqueuedAtMs: 0,
      messages: [{ body: new Uint8Array(300), attributes: new Map() }],
    };
    const { type, head } = encodeQueueRecord(record);
    const decoded = decodeQueueRecord(type, head, [{ position: 9 }]);
    ok(decoded.ok && decoded.record.kind === "sent");
    deepEqual(decoded.record.messages, [{ body: { byteLength: 300 }, attributes: new Map() }]);
  });

  test("a record that was cut short, or has more bytes or bodies than it should, is malformed", () => {
    const property = fc.property(anyQueueRecord, fc.nat(), (record, at) => {
      const { type, head, bodies } = encodeQueueRecord(record);
      const cut = decodeQueueRecord(type, head.subarray(0, at % head.length), replayed(bodies));
      const longer = decodeQueueRecord(type, Uint8Array.of(...head, 0), replayed(bodies));
      const more = decodeQueueRecord(type, head, [...replayed(bodies), { position: 1 }]);
      // A record without a head cannot be cut.
      const broken = head.length === 0 ? [longer, more] : [cut, longer, more];
      for (const decoded of broken) equal(decoded.ok ? "read" : decoded.problem, "malformed");
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("any bytes are a record or are not; reading them never throws and never takes long", () => {
    const head = fc.uint8Array({ maxLength: 60 });
    const property = fc.property(
      fc.integer({ min: 0, max: 255 }),
      head,
      fc.nat(3),
      (type, bytes, bodyCount) => {
        const bodies = Array.from({ length: bodyCount }, () => ({ position: 1 }));
        const decoded = decodeQueueRecord(type, bytes, bodies);
        if (!decoded.ok && type > 29) equal(decoded.problem, "unknown-type");
      },
    );
    fc.assert(property, { numRuns: 3000 });
  });

  const varints = {
    large: [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    unsafe: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  };
  const time = [0, 0, 0, 0, 0, 0, 0, 0];
  const excessive: readonly (readonly [string, number, readonly number[]])[] = [
    ["more sequences in a run than memory holds", 4, [1, 2, ...varints.large]],
    ["more runs of sequences than there are bytes", 4, [...varints.large, 2, 0]],
    ["more attributes than there are bytes", 2, [1, ...time, 1, 0, ...varints.large, 0]],
    ["more messages than there are bodies", 2, [1, ...time, ...varints.large, 0, 0]],
    ["a number that is not exact", 10, [...time, 0, 1, 1, 2, ...varints.unsafe, 1]],
    ["a number that does not end", 10, [...time, 0, 1, 1, 2, ...varints.unsafe.map(() => 0xff), 1]],
  ];
  for (const [name, type, head] of excessive) {
    test(`a few bytes cannot ask for ${name}`, () => {
      const decoded = decodeQueueRecord(type, Uint8Array.from(head), type === 2 ? [{ position: 1 }] : []);
      equal(decoded.ok ? "read" : decoded.problem, "malformed");
    });
  }

  test("a type of another time is said to be unknown", () => {
    const decoded = decodeQueueRecord(60, new Uint8Array(0), []);
    equal(decoded.ok ? "read" : decoded.detail, "A queue record of type 60 is none that this version knows.");
  });

  for (const { record, type, hex } of fixtures) {
    test(`the layout of ${record.kind}, type ${type}, is what it was`, () => {
      const { head, bodies, ...encoded } = encodeQueueRecord(record);
      deepEqual({ ...encoded, hex: Buffer.from(head).toString("hex") }, { type, hex });
      deepEqual(decodeQueueRecord(type, Buffer.from(hex, "hex"), replayed(bodies)), { ok: true, record });
    });
  }

  for (const { record, type, hex } of firstFixtures) {
    test(`${record.kind} is still read as the first version wrote it, type ${type}`, () => {
      const { bodies } = encodeQueueRecord(record);
      deepEqual(decodeQueueRecord(type, Buffer.from(hex, "hex"), replayed(bodies)), { ok: true, record });
    });
  }

  test("every type number from 1 on has its fixture", () => {
    const numbers = [...fixtures, ...firstFixtures].map(({ type }) => type).sort((a, b) => a - b);
    deepEqual(
      numbers,
      Array.from({ length: 29 }, (_, i) => i + 1),
    );
  });

  test("docs/queue.md shows the layouts that the code names", () => {
    const source = readFileSync(new URL("../../src/queue/record-types.ts", import.meta.url), "utf8");
    const layouts = [...source.matchAll(/^ \*\s+(\d+) (\S+)[ \t]*(.*)$/gm)].map(
      ([, type, kind, head = ""]) => {
        const layout = head.replace(/\s*count bodies$/, "").replaceAll(/\s+/g, " ");
        return [type, kind, layout === "" ? "-" : layout];
      },
    );
    const docs = readFileSync(new URL("../../../../docs/queue.md", import.meta.url), "utf8");
    const rows = [...docs.matchAll(/^\| (\d+) \| (\S+) \| .* \| (.*) \|$/gm)];
    deepEqual(
      rows.map(([, type, kind, head]) => [type, kind, head]),
      layouts,
    );
    const written = Object.entries(types).map(([kind, type]) => [`${type}`, kind]);
    for (const [type, kind] of written)
      ok(layouts.some(([number, name]) => number === type && name === kind));
  });
});
