/** What keeps a connection honest, and what ends things on it. */
/*  ping   => (nothing)          either way; answered by pong with the same id
    pong   => (nothing)
    goaway => code:text sentence:text reconnect-after-ms:u32          pushed with id 0
    ended  => code:text sentence:text                                 pushed with the id of a subscription or membership
    cancel => (nothing)          the id is that of the request or subscription to end; never answered itself
    docs/protocol.md, "Life of a connection"                                                                          */
import { sentenceBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { cut } from "./refusal.ts";
import { answerBit, pushVerbs, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface Ping {
  readonly verb: "ping";
  readonly id: number;
}

export interface Pong {
  readonly verb: "pong";
  readonly id: number;
}

/** Ends the wait of a receive or fetch, which is then refused as `cancelled`; or a subscription, which then is `ended`. */
export interface Cancel {
  readonly verb: "cancel";
  /** Of the request to end. One that is over already is no mistake: the two have crossed. */
  readonly id: number;
}

/** The server will end this connection: it takes no new work, and finishes what was begun. */
export interface Goaway {
  readonly verb: "goaway";
  readonly id: 0;
  readonly code: string;
  readonly sentence: string;
  /** When to come back to this address; another one can be tried at once. */
  readonly reconnectAfterMs: number;
}

/** No more comes of a subscription or membership. */
export interface Ended {
  readonly verb: "ended";
  readonly id: number;
  /** `cancelled` when the client asked for it; else why the server ended it. */
  readonly code: string;
  readonly sentence: string;
}

const codeBytesMax = 64;

export const writePing = (to: FrameWriter, id: number): void => to.begin(requestVerbs.ping, id).end();
export const writePong = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.ping | answerBit, id).end();
export const writeCancel = (to: FrameWriter, id: number): void => to.begin(requestVerbs.cancel, id).end();

export function writeGoaway(to: FrameWriter, goaway: Omit<Goaway, "verb" | "id">): void {
  to.begin(pushVerbs.goaway, 0)
    .text(goaway.code)
    .text(cut(goaway.sentence))
    .u32(goaway.reconnectAfterMs)
    .end();
}

export function readGoaway(from: PayloadReader): Goaway {
  const code = from.text("a code", codeBytesMax);
  const sentence = from.text("a sentence", sentenceBytesMax);
  return { verb: "goaway", id: 0, code, sentence, reconnectAfterMs: from.u32() };
}

export function writeEnded(to: FrameWriter, { id, code, sentence }: Omit<Ended, "verb">): void {
  to.begin(pushVerbs.ended, id).text(code).text(cut(sentence)).end();
}

export function readEnded(from: PayloadReader, id: number): Ended {
  const code = from.text("a code", codeBytesMax);
  return { verb: "ended", id, code, sentence: from.text("a sentence", sentenceBytesMax) };
}
