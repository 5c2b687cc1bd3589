/** Any record of a queue, for tests of the codec: with the bodies as bytes or, where a record may, only by their place. */
import fc from "fast-check";
import {
  type Attribute,
  type Attributes,
  type Body,
  type DeadLetterReason,
  dropReasons,
  type MessageOptions,
  moveReasons,
  type QueueRecord,
  type QueueSettings,
  type RedriveFacts,
} from "../../src/queue/index.ts";
import {
  type RestoredMessage,
  type RestoredRarities,
  restoredPhases,
  type SentMessage,
} from "../../src/queue/records.ts";

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

const open = fc.constant(Number.POSITIVE_INFINITY);

const settings: fc.Arbitrary<QueueSettings> = record({
  visibilityTimeoutMs: spanMs,
  delayMs: spanMs,
  timeToLiveMs: fc.oneof(spanMs, open),
  onExpiry: fc.constantFrom("drop", "dead-letter"),
  retry: record({ minDelayMs: spanMs, maxDelayMs: spanMs, factor: spanMs, jitter: spanMs }),
  deadLetter: fc.option(record({ queue: count, receiveCountMax: count }), { nil: undefined }),
  parkAfterReceives: fc.oneof(count, open),
  priorityAgingMs: spanMs,
  deduplication: fc.constantFrom("by-id", "by-content"),
  deduplicationWindowMs: spanMs,
  inFlightMax: fc.oneof(count, open),
  startsPerSecondMax: fc.oneof(spanMs, open),
  messageCountMax: count,
  bodyBytesMax: count,
  overflow: fc.constantFrom("refuse", "drop-oldest"),
  durability: fc.constantFrom("synced", "buffered", "memory"),
});

const reason = fc.constantFrom(...moveReasons);
const deadLetterReason: fc.Arbitrary<DeadLetterReason> = fc.constantFrom("max-receives", "expired");
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const priority = fc.nat(9);
const groupId = fc.option(text, { nil: undefined });

/** Never plain all through: a message with plain options is written as one without. */
const options: fc.Arbitrary<MessageOptions> = record({
  delayMs: spanMs,
  timeToLiveMs: fc.oneof(spanMs, open),
  priority: fc.integer({ min: 1, max: 9 }),
  groupId,
  deduplicationId: fc.option(text, { nil: undefined }),
});
const sentMessage: fc.Arbitrary<SentMessage> = fc
  .tuple(anyAttributes, anyBytes, fc.option(options, { nil: undefined }))
  .map(([attributes, body, given]) => ({
    attributes,
    body,
    ...(given !== undefined && { options: given }),
  }));

const redrive: fc.Arbitrary<RedriveFacts> = record({
  task: count,
  to: fc.option(count, { nil: undefined }),
  perSecondMax: fc.oneof(spanMs, open),
  beforeSequence: sequence,
  total: count,
  moved: count,
  startedAtWallMs: wallMs,
  endedAtWallMs: wallMs,
  status: fc.constantFrom("running", "done", "cancelled"),
});

const origin = {
  originQueue: count,
  originSequence: sequence,
  originEnqueuedAtMs: wallMs,
  receiveCount: count,
  lastError: text,
};

/** Bytes that are yet to be written, or a place in the journal. */
export const anyPlacedBody: fc.Arbitrary<{ readonly body: Body; readonly bodyPosition: number }> = fc.oneof(
  anyBytes.map((body) => ({ body, bodyPosition: 0 })),
  fc
    .tuple(fc.nat(1000), fc.integer({ min: 1 }))
    .map(([byteLength, bodyPosition]) => ({ body: { byteLength }, bodyPosition })),
);

const moved = fc
  .tuple(record({ ...origin, priority, groupId, attributes: anyAttributes }), anyPlacedBody)
  .map(([message, body]) => ({ ...message, ...body }));

const rare: fc.Arbitrary<RestoredRarities> = fc
  .tuple(
    record({
      priority,
      groupId,
      availableAtWallMs: wallMs,
      timeToLiveMs: fc.oneof(spanMs, open),
      expiresAtWallMs: fc.oneof(wallMs, open),
      expiresInMs: fc.oneof(spanMs, open),
      lastError: text,
      place: spanMs,
    }),
    fc.option(record({ parkedReason: deadLetterReason, parkedAtWallMs: wallMs }), {
      nil: { parkedReason: undefined, parkedAtWallMs: 0 },
    }),
  )
  .map(([own, parked]) => ({ ...own, ...parked }));

const restored: fc.Arbitrary<RestoredMessage> = fc
  .tuple(
    record({
      sequence,
      phase: fc.constantFrom(...restoredPhases),
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
    fc.option(rare, { nil: undefined }),
  )
  .map(([message, body, own]) => ({ ...message, ...body, ...(own !== undefined && { rare: own }) }));

const upTo = <Thing>(thing: fc.Arbitrary<Thing>) => fc.array(thing, { maxLength: 4 });

const byKind: {
  readonly [Kind in QueueRecord["kind"]]: fc.Arbitrary<Extract<QueueRecord, { readonly kind: Kind }>>;
} = {
  configured: record({ kind: fc.constant("configured"), settings }),
  sent: record({
    kind: fc.constant("sent"),
    firstSequence: sequence,
    enqueuedAtMs: wallMs,
    messages: upTo(sentMessage),
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
  retried: record({
    kind: fc.constant("retried"),
    atWallMs: wallMs,
    entries: upTo(record({ sequence, delayMs: spanMs })),
    lastError: text,
  }),
  rescheduled: record({
    kind: fc.constant("rescheduled"),
    sequences,
    readyAtWallMs: wallMs,
    delayMs: spanMs,
  }),
  parked: record({
    kind: fc.constant("parked"),
    sequences,
    reason: deadLetterReason,
    atWallMs: wallMs,
    lastError: text,
  }),
  unparked: record({ kind: fc.constant("unparked"), sequences }),
  dropped: record({ kind: fc.constant("dropped"), sequences, reason: fc.constantFrom(...dropReasons) }),
  purged: record({ kind: fc.constant("purged") }),
  paused: record({ kind: fc.constant("paused"), paused: fc.boolean() }),
  forgotten: record({ kind: fc.constant("forgotten"), throughSequence: sequence }),
  "redrive-started": record({ kind: fc.constant("redrive-started"), task: redrive }),
  "redrive-advanced": record({
    kind: fc.constant("redrive-advanced"),
    moved: count,
    atWallMs: wallMs,
    delayMs: spanMs,
  }),
  "redrive-ended": record({
    kind: fc.constant("redrive-ended"),
    status: fc.constantFrom("done", "cancelled"),
    atWallMs: wallMs,
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
    paused: fc.boolean(),
    redrives: upTo(redrive),
  }),
  "restored-deduplication": record({
    kind: fc.constant("restored-deduplication"),
    entries: upTo(record({ id: text, sequence, atWallMs: wallMs })),
  }),
  "restored-messages": record({ kind: fc.constant("restored-messages"), messages: upTo(restored) }),
};

export const anyQueueRecord: fc.Arbitrary<QueueRecord> = fc.oneof(...Object.values(byKind));
