/** Any record of a topic or a group, for tests of their codecs. */
import fc from "fast-check";
import {
  encodeBatch,
  type GroupRecord,
  type OutgoingRecord,
  type TopicJournalRecord,
  type TopicSettings,
} from "../../src/topic/index.ts";
import { anyAttributes, anyBytes, count, record, wallMs } from "../queue/any-record.ts";

const bound = fc.oneof(fc.integer({ min: 1 }), fc.constant(Number.POSITIVE_INFINITY));

const settings: fc.Arbitrary<TopicSettings> = record({
  partitionCount: count,
  retention: fc.constantFrom("log", "live"),
  retentionMs: bound,
  retentionBytes: bound,
  durability: fc.constantFrom("synced", "buffered", "memory"),
});

const upTo = <Thing>(thing: fc.Arbitrary<Thing>) => fc.array(thing, { maxLength: 4 });
const key = fc.option(anyBytes, { nil: undefined });

/** What a batch can hold: in it a value is bytes when its type is binary, and text otherwise. */
export const anyOutgoing: fc.Arbitrary<OutgoingRecord> = record({
  key,
  attributes: anyAttributes,
  body: anyBytes,
});

const batch = fc
  .tuple(upTo(anyOutgoing), record({ partition: count, firstOffset: count }))
  .map(([records, place]) => ({ ...place, count: records.length, bytes: encodeBatch(records) }));

/** Bytes that are yet to be written, or a place in the journal. */
const restored = fc
  .tuple(batch, wallMs, fc.nat(1000))
  .map(([{ bytes, ...place }, publishedAtMs, position]) => ({
    ...place,
    publishedAtMs,
    position,
    bytes: position === 0 ? bytes : { byteLength: bytes.byteLength },
  }));

const range = {
  partition: count,
  file: record({ number: count, salt: count }),
  firstOffset: fc.nat(1000),
  endOffset: fc.integer({ min: 1001, max: 2 ** 40 }),
  byteLength: count,
  newestMs: wallMs,
};

const byKind: {
  readonly [Kind in TopicJournalRecord["kind"]]: fc.Arbitrary<
    Extract<TopicJournalRecord, { readonly kind: Kind }>
  >;
} = {
  configured: record({ kind: fc.constant("configured"), settings }),
  published: record({
    kind: fc.constant("published"),
    publishedAtMs: wallMs,
    turn: count,
    batches: upTo(batch),
  }),
  trimmed: record({
    kind: fc.constant("trimmed"),
    starts: upTo(record({ partition: count, startOffset: count })),
  }),
  relocated: record({
    kind: fc.constant("relocated"),
    batches: upTo(record({ partition: count, firstOffset: count, bytes: anyBytes })),
  }),
  archived: record({ kind: fc.constant("archived"), ...range }),
  "restored-archives": record({ kind: fc.constant("restored-archives"), ranges: upTo(record(range)) }),
  "restored-topic": record({
    kind: fc.constant("restored-topic"),
    settings,
    turn: count,
    partitions: upTo(record({ startOffset: count, endOffset: count })),
  }),
  "restored-batches": record({
    kind: fc.constant("restored-batches"),
    batches: upTo(restored),
  }),
};

export const anyTopicRecord: fc.Arbitrary<TopicJournalRecord> = fc.oneof(...Object.values(byKind));

const offsets = upTo(record({ topic: count, partition: count, offset: count }));

/** As they come back: a generation without its members. */
export const anyGroupRecord: fc.Arbitrary<GroupRecord> = fc.oneof(
  record({
    kind: fc.constant("generation-begun" as const),
    assignment: record({ generation: count, members: fc.constant(new Map()) }),
  }),
  record({ kind: fc.constant("offsets-committed" as const), offsets }),
  record({ kind: fc.constant("restored-group" as const), generation: count, offsets }),
);
