/** An arbitrary frame of each verb that a server can say. */
import fc from "fast-check";
import * as full from "../../src/full/index.ts";
import {
  allSettings,
  bound,
  delivered,
  delivery,
  durability,
  few,
  id,
  idAlone,
  kept,
  maybe,
  messageIds,
  name,
  offsets,
  partitions,
  place,
  redrive,
  refusal,
  refusals,
  type Sample,
  sample,
  seenMessage,
  text,
  u8,
  u32,
  u64,
} from "./any-field.ts";
import { clientFrames } from "./client-frames.ts";

type AnswerName =
  | Exclude<full.ServerFrame["verb"], "error" | "created" | "changed">
  | "createdQueue"
  | "createdTopic"
  | `changed by ${full.Change}`;

const settled = (verb: full.SettledAnswer["verb"]): fc.Arbitrary<Sample> =>
  sample(verb, fc.record({ id, durability, refusals }), (to, frame) =>
    full.writeSettled(to, { verb, ...frame }),
  );
const created = (verb: "createQueue" | "createTopic"): fc.Arbitrary<Sample> =>
  sample("created", fc.record({ id, created: fc.boolean() }), (to, frame) =>
    full.writeCreated(to, verb, frame),
  );

const changed = Object.fromEntries(
  full.changes.map((verb) => [
    `changed by ${verb}` as const,
    sample("changed", fc.record({ id, durability }), (to, frame) => full.writeChanged(to, verb, frame)),
  ]),
) as Readonly<Record<`changed by ${full.Change}`, fc.Arbitrary<Sample>>>;

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
      ids: messageIds,
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
    fc.record({ id, durability, places: few(few(place)), ids: few(messageIds) }),
    full.writeTransacted,
  ),
  ...changed,
  purged: sample("purged", fc.record({ id, durability, messages: u64 }), full.writePurged),
  browsed: sample(
    "browsed",
    fc.record({ id, next: maybe(fc.stringMatching(/^[0-9]{1,9}$/)), messages: few(seenMessage) }),
    full.writeBrowsed,
  ),
  redriving: sample("redriving", fc.record({ id, durability, redrive }), full.writeRedriving),
  redrives: sample("redrives", fc.record({ id, redrives: few(redrive) }), full.writeRedrives),
  group: sample(
    "group",
    fc.record({
      id,
      generation: u64,
      rebalancing: fc.boolean(),
      lag: u64,
      members: few(fc.record({ member: name, topics: few(name) })),
      partitions: few(
        fc.record({
          topic: name,
          partition: u32,
          member: maybe(fc.stringMatching(/^[a-z]{1,9}$/)),
          committed: maybe(u64),
          lag: u64,
        }),
      ),
    }),
    full.writeGroup,
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
      durability,
      paused: fc.boolean(),
      ready: u64,
      delayed: u64,
      inFlight: u64,
      parked: u64,
      bodyBytes: u64,
      oldestReadyMs: maybe(u64),
      oldestInFlightMs: maybe(u64),
      oldestParkedMs: maybe(u64),
      ...allSettings,
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
      retentionMs: bound,
      retentionBytes: bound,
      partitions: few(fc.record({ startOffset: u64, endOffset: u64, retainedBytes: u64 })),
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
