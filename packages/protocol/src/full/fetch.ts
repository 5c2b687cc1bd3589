/** Reads a topic: from an offset, from a time, or what is published from now on. */
/*  fetch     => topic:text partition:u32 offset:u64 records-max:u32 bytes-max:u32 wait-ms:u32
    fetched   => start-offset:u64 end-offset:u64 from-offset:u64 records:u32 batches:u32 { kept-batch }
                 of the records in the batches, those from `from-offset` on, `records` at most, are the answer
    offset-at => topic:text partition:u32 time:u64
    offset    => offset:u64
    delete-before => topic:text partition:u32 offset:u64                 -> changed
    listen    => topic:text credit:u32 buffer:u32 overflow:u8            overflow: 0 drop, 1 block, 2 end
    listening => (nothing)      before the first records; the id of the request names the subscription from then on
    records   => dropped:u64 batches:u32 { kept-batch }                  pushed with the id of the subscription
    docs/protocol.md, "Topics" and "Credit"                                                                       */
import { textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { type KeptBatch, readKeptBatches, type WireRecord, writeKeptBatches } from "./record.ts";
import { answerBit, pushVerbs, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface FetchRequest {
  readonly verb: "fetch";
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** 1 to 1000. */
  readonly recordsMax: number;
  /** Bytes of keys and bodies; at least one record is always handed out. */
  readonly bytesMax: number;
  /** How long to wait for a first record. 0: do not wait. */
  readonly waitMs: number;
}

export interface FetchedAnswer {
  readonly verb: "fetched";
  readonly id: number;
  /** Offset of the oldest record that is kept. */
  readonly startOffset: number;
  /** Offset that the next record will get. */
  readonly endOffset: number;
  readonly records: readonly WireRecord[];
}

export interface OffsetAtRequest {
  readonly verb: "offsetAt";
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

/** The offset of the first record that was published at that time or later; the end of the partition when there is none. */
export interface OffsetAnswer {
  readonly verb: "offset";
  readonly id: number;
  readonly offset: number;
}

/** Deletes the records before an offset, for example because a snapshot holds their effect. */
export interface DeleteBeforeRequest {
  readonly verb: "deleteBefore";
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** The first one that is kept. */
  readonly offset: number;
}

/** What a slow live subscriber costs: its own copies, the publishers' pace, or its subscription. */
export const overflows = ["drop", "block", "end"] as const;
export type WireOverflow = (typeof overflows)[number];

export interface ListenRequest {
  readonly verb: "listen";
  /** Also the name of the subscription. */
  readonly id: number;
  readonly topic: string;
  /** How many records may be pushed before more credit is given. */
  readonly credit: number;
  /** Records that wait at the server for this subscriber at most. */
  readonly bufferCountMax: number;
  readonly overflow: WireOverflow;
}

export interface ListeningAnswer {
  readonly verb: "listening";
  readonly id: number;
}

export interface RecordsPush {
  readonly verb: "records";
  /** Of the subscription. */
  readonly id: number;
  /** How many copies this subscription has lost since it began. */
  readonly dropped: number;
  readonly records: readonly WireRecord[];
}

export function writeFetch(to: FrameWriter, request: Omit<FetchRequest, "verb">): void {
  to.begin(requestVerbs.fetch, request.id).text(request.topic).u32(request.partition).u64(request.offset);
  to.u32(request.recordsMax).u32(request.bytesMax).u32(request.waitMs).end();
}

export const readFetch = (from: PayloadReader, id: number): FetchRequest => ({
  verb: "fetch",
  id,
  topic: from.text("the topic", textBytesMax),
  partition: from.u32(),
  offset: from.u64(),
  recordsMax: from.u32(),
  bytesMax: from.u32(),
  waitMs: from.u32(),
});

export interface OutgoingFetched {
  readonly id: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Where the answer begins, in the first batch. */
  readonly fromOffset: number;
  /** Records of the answer at most. */
  readonly recordsMax: number;
  readonly batches: readonly KeptBatch[];
}

export function writeFetched(to: FrameWriter, answer: OutgoingFetched): void {
  to.begin(requestVerbs.fetch | answerBit, answer.id)
    .u64(answer.startOffset)
    .u64(answer.endOffset);
  to.u64(answer.fromOffset).u32(answer.recordsMax).u32(answer.batches.length);
  writeKeptBatches(to, answer.batches);
  to.end();
}

export function readFetched(from: PayloadReader, id: number): FetchedAnswer {
  const startOffset = from.u64();
  const endOffset = from.u64();
  const wanted = { fromOffset: from.u64(), recordsMax: from.u32() };
  return { verb: "fetched", id, startOffset, endOffset, records: readKeptBatches(from, wanted) };
}

export function writeOffsetAt(to: FrameWriter, request: Omit<OffsetAtRequest, "verb">): void {
  to.begin(requestVerbs.offsetAt, request.id).text(request.topic);
  to.u32(request.partition).u64(request.timeMs).end();
}

export const readOffsetAt = (from: PayloadReader, id: number): OffsetAtRequest => ({
  verb: "offsetAt",
  id,
  topic: from.text("the topic", textBytesMax),
  partition: from.u32(),
  timeMs: from.u64(),
});

export const writeOffset = (to: FrameWriter, { id, offset }: Omit<OffsetAnswer, "verb">): void =>
  to
    .begin(requestVerbs.offsetAt | answerBit, id)
    .u64(offset)
    .end();

export const readOffset = (from: PayloadReader, id: number): OffsetAnswer => ({
  verb: "offset",
  id,
  offset: from.u64(),
});

export function writeDeleteBefore(to: FrameWriter, request: Omit<DeleteBeforeRequest, "verb">): void {
  to.begin(requestVerbs.deleteBefore, request.id).text(request.topic);
  to.u32(request.partition).u64(request.offset).end();
}

export const readDeleteBefore = (from: PayloadReader, id: number): DeleteBeforeRequest => ({
  verb: "deleteBefore",
  id,
  topic: from.text("the topic", textBytesMax),
  partition: from.u32(),
  offset: from.u64(),
});

export function writeListen(to: FrameWriter, request: Omit<ListenRequest, "verb">): void {
  to.begin(requestVerbs.listen, request.id).text(request.topic);
  to.u32(request.credit).u32(request.bufferCountMax).u8(overflows.indexOf(request.overflow)).end();
}

export const readListen = (from: PayloadReader, id: number): ListenRequest => ({
  verb: "listen",
  id,
  topic: from.text("the topic", textBytesMax),
  credit: from.u32(),
  bufferCountMax: from.u32(),
  overflow: from.choice("the overflow", overflows),
});

export const writeListening = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.listen | answerBit, id).end();

export function writeRecords(
  to: FrameWriter,
  id: number,
  dropped: number,
  batches: readonly KeptBatch[],
): void {
  to.begin(pushVerbs.records, id).u64(dropped).u32(batches.length);
  writeKeptBatches(to, batches);
  to.end();
}

export const readRecords = (from: PayloadReader, id: number): RecordsPush => ({
  verb: "records",
  id,
  dropped: from.u64(),
  records: readKeptBatches(from),
});
