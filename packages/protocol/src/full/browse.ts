/** Reads the messages of a queue as they are, and changes nothing. */
/*  browseQueue => queue:text what:u8 after:text max:u32 bytes-max:u32
    browsed     => next:text count:u16 { seen }                              an empty `next`: there are no more
    seen        => message-id:16 state:u8 receives:u32 enqueued-at:u64 flags:u8 [attributes] traits
                   [due-at:u64] [expires-at:u64] [last-error:text] [parked] body:sized
    flags       => those of the traits, and: 1 attributes follow, 16 a due-at, 32 an expires-at, 64 a last-error, 128 a parked
    parked      => reason:u8 at:u64                                          reason: 0 max-receives, 1 expired
    what: 0 all, 1 dead letters. state: 0 ready, 1 blocked, 2 delayed, 3 in-flight, 4 parked.  docs/protocol.md, "Operators" */
import {
  attributesBytes,
  noWireAttributes,
  readAttributes,
  type WireAttributes,
  writeAttributes,
} from "./attributes.ts";
import { answerCountMax, errorBytesMax, textBytesMax } from "./limits.ts";
import { attributesFlag, readFlags } from "./message.ts";
import { formatMessageId, messageIdBytes, putMessageId } from "./message-id.ts";
import type { PayloadReader } from "./reader.ts";
import {
  readTraits,
  traitFlags,
  traitFlagsOf,
  traitsBytes,
  type WireMoveReason,
  type WireTraits,
  writeTraits,
} from "./traits.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

const browsables = ["all", "dead-letters"] as const;
export type WireBrowsable = (typeof browsables)[number];

/** `blocked`: it waits for another one of its group. */
export const messageStates = ["ready", "blocked", "delayed", "in-flight", "parked"] as const;
export type WireMessageState = (typeof messageStates)[number];

export interface BrowseQueueRequest {
  readonly verb: "browseQueue";
  readonly id: number;
  readonly queue: string;
  /** `dead-letters`: only parked messages, and those that came here as dead letters of other queues. */
  readonly what: WireBrowsable;
  /** `next` of the answer before; empty: from the beginning. */
  readonly after: string;
  /** 1 to 1000. */
  readonly max: number;
  /** Bytes of bodies; a single message is always shown. */
  readonly bytesMax: number;
}

/** A message as it was found. Instants are milliseconds since the Unix epoch. */
export interface WireSeenMessage extends WireTraits {
  /** The text of a UUID. */
  readonly messageId: string;
  readonly state: WireMessageState;
  /** When a delay or a lease ends. */
  readonly dueAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  /** A view of the payload. */
  readonly body: Uint8Array;
  readonly attributes: WireAttributes;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  /** What its last consumer said went wrong; empty when nobody said anything. */
  readonly lastError: string;
  readonly parked: { readonly reason: Exclude<WireMoveReason, "redrive">; readonly atMs: number } | undefined;
}

export interface BrowsedAnswer {
  readonly verb: "browsed";
  readonly id: number;
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
  readonly messages: readonly WireSeenMessage[];
}

const dueFlag = 16;
const expiresFlag = 32;
const lastErrorFlag = 64;
const parkedFlag = 128;
const allFlags = attributesFlag | traitFlags | dueFlag | expiresFlag | lastErrorFlag | parkedFlag;

const seenBytesMin = messageIdBytes + 1 + 4 + 8 + 1 + 4;

export function writeBrowseQueue(to: FrameWriter, request: Omit<BrowseQueueRequest, "verb">): void {
  to.begin(requestVerbs.browseQueue, request.id).text(request.queue).u8(browsables.indexOf(request.what));
  to.text(request.after).u32(request.max).u32(request.bytesMax).end();
}

export const readBrowseQueue = (from: PayloadReader, id: number): BrowseQueueRequest => ({
  verb: "browseQueue",
  id,
  queue: from.text("the queue", textBytesMax),
  what: from.choice("what is browsed", browsables),
  after: from.text("the place to go on from", textBytesMax),
  max: from.u32(),
  bytesMax: from.u32(),
});

export function writeBrowsed(to: FrameWriter, { id, next, messages }: Omit<BrowsedAnswer, "verb">): void {
  to.begin(requestVerbs.browseQueue | answerBit, id).text(next ?? "");
  to.u16(messages.length);
  for (const message of messages) writeSeen(to, message);
  to.end();
}

export function readBrowsed(from: PayloadReader, id: number): BrowsedAnswer {
  const next = from.text("the place to go on from", textBytesMax) || undefined;
  const count = from.count("messages", from.u16(), answerCountMax, seenBytesMin);
  const messages: WireSeenMessage[] = [];
  for (let i = 0; i < count && !from.failed; i++) messages.push(readSeen(from));
  return { verb: "browsed", id, next, messages };
}

/** Bytes that a message takes in a frame, at most. */
export const seenBytes = (message: WireSeenMessage): number =>
  seenBytesMin +
  message.body.byteLength +
  attributesBytes(message.attributes) +
  traitsBytes(message) +
  (8 + 8 + 2 + 9 + message.lastError.length * 3);

function writeSeen(to: FrameWriter, message: WireSeenMessage): void {
  const { chunk, at } = to.space(messageIdBytes);
  putMessageId(message.messageId, chunk, at);
  const { state, receiveCount, enqueuedAtMs, attributes, dueAtMs, expiresAtMs, lastError, parked } = message;
  to.u8(messageStates.indexOf(state)).u32(receiveCount).u64(enqueuedAtMs);
  to.u8(
    traitFlagsOf(message) |
      (attributes.size === 0 ? 0 : attributesFlag) |
      (dueAtMs === undefined ? 0 : dueFlag) |
      (expiresAtMs === undefined ? 0 : expiresFlag) |
      (lastError === "" ? 0 : lastErrorFlag) |
      (parked === undefined ? 0 : parkedFlag),
  );
  if (attributes.size > 0) writeAttributes(to, attributes);
  writeTraits(to, message);
  if (dueAtMs !== undefined) to.u64(dueAtMs);
  if (expiresAtMs !== undefined) to.u64(expiresAtMs);
  if (lastError !== "") to.text(lastError);
  if (parked !== undefined) to.u8(parkReasons.indexOf(parked.reason)).u64(parked.atMs);
  to.sized(message.body);
}

function readSeen(from: PayloadReader): WireSeenMessage {
  const messageId = formatMessageId(from.raw(messageIdBytes), 0);
  const state = from.choice("the state of a message", messageStates);
  const receiveCount = from.u32();
  const enqueuedAtMs = from.u64();
  const flags = readFlags(from, allFlags);
  return {
    messageId,
    state,
    receiveCount,
    enqueuedAtMs,
    attributes: (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from),
    ...readTraits(from, flags),
    dueAtMs: (flags & dueFlag) === 0 ? undefined : from.u64(),
    expiresAtMs: (flags & expiresFlag) === 0 ? undefined : from.u64(),
    lastError: (flags & lastErrorFlag) === 0 ? "" : from.text("the last error", errorBytesMax),
    parked: (flags & parkedFlag) === 0 ? undefined : readParked(from),
    body: from.sized(),
  };
}

const parkReasons = ["max-receives", "expired"] as const satisfies readonly WireMoveReason[];

const readParked = (from: PayloadReader): WireSeenMessage["parked"] => ({
  reason: from.choice("the reason of a parking", parkReasons),
  atMs: from.u64(),
});
