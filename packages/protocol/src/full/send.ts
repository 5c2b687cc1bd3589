/** Puts messages into a queue. */
/*  send => queue:text flags:u8 [sequence:u64] count:u32 { message }     flags: 1 all or none, 2 a sequence follows
    sent => durability:u8 ids:u32 { message-id:16 } refusals
    An entry that was refused has an id of zeros.  docs/protocol.md, "Queues"                                              */
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import { readFlags, readMessages, type WireMessage, writeMessages } from "./message.ts";
import { formatMessageId, messageIdBytes } from "./message-id.ts";
import type { PayloadReader } from "./reader.ts";
import { type EntryRefusals, readRefusals, writeRefusals } from "./refusal.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface SendRequest {
  readonly verb: "send";
  readonly id: number;
  readonly queue: string;
  /** True: all messages or none. False: each fares for itself. */
  readonly atomic: boolean;
  /**
   * Numbers the sends, publishes and transactions of the producer of `hello`, rising; a repeat is answered with the first result.
   * Absent: a repeat is a second send.
   */
  readonly sequence: number | undefined;
  readonly messages: readonly WireMessage[];
}

export interface SentAnswer {
  readonly verb: "sent";
  readonly id: number;
  readonly durability: WireDurability;
  /** As many times sixteen bytes as there were messages, in their order; `messageIdAt` reads them. */
  readonly ids: Uint8Array;
  readonly refusals: EntryRefusals;
}

const atomicFlag = 1;
export const sequenceFlag = 2;

export function writeSend(to: FrameWriter, request: Omit<SendRequest, "verb">): void {
  const { sequence } = request;
  to.begin(requestVerbs.send, request.id).text(request.queue);
  to.u8((request.atomic ? atomicFlag : 0) | (sequence === undefined ? 0 : sequenceFlag));
  if (sequence !== undefined) to.u64(sequence);
  writeMessages(to, request.messages);
  to.end();
}

export function readSend(from: PayloadReader, id: number): SendRequest {
  const queue = from.text("the queue", textBytesMax);
  const flags = readFlags(from, atomicFlag | sequenceFlag);
  const sequence = (flags & sequenceFlag) === 0 ? undefined : from.u64();
  return {
    verb: "send",
    id,
    queue,
    atomic: (flags & atomicFlag) !== 0,
    sequence,
    messages: readMessages(from),
  };
}

export function writeSent(to: FrameWriter, answer: Omit<SentAnswer, "verb">): void {
  to.begin(requestVerbs.send | answerBit, answer.id).u8(durabilities.indexOf(answer.durability));
  to.u32(answer.ids.byteLength / messageIdBytes).raw(answer.ids);
  writeRefusals(to, answer.refusals);
  to.end();
}

export function readSent(from: PayloadReader, id: number): SentAnswer {
  const durability = from.choice("a durability", durabilities);
  const count = from.count("message ids", from.u32(), entryCountMax, messageIdBytes);
  return {
    verb: "sent",
    id,
    durability,
    ids: from.raw(count * messageIdBytes),
    refusals: readRefusals(from),
  };
}

/** The id of the entry at `index` as text. */
export const messageIdAt = (ids: Uint8Array, index: number): string =>
  formatMessageId(ids, index * messageIdBytes);
