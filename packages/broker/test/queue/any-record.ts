/** Any record of a queue, for tests of the codec: with the bodies as bytes or, where a record may, only by their place. */
import fc from "fast-check";
import {
  type Attribute,
  type Attributes,
  type Body,
  moveReasons,
  type QueueRecord,
  type QueueSettings,
} from "../../src/queue/index.ts";

/** Objects as a program writes them, with the prototype of objects. */
const record = <Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record(model, { noNullPrototype: true });

const number = fc.oneof(fc.nat(200), fc.maxSafeNat());
const wallMs = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const spanMs = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }));
const bytes = fc.uint8Array({ maxLength: 40 });
const sequence = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 50 }));
const sequences = fc.oneof(
  fc.array(sequence, { maxLength: 20 }),
  fc.tuple(sequence, fc.nat(50)).map(([from, length]) => Array.from({ length }, (_, i) => from + i)),
);

const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  record({ type: fc.constantFrom("string", "number.int"), value: fc.string({ unit: "grapheme" }) }),
  record({ type: fc.constant("binary"), value: bytes }),
);
export const anyAttributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(fc.oneof(fc.string(), fc.constant("__proto__")), attribute), { maxLength: 3 })
  .map((entries) => new Map(entries));

const settings: fc.Arbitrary<QueueSettings> = record({
  visibilityTimeoutMs: spanMs,
  deadLetter: fc.option(record({ queue: number, receiveCountMax: number }), { nil: undefined }),
  messageCountMax: number,
  bodyBytesMax: number,
  durability: fc.constantFrom("synced", "buffered", "memory"),
});

const reason = fc.constantFrom(...moveReasons);
const origin = {
  originQueue: number,
  originSequence: sequence,
  originEnqueuedAtMs: wallMs,
  receiveCount: number,
};

/** Bytes that are yet to be written, or a place in the journal. */
const placed: fc.Arbitrary<{ readonly body: Body; readonly bodyPosition: number }> = fc.oneof(
  bytes.map((body) => ({ body, bodyPosition: 0 })),
  fc
    .tuple(fc.nat(1000), fc.integer({ min: 1 }))
    .map(([byteLength, bodyPosition]) => ({ body: { byteLength }, bodyPosition })),
);

const moved = fc
  .tuple(record({ ...origin, attributes: anyAttributes }), placed)
  .map(([message, body]) => ({ ...message, ...body }));

const restored = fc
  .tuple(
    record({
      sequence,
      phase: fc.constantFrom("ready", "delayed", "in-flight"),
      dueWallMs: wallMs,
      remainingMs: spanMs,
      receiveCount: number,
      lease: number,
      enqueuedAtMs: wallMs,
      attributes: anyAttributes,
      provenance: fc.option(record({ reason, from: number, ...origin, movedAtMs: wallMs }), {
        nil: undefined,
      }),
    }),
    placed,
  )
  .map(([message, body]) => ({ ...message, ...body }));

const upTo = <Thing>(thing: fc.Arbitrary<Thing>) => fc.array(thing, { maxLength: 4 });

const byKind: {
  readonly [Kind in QueueRecord["kind"]]: fc.Arbitrary<Extract<QueueRecord, { readonly kind: Kind }>>;
} = {
  configured: record({ kind: fc.constant("configured"), settings }),
  sent: record({
    kind: fc.constant("sent"),
    firstSequence: sequence,
    enqueuedAtMs: wallMs,
    messages: upTo(record({ attributes: anyAttributes, body: bytes })),
  }),
  delivered: record({
    kind: fc.constant("delivered"),
    firstLease: number,
    sequences,
    deadlineWallMs: wallMs,
    timeoutMs: spanMs,
  }),
  acked: record({ kind: fc.constant("acked"), sequences }),
  returned: record({
    kind: fc.constant("returned"),
    sequences,
    counts: fc.boolean(),
    readyAtWallMs: wallMs,
    delayMs: spanMs,
  }),
  extended: record({
    kind: fc.constant("extended"),
    sequences,
    deadlineWallMs: wallMs,
    timeoutMs: spanMs,
  }),
  readied: record({ kind: fc.constant("readied"), sequences }),
  "moved-out": record({ kind: fc.constant("moved-out"), sequences, to: number, reason }),
  "moved-in": record({
    kind: fc.constant("moved-in"),
    from: number,
    reason,
    movedAtMs: wallMs,
    firstSequence: sequence,
    messages: upTo(moved),
  }),
  "restored-queue": record({
    kind: fc.constant("restored-queue"),
    settings,
    nextSequence: sequence,
    nextLease: number,
  }),
  "restored-messages": record({ kind: fc.constant("restored-messages"), messages: upTo(restored) }),
};

export const anyQueueRecord: fc.Arbitrary<QueueRecord> = fc.oneof(...Object.values(byKind));
