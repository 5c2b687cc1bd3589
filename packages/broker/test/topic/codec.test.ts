/** Topic and group records as bytes: what is written is read back, what is no record is said to be none, and the layout never changes. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type EncodedBody, noAttributes, type ReplayedBody } from "../../src/queue/index.ts";
import {
  decodeGroupRecord,
  decodeTopicRecord,
  defaultTopicSettings,
  encodeBatch,
  encodeGroupRecord,
  encodeTopicRecord,
  type GroupRecord,
  type TopicJournalRecord,
} from "../../src/topic/index.ts";
import { anyGroupRecord, anyTopicRecord } from "./any-record.ts";

const replayed = (bodies: readonly EncodedBody[]): ReplayedBody[] =>
  bodies.map((body) => (body instanceof Uint8Array ? { position: 0, bytes: body } : body));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

suite("topic records as bytes", () => {
  test("every record comes back as it was written", () => {
    const property = fc.property(anyTopicRecord, (record) => {
      const { type, head, bodies } = encodeTopicRecord(record);
      deepEqual(decodeTopicRecord(type, head, replayed(bodies)), { ok: true, record });
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("a record that was cut short, or has more bytes or bodies than it should, is malformed", () => {
    const property = fc.property(anyTopicRecord, fc.nat(), (record, at) => {
      const { type, head, bodies } = encodeTopicRecord(record);
      const cut = decodeTopicRecord(type, head.subarray(0, at % head.length), replayed(bodies));
      const longer = decodeTopicRecord(type, Uint8Array.of(...head, 0), replayed(bodies));
      const more = decodeTopicRecord(type, head, [...replayed(bodies), { position: 1 }]);
      for (const decoded of [cut, longer, more]) equal(decoded.ok ? "read" : decoded.problem, "malformed");
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("any bytes are a record or are not; reading them never throws", () => {
    const head = fc.uint8Array({ maxLength: 60 });
    const property = fc.property(
      fc.integer({ min: 60, max: 102 }),
      head,
      fc.nat(3),
      (type, bytes, bodyCount) => {
        const bodies = Array.from({ length: bodyCount }, () => ({ position: 1 }));
        const topic = decodeTopicRecord(type, bytes, bodies);
        if (!topic.ok) equal(topic.problem, type >= 64 && type <= 71 ? "malformed" : "unknown-type");
        const group = decodeGroupRecord(type, bytes);
        if (!group.ok) equal(group.problem, type >= 96 && type <= 98 ? "malformed" : "unknown-type");
      },
    );
    fc.assert(property, { numRuns: 3000 });
  });
});

test("group records come back as they were written, a generation without its members", () => {
  const property = fc.property(anyGroupRecord, (record) => {
    const { type, head } = encodeGroupRecord(record);
    deepEqual(decodeGroupRecord(type, head), { ok: true, record });
    equal(decodeGroupRecord(type, head.subarray(0, -1)).ok, false);
  });
  fc.assert(property, { numRuns: 300 });
});

/** Examples of every kind with their bytes, as version 1 wrote them. A difference here means that old journals cannot be read. */
const fixtures: readonly {
  readonly record: TopicJournalRecord | GroupRecord;
  readonly type: number;
  readonly head: string;
}[] = [
  {
    record: { kind: "configured", settings: { ...defaultTopicSettings, partitionCount: 300 } },
    type: 64,
    head: "ac0201000000004206c241000000000000f07f02",
  },
  {
    record: {
      kind: "published",
      publishedAtMs: 1767225600000,
      turn: 2,
      batches: [
        {
          partition: 1,
          firstOffset: 1000,
          count: 2,
          bytes: encodeBatch([
            {
              key: Uint8Array.of(97, 98),
              attributes: new Map([["ce_id", { type: "string", value: "é" }]]),
              body: Uint8Array.of(1, 2, 3),
            },
            { key: undefined, attributes: noAttributes, body: new Uint8Array(0) },
          ]),
        },
      ],
    },
    type: 65,
    head: "000080aa6db77942020101e807022d",
  },
  {
    record: {
      kind: "restored-topic",
      settings: {
        partitionCount: 2,
        retention: "live",
        retentionMs: Number.POSITIVE_INFINITY,
        retentionBytes: 1000,
        durability: "memory",
      },
      turn: 1,
      partitions: [
        { startOffset: 5, endOffset: 700 },
        { startOffset: 0, endOffset: 0 },
      ],
    },
    type: 66,
    head: "0200000000000000f07f0000000000408f4000010205bc050000",
  },
  {
    record: {
      kind: "restored-batches",
      batches: [
        {
          publishedAtMs: 1767225600000,
          partition: 0,
          firstOffset: 5,
          count: 1,
          bytes: { byteLength: 500 },
          position: 9,
        },
      ],
    },
    type: 67,
    head: "01000080aa6db77942000501f403",
  },
  {
    record: {
      kind: "trimmed",
      starts: [
        { partition: 1, startOffset: 1000 },
        { partition: 300, startOffset: 1 },
      ],
    },
    type: 68,
    head: "0201e807ac0201",
  },
  {
    record: {
      kind: "relocated",
      batches: [{ partition: 300, firstOffset: 1000, bytes: Uint8Array.of(1, 2, 3) }],
    },
    type: 71,
    head: "01ac02e80703",
  },
  {
    record: {
      kind: "generation-begun",
      assignment: { generation: 300, members: new Map() },
    },
    type: 96,
    head: "ac02",
  },
  {
    record: { kind: "offsets-committed", offsets: [{ topic: 3, partition: 1, offset: 1000 }] },
    type: 97,
    head: "010301e807",
  },
  {
    record: {
      kind: "restored-group",
      generation: 7,
      offsets: [
        { topic: 3, partition: 1, offset: 1000 },
        { topic: 4, partition: 0, offset: 0 },
      ],
    },
    type: 98,
    head: "07020301e807040000",
  },
];

suite("the layout is what it was", () => {
  for (const { record, type, head } of fixtures) {
    test(record.kind, () => {
      const isOfGroup =
        record.kind === "offsets-committed" ||
        record.kind === "generation-begun" ||
        record.kind === "restored-group";
      const encoded = isOfGroup ? encodeGroupRecord(record) : encodeTopicRecord(record);
      deepEqual({ type: encoded.type, head: hex(encoded.head) }, { type, head });
      const bytes = Buffer.from(head, "hex");
      const decoded = isOfGroup
        ? decodeGroupRecord(type, bytes)
        : decodeTopicRecord(type, bytes, replayed(encoded.bodies));
      deepEqual(decoded, { ok: true, record });
    });
  }
});
