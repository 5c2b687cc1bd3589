/** Publishes, sends, acks and an offset commit in one atomic append, with a fence. */
/*  transact   => flags:u8 [sequence:u64] [commit] [fence] publishes:u16 { topic:text count:u32 { record } }
                  sends:u16 { queue:text count:u32 { message } } acks:u16 { queue:text receipts }
    flags      => 2 a sequence follows, 4 a commit follows, 8 a fence follows
    commit     => group:text generation:u64 offsets
    fence      => group:text generation:u64 topic:text partition:u32 expected-offset:u64
    transacted => durability:u8 publishes:u16 { places } sends:u16 { count:u32 { message-id:16 } }
    docs/protocol.md, "Transactions"                                                                             */
import type { WireReceipt } from "./delivery.ts";
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, partCountMax, textBytesMax } from "./limits.ts";
import {
  readFlags,
  readMessages,
  readOutgoingRecords,
  type WireMessage,
  type WireOutgoingRecord,
  writeMessages,
  writeOutgoingRecords,
} from "./message.ts";
import { messageIdBytes } from "./message-id.ts";
import { readOffsets, type WireOffset, writeOffsets } from "./partitions.ts";
import { readPlaces, type WirePlace, writePlaces } from "./publish.ts";
import type { PayloadReader } from "./reader.ts";
import { sequenceFlag } from "./send.ts";
import { readReceipts, writeReceipts } from "./settle.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface TransactRequest {
  readonly verb: "transact";
  readonly id: number;
  /** As in a send. */
  readonly sequence: number | undefined;
  readonly commit: WireCommit | undefined;
  readonly fence: WireFence | undefined;
  readonly publishes: readonly { readonly topic: string; readonly records: readonly WireOutgoingRecord[] }[];
  readonly sends: readonly { readonly queue: string; readonly messages: readonly WireMessage[] }[];
  /** Deliveries that are done when this is. One that does not hold refuses the whole. */
  readonly acks: readonly { readonly queue: string; readonly receipts: readonly WireReceipt[] }[];
}

export interface WireCommit {
  readonly group: string;
  readonly generation: number;
  readonly offsets: readonly WireOffset[];
}

/** Who may write: the owner of the partition in that generation, whose next record there is to get `expectedOffset`. */
export interface WireFence {
  readonly group: string;
  readonly generation: number;
  readonly topic: string;
  readonly partition: number;
  readonly expectedOffset: number;
}

export interface TransactedAnswer {
  readonly verb: "transacted";
  readonly id: number;
  readonly durability: WireDurability;
  /** For each publish, the places of its records. */
  readonly places: readonly (readonly WirePlace[])[];
  /** For each send, as many times sixteen bytes as it had messages; `messageIdAt` reads them. */
  readonly ids: readonly Uint8Array[];
}

const commitFlag = 4;
const fenceFlag = 8;

export function writeTransact(to: FrameWriter, request: Omit<TransactRequest, "verb">): void {
  const { sequence, commit, fence, publishes, sends, acks } = request;
  const flags =
    (sequence === undefined ? 0 : sequenceFlag) |
    (commit === undefined ? 0 : commitFlag) |
    (fence === undefined ? 0 : fenceFlag);
  to.begin(requestVerbs.transact, request.id).u8(flags);
  if (sequence !== undefined) to.u64(sequence);
  if (commit !== undefined) {
    to.text(commit.group).u64(commit.generation);
    writeOffsets(to, commit.offsets);
  }
  if (fence !== undefined) {
    to.text(fence.group).u64(fence.generation).text(fence.topic);
    to.u32(fence.partition).u64(fence.expectedOffset);
  }
  to.u16(publishes.length);
  for (const { topic, records } of publishes) writeOutgoingRecords(to.text(topic), records);
  to.u16(sends.length);
  for (const { queue, messages } of sends) writeMessages(to.text(queue), messages);
  to.u16(acks.length);
  for (const { queue, receipts } of acks) writeReceipts(to.text(queue), receipts);
  to.end();
}

export function readTransact(from: PayloadReader, id: number): TransactRequest {
  const flags = readFlags(from, sequenceFlag | commitFlag | fenceFlag);
  const request = {
    verb: "transact",
    id,
    sequence: (flags & sequenceFlag) === 0 ? undefined : from.u64(),
    commit: (flags & commitFlag) === 0 ? undefined : readWireCommit(from),
    fence: (flags & fenceFlag) === 0 ? undefined : readFence(from),
    publishes: readParts(from, () => ({
      topic: from.text("the topic", textBytesMax),
      records: readOutgoingRecords(from),
    })),
    sends: readParts(from, () => ({
      queue: from.text("the queue", textBytesMax),
      messages: readMessages(from),
    })),
    acks: readParts(from, () => ({
      queue: from.text("the queue", textBytesMax),
      receipts: readReceipts(from),
    })),
  } as const;
  let entries = 0;
  for (const { records } of request.publishes) entries += records.length;
  for (const { messages } of request.sends) entries += messages.length;
  for (const { receipts } of request.acks) entries += receipts.length;
  if (entries > entryCountMax) from.exceeded("entries of a transaction", entries, entryCountMax);
  return request;
}

function readParts<Part>(from: PayloadReader, read: () => Part): readonly Part[] {
  const count = from.count("parts", from.u16(), partCountMax, 6);
  const parts: Part[] = [];
  for (let i = 0; i < count && !from.failed; i++) parts.push(read());
  return parts;
}

const readWireCommit = (from: PayloadReader): WireCommit => ({
  group: from.text("the group", textBytesMax),
  generation: from.u64(),
  offsets: readOffsets(from),
});

const readFence = (from: PayloadReader): WireFence => ({
  group: from.text("the group", textBytesMax),
  generation: from.u64(),
  topic: from.text("the topic", textBytesMax),
  partition: from.u32(),
  expectedOffset: from.u64(),
});

export function writeTransacted(to: FrameWriter, answer: Omit<TransactedAnswer, "verb">): void {
  to.begin(requestVerbs.transact | answerBit, answer.id).u8(durabilities.indexOf(answer.durability));
  to.u16(answer.places.length);
  for (const places of answer.places) writePlaces(to, places);
  to.u16(answer.ids.length);
  for (const ids of answer.ids) to.u32(ids.byteLength / messageIdBytes).raw(ids);
  to.end();
}

export function readTransacted(from: PayloadReader, id: number): TransactedAnswer {
  const durability = from.choice("a durability", durabilities);
  const count = from.count("publishes", from.u16(), partCountMax, 4);
  const places: (readonly WirePlace[])[] = [];
  let total = 0;
  for (let i = 0; i < count && !from.failed; i++) {
    const some = readPlaces(from);
    total += some.length;
    if (total > entryCountMax) from.exceeded("places", total, entryCountMax);
    places.push(some);
  }
  const sends = from.count("sends", from.u16(), partCountMax, 4);
  const ids: Uint8Array[] = [];
  for (let i = 0; i < sends && !from.failed; i++) {
    const messages = from.count("message ids", from.u32(), entryCountMax, messageIdBytes);
    ids.push(from.raw(messages * messageIdBytes));
  }
  return { verb: "transacted", id, durability, places, ids };
}
