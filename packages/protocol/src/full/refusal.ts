/** A no, for a whole request or for entries of a batch. */
/*  refused => refusal                                   answers any request; the id is the request's
    refusal => code:text sentence:text retry-after-ms:u32
    refusals => count:u32 { index:u32 refusal }          entries of a batch that were not granted, by their place in it
    docs/protocol.md, "Errors"                                                                                        */
import { entryCountMax, sentenceBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { refusedVerb } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface WireRefusal {
  /** Stable and for programs. Text, because a newer server may know codes that this client does not. */
  readonly code: string;
  /** For people: names the value and the bound. */
  readonly sentence: string;
  /** When asking again may be worth it, in milliseconds; 0: not as it was asked. */
  readonly retryAfterMs: number;
}

export interface RefusedAnswer extends WireRefusal {
  readonly verb: "refused";
  readonly id: number;
}

/** Refusals by the place of their entry in the batch; an entry that is not in it was granted. */
export type EntryRefusals = ReadonlyMap<number, WireRefusal>;

export const noRefusals: EntryRefusals = new Map();

const codeBytesMax = 64;

/** Refusals of one answer that carry a sentence; those behind them carry their code alone, so that every answer fits a frame. */
const sentenceCountMax = 1_000;

export function writeRefused(to: FrameWriter, id: number, refusal: WireRefusal): void {
  to.begin(refusedVerb, id);
  writeRefusal(to, refusal);
  to.end();
}

export function writeRefusals(to: FrameWriter, refusals: EntryRefusals): void {
  to.u32(refusals.size);
  let said = 0;
  for (const [index, refusal] of refusals) {
    to.u32(index);
    writeRefusal(to, said++ < sentenceCountMax ? refusal : { ...refusal, sentence: "" });
  }
}

function writeRefusal(to: FrameWriter, { code, sentence, retryAfterMs }: WireRefusal): void {
  to.text(code).text(cut(sentence)).u32(retryAfterMs);
}

export function readRefused(from: PayloadReader, id: number): RefusedAnswer {
  const { code, sentence, retryAfterMs } = readRefusal(from);
  return { verb: "refused", id, code, sentence, retryAfterMs };
}

export function readRefusals(from: PayloadReader): EntryRefusals {
  const count = from.count("refusals", from.u32(), entryCountMax, 12);
  if (count === 0) return noRefusals;
  const refusals = new Map<number, WireRefusal>();
  for (let i = 0; i < count && !from.failed; i++) refusals.set(from.u32(), readRefusal(from));
  return refusals;
}

function readRefusal(from: PayloadReader): WireRefusal {
  const code = from.text("a code", codeBytesMax);
  return { code, sentence: from.text("a sentence", sentenceBytesMax), retryAfterMs: from.u32() };
}

/** A sentence that fits its field whatever it is made of: three bytes of UTF-8 are the most for a unit of a string. */
export function cut(sentence: string): string {
  const lengthMax = Math.floor(sentenceBytesMax / 3);
  return sentence.length <= lengthMax ? sentence : `${sentence.slice(0, lengthMax - 1)}…`;
}
