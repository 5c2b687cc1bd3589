/** Arbitrary fields of frames, and how a frame is written and looked at: what the tests of the codec draw from. */
import fc from "fast-check";
import * as full from "../../src/full/index.ts";

/** One frame: how it is written, and what its decoder is to say. */
export interface Sample {
  readonly write: (to: full.FrameWriter) => void;
  readonly expected: unknown;
}

export const u8 = fc.nat(0xff);
export const u16 = fc.nat(0xffff);
export const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0xffff_ffff));
export const u64 = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
);
/** Of a retention: the largest number of the wire stands for Infinity. */
export const bound = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
export const ms = fc.nat(full.durationMsMax);
export const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined });
export const text = fc.string({ unit: "binary", maxLength: 40 });
export const name = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/), text);
export const body = fc.uint8Array({ maxLength: 200 });
export const durability = fc.constantFrom(...full.durabilities);
export const id = fc.integer({ min: 1, max: 0xffff_ffff });

const attribute = fc.oneof(
  fc.record({ type: fc.constantFrom("string", "number", "number.int"), value: text }),
  fc.record({ type: fc.constantFrom("binary", "binary.png"), value: fc.uint8Array({ maxLength: 20 }) }),
);
export const attributes: fc.Arbitrary<full.WireAttributes> = fc
  .array(fc.tuple(fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/), attribute), { maxLength: 4 })
  .map((pairs) => new Map(pairs));
export const message = fc.oneof(
  fc.record({ body, attributes }),
  fc
    .record({
      body,
      attributes,
      delayMs: maybe(u64),
      timeToLiveMs: maybe(bound),
      priority: maybe(u8),
      groupId: maybe(text),
      deduplicationId: maybe(text),
    })
    .filter(({ body: _, attributes: __, ...options }) =>
      Object.values(options).some((one) => one !== undefined),
    ),
);
export const record = fc.record({ key: maybe(body), body, attributes });
export const few = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 5 });
export const receipt = fc.record({ sequence: u64, lease: u64 });
export const messageId = fc.uint8Array({ minLength: 16, maxLength: 16 });
export const messageIds = few(messageId).map((ids) => Uint8Array.from(ids.flatMap((one) => [...one])));
const movedFrom = fc.record({
  reason: fc.constantFrom(...full.moveReasons),
  queue: name,
  originQueue: name,
  receiveCount: u32,
  movedAtMs: u64,
  lastError: text,
});
const traits = { priority: fc.nat(9), groupId: maybe(text), movedFrom: maybe(movedFrom) };
export const refusal = fc.record({
  code: fc.constantFrom("stale-receipt", "queue-full"),
  sentence: text,
  retryAfterMs: u32,
});
export const refusals: fc.Arbitrary<full.EntryRefusals> = few(fc.tuple(u32, refusal)).map(
  (all) => new Map(all),
);
export const partitions = few(fc.record({ topic: name, partition: u32 })).map(byTopic);
export const offsets = few(fc.record({ topic: name, partition: u32, offset: u64 })).map(byTopic);
export const place = fc.record({ partition: fc.nat(3), offset: fc.nat(20) });
export const delivery = fc.record({
  sequence: u64,
  lease: u64,
  messageId,
  receiveCount: u32,
  enqueuedAtMs: u64,
  attributes,
  body,
  ...traits,
});
export const kept = fc.record({
  partition: u32,
  offset: u64,
  publishedAtMs: u64,
  key: maybe(body),
  attributes,
  body,
});

/** Partitions of one topic stand together on the wire. */
function byTopic<Place extends { readonly topic: string }>(places: readonly Place[]): readonly Place[] {
  return [...Map.groupBy(places, (one) => one.topic).values()].flat();
}

export const delivered = (one: full.OutgoingDelivery) => ({
  ...one,
  messageId: full.formatMessageId(one.messageId, 0),
});

/** What a lazy delivery or record says, as a plain object. */
export const seen = (frame: unknown): unknown => {
  if (frame instanceof full.WireDelivery) {
    const { sequence, lease, messageId, receiveCount, enqueuedAtMs, attributes, body } = frame;
    const { priority, groupId, movedFrom } = frame;
    const said = { sequence, lease, messageId, receiveCount, enqueuedAtMs, attributes, body };
    return { ...said, priority, groupId, movedFrom };
  }
  if (frame instanceof full.WireRecord) {
    const { partition, offset, publishedAtMs, key, attributes, body } = frame;
    return { partition, offset, publishedAtMs, key, attributes, body };
  }
  if (Array.isArray(frame)) return frame.map(seen);
  if (frame instanceof Map) return new Map([...frame].map(([key, value]) => [key, seen(value)]));
  if (frame === null || typeof frame !== "object" || frame instanceof Uint8Array) return frame;
  return Object.fromEntries(Object.entries(frame).map(([key, value]) => [key, seen(value)]));
};

export function sample<Frame extends object>(
  verb: string,
  fields: fc.Arbitrary<Frame>,
  write: (to: full.FrameWriter, frame: Frame) => void,
  expected: (frame: Frame) => object = (frame) => frame,
): fc.Arbitrary<Sample> {
  return fields.map((frame) => ({
    write: (to) => write(to, frame),
    expected: { verb, ...expected(frame) },
  }));
}

/** The frames of one writer as one piece. */
export function joined(blocks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(blocks));
}

/** The payload of one frame. */
export function payloadOf(write: (to: full.FrameWriter) => void): Uint8Array {
  const to = new full.FrameWriter();
  write(to);
  return joined(to.take()).subarray(4);
}

/** A number of a setting: fractions, and Infinity for a bound that is left open. */
const measure = fc.oneof(fc.nat(), fc.double({ noNaN: true, min: 0 }), fc.constant(Number.POSITIVE_INFINITY));
const retry = { minDelayMs: measure, maxDelayMs: measure, factor: measure, jitter: measure };
const deadLetter = fc.record({ queue: fc.stringMatching(/^[a-z]{1,9}$/), receiveCountMax: u32 });
const settings = {
  visibilityTimeoutMs: measure,
  delayMs: measure,
  timeToLiveMs: measure,
  onExpiry: fc.constantFrom("drop" as const, "dead-letter" as const),
  parkAfterReceives: measure,
  priorityAgingMs: measure,
  deduplication: fc.constantFrom("by-id" as const, "by-content" as const),
  deduplicationWindowMs: measure,
  inFlightMax: measure,
  startsPerSecondMax: measure,
  messageCountMax: measure,
  bodyBytesMax: measure,
  overflow: fc.constantFrom("refuse" as const, "drop-oldest" as const),
};
export const allSettings = { ...settings, retry: fc.record(retry), deadLetter: maybe(deadLetter) };
export const someSettings: fc.Arbitrary<full.WireSettingsPatch> = fc.record(
  {
    ...settings,
    durability: fc.constantFrom("synced" as const, "buffered" as const, "memory" as const),
    retry: fc.record(retry, { requiredKeys: [] }).filter((some) => Object.keys(some).length > 0),
    deadLetter: fc.option(deadLetter),
  },
  { requiredKeys: [] },
);

export const redrive = fc.record({
  redrive: u64,
  to: maybe(name),
  perSecondMax: maybe(fc.double({ noNaN: true, noDefaultInfinity: true })),
  status: fc.constantFrom("running" as const, "done" as const, "cancelled" as const),
  total: u64,
  moved: u64,
  startedAtMs: u64,
  endedAtMs: maybe(u64),
});

export const seenMessage = fc.record({
  messageId: messageId.map((bytes) => full.formatMessageId(bytes, 0)),
  state: fc.constantFrom(...full.messageStates),
  dueAtMs: maybe(u64),
  expiresAtMs: maybe(u64),
  body,
  attributes,
  receiveCount: u32,
  enqueuedAtMs: u64,
  lastError: text,
  parked: maybe(
    fc.record({ reason: fc.constantFrom("max-receives" as const, "expired" as const), atMs: u64 }),
  ),
  ...traits,
});

export const idAlone = fc.record({ id });
