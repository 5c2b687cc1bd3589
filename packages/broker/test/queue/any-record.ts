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
export const record = <Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record(model, { noNullPrototype: true });

export const count = fc.oneof(fc.nat(200), fc.maxSafeNat());
export const wallMs = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const spanMs = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }));
export const anyBytes = fc.uint8Array({ maxLength: 40 });
const sequence = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 50 }));
const sequences = fc.oneof(
  fc.array(sequence, { maxLength: 20 }),
  fc.tuple(sequence, fc.nat(50)).map(([from, length]) => Array.from({ length }, (_, i) => from + i)),
);

const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  record({ type: fc.constantFrom("string", "number.int"), value: fc.string({ unit: "grapheme" }) }),
  record({ type: fc.constant("binary"), value: anyBytes }),
);
export const anyAttributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(fc.oneof(fc.string(), fc.constant("__proto__")), attribute), { maxLength: 3 })
  .map((entries) => new Map(entries));

const settings: fc.Arbitrary<QueueSettings> = record({
  visibilityTimeoutMs: spanMs,
  deadLetter: fc.option(record({ queue: count, receiveCountMax: count }), { nil: undefined }),
  messageCountMax: count,
  bodyBytesMax: count,
  durability: fc.constantFrom("synced", "buffered", "memory"),
});

const reason = fc.constantFrom(...moveReasons);
const origin = {
  originQueue: count,
  originSequence: sequence,
  originEnqueuedAtMs: wallMs,
  receiveCount: count,
};

/** Bytes that are yet to be written, or a place in the journal. */
export const anyPlacedBody: fc.Arbitrary<{ readonly body: Body; readonly bodyPosition: number }> = fc.oneof(
  anyBytes.map((body) => ({ body, bodyPosition: 0 })),
  fc
    .tuple(fc.nat(1000), fc.integer({ min: 1 }))
    .map(([byteLength, bodyPosition]) => ({ body: { byteLength }, bodyPosition })),
);

const moved = fc
  .tuple(record({ ...origin, attributes: anyAttributes }), anyPlacedBody)
  .map(([message, body]) => ({ ...message, ...body }));

const restored = fc
  .tuple(
    record({
      sequence,
      phase: fc.constantFrom("ready", "delayed", "in-flight"),
      dueWallMs: wallMs,
      remainingMs: spanMs,
      receiveCount: count,
      lease: count,
      enqueuedAtMs: wallMs,
      attributes: anyAttributes,
      provenance: fc.option(record({ reason, from: count, ...origin, movedAtMs: wallMs }), {
        nil: undefined,
      }),
    }),
    anyPlacedBody,
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
    messages: upTo(record({ attributes: anyAttributes, body: anyBytes })),
  }),
  delivered: record({
    kind: fc.constant("delivered"),
    firstLease: count,
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
  "moved-out": record({ kind: fc.constant("moved-out"), sequences, to: count, reason }),
  "moved-in": record({
    kind: fc.constant("moved-in"),
    from: count,
    reason,
    movedAtMs: wallMs,
    firstSequence: sequence,
    messages: upTo(moved),
  }),
  relocated: record({
    kind: fc.constant("relocated"),
    messages: upTo(record({ sequence, body: anyBytes })),
  }),
  "restored-queue": record({
    kind: fc.constant("restored-queue"),
    settings,
    nextSequence: sequence,
    nextLease: count,
  }),
  "restored-messages": record({ kind: fc.constant("restored-messages"), messages: upTo(restored) }),
};

export const anyQueueRecord: fc.Arbitrary<QueueRecord> = fc.oneof(...Object.values(byKind));
