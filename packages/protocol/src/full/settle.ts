/** Says what became of deliveries: done, given back, or still being worked on. */
/*  ack      => queue:text receipts
    nack     => queue:text delay-ms:u64? counts:u8 error:text receipts         ? all ones: as the retry policy of the queue has it
    extend   => queue:text visibility-timeout-ms:u32 receipts
    receipts => count:u32 { sequence:u64 lease:u64 }
    acked, nacked, extended => durability:u8 refusals          docs/protocol.md, "Queues"                                  */
import type { WireReceipt } from "./delivery.ts";
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, errorBytesMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { type EntryRefusals, readRefusals, writeRefusals } from "./refusal.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface AckRequest {
  readonly verb: "ack";
  readonly id: number;
  readonly queue: string;
  readonly receipts: readonly WireReceipt[];
}

export interface NackRequest {
  readonly verb: "nack";
  readonly id: number;
  readonly queue: string;
  /** When the messages become ready again. Undefined: as the retry policy of the queue has it. */
  readonly delayMs: number | undefined;
  /** False when the messages were not worked on at all: their receive counts go back as well. */
  readonly counts: boolean;
  /** What went wrong; kept with the messages. May be empty. */
  readonly error: string;
  readonly receipts: readonly WireReceipt[];
}

export interface ExtendRequest {
  readonly verb: "extend";
  readonly id: number;
  readonly queue: string;
  /** From now. */
  readonly visibilityTimeoutMs: number;
  readonly receipts: readonly WireReceipt[];
}

/** Receipts that are not among the refusals are settled. */
export interface Settled<Verb extends "acked" | "nacked" | "extended"> {
  readonly verb: Verb;
  readonly id: number;
  readonly durability: WireDurability;
  readonly refusals: EntryRefusals;
}

export type SettledAnswer = Settled<"acked"> | Settled<"nacked"> | Settled<"extended">;

const receiptBytes = 16;

export function writeAck(to: FrameWriter, { id, queue, receipts }: Omit<AckRequest, "verb">): void {
  to.begin(requestVerbs.ack, id).text(queue);
  writeReceipts(to, receipts);
  to.end();
}

export const readAck = (from: PayloadReader, id: number): AckRequest => ({
  verb: "ack",
  id,
  queue: from.text("the queue", textBytesMax),
  receipts: readReceipts(from),
});

export function writeNack(to: FrameWriter, request: Omit<NackRequest, "verb">): void {
  to.begin(requestVerbs.nack, request.id).text(request.queue);
  to.optional64(request.delayMs).flag(request.counts).text(request.error);
  writeReceipts(to, request.receipts);
  to.end();
}

export const readNack = (from: PayloadReader, id: number): NackRequest => ({
  verb: "nack",
  id,
  queue: from.text("the queue", textBytesMax),
  delayMs: from.optional64(),
  counts: from.flag(),
  error: from.text("the error", errorBytesMax),
  receipts: readReceipts(from),
});

export function writeExtend(to: FrameWriter, request: Omit<ExtendRequest, "verb">): void {
  to.begin(requestVerbs.extend, request.id).text(request.queue).u32(request.visibilityTimeoutMs);
  writeReceipts(to, request.receipts);
  to.end();
}

export const readExtend = (from: PayloadReader, id: number): ExtendRequest => ({
  verb: "extend",
  id,
  queue: from.text("the queue", textBytesMax),
  visibilityTimeoutMs: from.u32(),
  receipts: readReceipts(from),
});

const settledVerbs = {
  acked: requestVerbs.ack | answerBit,
  nacked: requestVerbs.nack | answerBit,
  extended: requestVerbs.extend | answerBit,
} as const;

export function writeSettled(to: FrameWriter, { verb, id, durability, refusals }: SettledAnswer): void {
  to.begin(settledVerbs[verb], id).u8(durabilities.indexOf(durability));
  writeRefusals(to, refusals);
  to.end();
}

export function readSettled<Verb extends SettledAnswer["verb"]>(
  from: PayloadReader,
  id: number,
  verb: Verb,
): Settled<Verb> {
  const durability = from.choice("a durability", durabilities);
  return { verb, id, durability, refusals: readRefusals(from) };
}

export function writeReceipts(to: FrameWriter, receipts: readonly WireReceipt[]): void {
  to.u32(receipts.length);
  for (const { sequence, lease } of receipts) to.u64(sequence).u64(lease);
}

export function readReceipts(from: PayloadReader): readonly WireReceipt[] {
  const count = from.count("receipts", from.u32(), entryCountMax, receiptBytes);
  const receipts: WireReceipt[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    const sequence = from.u64();
    receipts.push({ sequence, lease: from.u64() });
  }
  return receipts;
}
