/** Arbitrary frames of the full protocol, each with the writer that makes its bytes: what the tests of the codec draw from. */
import fc from "fast-check";
import * as full from "../../src/full/index.ts";

/** One frame: how it is written, and what its decoder is to say. */
export interface Sample {
  readonly write: (to: full.FrameWriter) => void;
  readonly expected: unknown;
}

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0xffff_ffff));
const u64 = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
);
const ms = fc.nat(full.durationMsMax);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const text = fc.string({ unit: "binary", maxLength: 40 });
const name = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/), text);
const body = fc.uint8Array({ maxLength: 200 });
const durability = fc.constantFrom(...full.durabilities);
const id = fc.integer({ min: 1, max: 0xffff_ffff });

const attribute = fc.oneof(
  fc.record({ type: fc.constantFrom("string", "number", "number.int"), value: text }),
  fc.record({ type: fc.constantFrom("binary", "binary.png"), value: fc.uint8Array({ maxLength: 20 }) }),
);
const attributes: fc.Arbitrary<full.WireAttributes> = fc
  .array(fc.tuple(fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/), attribute), { maxLength: 4 })
  .map((pairs) => new Map(pairs));
const message = fc.record({ body, attributes });
const record = fc.record({ key: maybe(body), body, attributes });
const few = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 5 });
const receipt = fc.record({ sequence: u64, lease: u64 });
const messageId = fc.uint8Array({ minLength: 16, maxLength: 16 });
const refusal = fc.record({
  code: fc.constantFrom("stale-receipt", "queue-full"),
  sentence: text,
  retryAfterMs: u32,
});
const refusals: fc.Arbitrary<full.EntryRefusals> = few(fc.tuple(u32, refusal)).map((all) => new Map(all));
const partitions = few(fc.record({ topic: name, partition: u32 })).map(byTopic);
const offsets = few(fc.record({ topic: name, partition: u32, offset: u64 })).map(byTopic);
const place = fc.record({ partition: fc.nat(3), offset: fc.nat(20) });
const delivery = fc.record({
  sequence: u64,
  lease: u64,
  messageId,
  receiveCount: u32,
  enqueuedAtMs: u64,
  attributes,
  body,
});
const kept = fc.record({
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

const delivered = (one: full.OutgoingDelivery) => ({
  ...one,
  messageId: full.formatMessageId(one.messageId, 0),
});

/** What a lazy delivery or record says, as a plain object. */
export const seen = (frame: unknown): unknown => {
  if (frame instanceof full.WireDelivery) {
    const { sequence, lease, messageId, receiveCount, enqueuedAtMs, attributes, body } = frame;
    return { sequence, lease, messageId, receiveCount, enqueuedAtMs, attributes, body };
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

function sample<Frame extends object>(
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

const idAlone = fc.record({ id });

export const clientFrames: Readonly<Record<full.RequestVerb | "pong", fc.Arbitrary<Sample>>> = {
  hello: sample(
    "hello",
    fc.record({
      id,
      major: fc.constant(1),
      minor: u8,
      client: name,
      token: text,
      producer: name,
      heartbeatMs: u32,
      wants: few(name),
    }),
    full.writeHello,
  ),
  ping: sample("ping", idAlone, (to, frame) => full.writePing(to, frame.id)),
  pong: sample("pong", idAlone, (to, frame) => full.writePong(to, frame.id)),
  cancel: sample("cancel", idAlone, (to, frame) => full.writeCancel(to, frame.id)),
  send: sample(
    "send",
    fc.record({ id, queue: name, atomic: fc.boolean(), sequence: maybe(u64), messages: few(message) }),
    full.writeSend,
  ),
  receive: sample(
    "receive",
    fc.record({ id, queue: name, max: u16, bytesMax: u32, waitMs: u32, visibilityTimeoutMs: maybe(ms) }),
    full.writeReceive,
  ),
  subscribe: sample(
    "subscribe",
    fc.record({ id, queue: name, credit: u32, visibilityTimeoutMs: maybe(ms) }),
    full.writeSubscribe,
  ),
  credit: sample("credit", fc.record({ id, add: u32 }), full.writeCredit),
  ack: sample("ack", fc.record({ id, queue: name, receipts: few(receipt) }), full.writeAck),
  nack: sample(
    "nack",
    fc.record({ id, queue: name, delayMs: u32, counts: fc.boolean(), reason: text, receipts: few(receipt) }),
    full.writeNack,
  ),
  extend: sample(
    "extend",
    fc.record({ id, queue: name, visibilityTimeoutMs: u32, receipts: few(receipt) }),
    full.writeExtend,
  ),
  publish: sample(
    "publish",
    fc.record({ id, topic: name, sequence: maybe(u64), records: few(record) }),
    full.writePublish,
  ),
  fetch: sample(
    "fetch",
    fc.record({ id, topic: name, partition: u32, offset: u64, recordsMax: u32, bytesMax: u32, waitMs: u32 }),
    full.writeFetch,
  ),
  listen: sample(
    "listen",
    fc.record({
      id,
      topic: name,
      credit: u32,
      bufferCountMax: u32,
      overflow: fc.constantFrom(...full.overflows),
    }),
    full.writeListen,
  ),
  offsetAt: sample(
    "offsetAt",
    fc.record({ id, topic: name, partition: u32, timeMs: u64 }),
    full.writeOffsetAt,
  ),
  transact: sample(
    "transact",
    fc.record({
      id,
      sequence: maybe(u64),
      commit: maybe(fc.record({ group: name, generation: u64, offsets })),
      fence: maybe(
        fc.record({ group: name, generation: u64, topic: name, partition: u32, expectedOffset: u64 }),
      ),
      publishes: few(fc.record({ topic: name, records: few(record) })),
      sends: few(fc.record({ queue: name, messages: few(message) })),
    }),
    full.writeTransact,
  ),
  join: sample(
    "join",
    fc.record({
      id,
      group: name,
      member: name,
      sessionTimeoutMs: u32,
      rebalanceTimeoutMs: u32,
      topics: few(name),
    }),
    full.writeJoin,
  ),
  beat: sample("beat", idAlone, (to, frame) => full.writeBeat(to, frame.id)),
  release: sample("release", fc.record({ id, membership: u32, generation: u64 }), full.writeRelease),
  leave: sample("leave", fc.record({ id, membership: u32 }), full.writeLeave),
  commit: sample("commit", fc.record({ id, group: name, generation: u64, offsets }), full.writeCommit),
  committed: sample("committed", fc.record({ id, group: name, partitions }), full.writeCommitted),
  createQueue: sample(
    "createQueue",
    fc.record({
      id,
      queue: name,
      visibilityTimeoutMs: maybe(ms),
      deadLetter: maybe(fc.record({ queue: fc.stringMatching(/^[a-z]{1,9}$/), receiveCountMax: u32 })),
      messageCountMax: maybe(u64),
      bodyBytesMax: maybe(u64),
      durability: fc.constantFrom(undefined, "synced", "buffered", "memory"),
    }),
    full.writeCreateQueue,
  ),
  describeQueue: sample("describeQueue", fc.record({ id, queue: name }), full.writeDescribeQueue),
  createTopic: sample(
    "createTopic",
    fc.record({
      id,
      topic: name,
      partitionCount: maybe(ms),
      retention: fc.constantFrom(undefined, "log", "live"),
      durability: fc.constantFrom(undefined, "synced", "buffered", "memory"),
    }),
    full.writeCreateTopic,
  ),
  describeTopic: sample("describeTopic", fc.record({ id, topic: name }), full.writeDescribeTopic),
  list: sample(
    "list",
    fc.record({ id, what: fc.constantFrom("queues", "topics"), after: name, max: u32 }),
    full.writeList,
  ),
};

type AnswerName = Exclude<full.ServerFrame["verb"], "error" | "created"> | "createdQueue" | "createdTopic";

const settled = (verb: full.SettledAnswer["verb"]): fc.Arbitrary<Sample> =>
  sample(verb, fc.record({ id, durability, refusals }), (to, frame) =>
    full.writeSettled(to, { verb, ...frame }),
  );
const created = (verb: "createQueue" | "createTopic"): fc.Arbitrary<Sample> =>
  sample("created", fc.record({ id, created: fc.boolean() }), (to, frame) =>
    full.writeCreated(to, verb, frame),
  );

export const serverFrames: Readonly<Record<AnswerName, fc.Arbitrary<Sample>>> = {
  welcome: sample(
    "welcome",
    fc.record({
      id,
      major: u8,
      minor: u8,
      server: name,
      session: name,
      durability,
      heartbeatMs: u32,
      limits: fc.record({
        frameBytesMax: u32,
        bodyBytesMax: u32,
        batchBytesMax: u32,
        entryCountMax: u32,
        answerCountMax: u32,
        requestCountMax: u32,
        subscriptionCountMax: u32,
        creditMax: u32,
      }),
      features: few(name),
    }),
    full.writeWelcome,
  ),
  ping: clientFrames.ping,
  pong: clientFrames.pong,
  refused: sample(
    "refused",
    fc.tuple(id, refusal).map(([of, why]) => ({ id: of, ...why })),
    (to, frame) => full.writeRefused(to, frame.id, frame),
  ),
  sent: sample(
    "sent",
    fc.record({
      id,
      durability,
      ids: few(messageId).map((ids) => Uint8Array.from(ids.flatMap((one) => [...one]))),
      refusals,
    }),
    full.writeSent,
  ),
  received: sample(
    "received",
    fc.record({ id, deliveries: few(delivery) }),
    (to, frame) => full.writeReceived(to, frame.id, frame.deliveries),
    (frame) => ({ id: frame.id, deliveries: frame.deliveries.map(delivered) }),
  ),
  subscribed: sample("subscribed", idAlone, (to, frame) => full.writeSubscribed(to, frame.id)),
  acked: settled("acked"),
  nacked: settled("nacked"),
  extended: settled("extended"),
  published: sample("published", fc.record({ id, durability, places: few(place) }), full.writePublished),
  fetched: sample(
    "fetched",
    fc.record({ id, startOffset: u64, endOffset: u64, records: few(kept) }),
    (to, { records, ...frame }) =>
      full.writeFetched(to, { ...frame, fromOffset: 0, recordsMax: 1_000, batches: full.batchesOf(records) }),
  ),
  listening: sample("listening", idAlone, (to, frame) => full.writeListening(to, frame.id)),
  offset: sample("offset", fc.record({ id, offset: u64 }), full.writeOffset),
  transacted: sample(
    "transacted",
    fc.record({ id, durability, places: few(few(place)) }),
    full.writeTransacted,
  ),
  joined: sample("joined", idAlone, (to, frame) => full.writeJoined(to, frame.id)),
  released: sample("released", idAlone, (to, frame) => full.writeReleased(to, frame.id)),
  left: sample("left", idAlone, (to, frame) => full.writeLeft(to, frame.id)),
  offsetsCommitted: sample("offsetsCommitted", fc.record({ id, durability }), (to, frame) =>
    full.writeOffsetsCommitted(to, frame.id, frame.durability),
  ),
  committedOffsets: sample("committedOffsets", fc.record({ id, offsets }), (to, frame) =>
    full.writeCommittedOffsets(to, frame.id, frame.offsets),
  ),
  createdQueue: created("createQueue"),
  createdTopic: created("createTopic"),
  queue: sample(
    "queue",
    fc.record({
      id,
      visibilityTimeoutMs: u32,
      deadLetter: maybe(fc.record({ queue: fc.stringMatching(/^[a-z]{1,9}$/), receiveCountMax: u32 })),
      messageCountMax: u64,
      bodyBytesMax: u64,
      durability,
      ready: u64,
      delayed: u64,
      inFlight: u64,
      bodyBytes: u64,
    }),
    full.writeQueue,
  ),
  topic: sample(
    "topic",
    fc.record({
      id,
      retention: fc.constantFrom("log", "live"),
      durability,
      liveSubscribers: u32,
      partitions: few(fc.record({ startOffset: u64, endOffset: u64 })),
    }),
    full.writeTopic,
  ),
  names: sample("names", fc.record({ id, more: fc.boolean(), names: few(name) }), full.writeNames),
  deliver: sample(
    "deliver",
    fc.record({ id, deliveries: few(delivery) }),
    (to, frame) => full.writeDeliver(to, frame.id, frame.deliveries),
    (frame) => ({ id: frame.id, deliveries: frame.deliveries.map(delivered) }),
  ),
  records: sample("records", fc.record({ id, dropped: u64, records: few(kept) }), (to, frame) =>
    full.writeRecords(to, frame.id, frame.dropped, full.batchesOf(frame.records)),
  ),
  ended: sample("ended", fc.record({ id, code: fc.constant("cancelled"), sentence: text }), full.writeEnded),
  assigned: sample("assigned", fc.record({ id, generation: u64, partitions }), full.writeAssigned),
  revoked: sample(
    "revoked",
    fc.record({ id, generation: u64, deadlineMs: u32, partitions }),
    full.writeRevoked,
  ),
  goaway: sample(
    "goaway",
    fc.record({
      id: fc.constant(0 as const),
      code: fc.constant("draining"),
      sentence: text,
      reconnectAfterMs: u32,
    }),
    full.writeGoaway,
  ),
};

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
