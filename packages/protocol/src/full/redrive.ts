/** Moves the dead letters of a queue, at a rate, and tells how far that is. */
/*  startRedrive  => queue:text to:text per-second-max:f64           `to` is empty: each goes to the queue that gave it up
    redriving     => durability:u8 redrive
    cancelRedrive => queue:text redrive:u64                          -> changed
    listRedrives  => queue:text
    redrives      => count:u16 { redrive }                           those of late and the one that runs, oldest first
    redrive       => number:u64 status:u8 flags:u8 [to:text] [ended-at:u64] per-second-max:f64 total:u64 moved:u64 started-at:u64
    flags: 1 a to, 2 an ended-at. status: 0 running, 1 done, 2 cancelled. Infinity: as fast as it goes.
    docs/protocol.md, "Operators"                                                                                              */
import { durabilities, type WireDurability } from "./durability.ts";
import { answerCountMax, textBytesMax } from "./limits.ts";
import { readFlags } from "./message.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface StartRedriveRequest {
  readonly verb: "startRedrive";
  readonly id: number;
  readonly queue: string;
  /** Undefined: each goes back to the queue that gave it up. */
  readonly to: string | undefined;
  /** Undefined: as fast as it goes. */
  readonly perSecondMax: number | undefined;
}

export interface CancelRedriveRequest {
  readonly verb: "cancelRedrive";
  readonly id: number;
  readonly queue: string;
  readonly redrive: number;
}

export interface ListRedrivesRequest {
  readonly verb: "listRedrives";
  readonly id: number;
  readonly queue: string;
}

const redriveStatuses = ["running", "done", "cancelled"] as const;
export type WireRedriveStatus = (typeof redriveStatuses)[number];

export interface WireRedrive {
  /** Its number in the queue. */
  readonly redrive: number;
  /** Undefined: each goes back to the queue that gave it up; empty: to a queue that is there no more. */
  readonly to: string | undefined;
  readonly perSecondMax: number | undefined;
  readonly status: WireRedriveStatus;
  /** How many there were to move when it began, and how many were. */
  readonly total: number;
  readonly moved: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
}

export interface RedrivingAnswer {
  readonly verb: "redriving";
  readonly id: number;
  readonly durability: WireDurability;
  readonly redrive: WireRedrive;
}

export interface RedrivesAnswer {
  readonly verb: "redrives";
  readonly id: number;
  readonly redrives: readonly WireRedrive[];
}

const toFlag = 1;
const endedFlag = 2;
const redriveBytesMin = 8 + 1 + 1 + 8 + 8 + 8 + 8;

export function writeStartRedrive(to: FrameWriter, request: Omit<StartRedriveRequest, "verb">): void {
  to.begin(requestVerbs.startRedrive, request.id)
    .text(request.queue)
    .text(request.to ?? "");
  to.f64(request.perSecondMax ?? Number.POSITIVE_INFINITY).end();
}

export const readStartRedrive = (from: PayloadReader, id: number): StartRedriveRequest => ({
  verb: "startRedrive",
  id,
  queue: from.text("the queue", textBytesMax),
  to: from.text("the target", textBytesMax) || undefined,
  perSecondMax: rateOf(from),
});

export const writeCancelRedrive = (
  to: FrameWriter,
  { id, queue, redrive }: Omit<CancelRedriveRequest, "verb">,
): void => to.begin(requestVerbs.cancelRedrive, id).text(queue).u64(redrive).end();

export const readCancelRedrive = (from: PayloadReader, id: number): CancelRedriveRequest => ({
  verb: "cancelRedrive",
  id,
  queue: from.text("the queue", textBytesMax),
  redrive: from.u64(),
});

export const writeListRedrives = (to: FrameWriter, { id, queue }: Omit<ListRedrivesRequest, "verb">): void =>
  to.begin(requestVerbs.listRedrives, id).text(queue).end();

export const readListRedrives = (from: PayloadReader, id: number): ListRedrivesRequest => ({
  verb: "listRedrives",
  id,
  queue: from.text("the queue", textBytesMax),
});

export function writeRedriving(
  to: FrameWriter,
  { id, durability, redrive }: Omit<RedrivingAnswer, "verb">,
): void {
  to.begin(requestVerbs.startRedrive | answerBit, id).u8(durabilities.indexOf(durability));
  writeRedrive(to, redrive);
  to.end();
}

export const readRedriving = (from: PayloadReader, id: number): RedrivingAnswer => ({
  verb: "redriving",
  id,
  durability: from.choice("a durability", durabilities),
  redrive: readRedrive(from),
});

export function writeRedrives(to: FrameWriter, { id, redrives }: Omit<RedrivesAnswer, "verb">): void {
  to.begin(requestVerbs.listRedrives | answerBit, id).u16(redrives.length);
  for (const redrive of redrives) writeRedrive(to, redrive);
  to.end();
}

export function readRedrives(from: PayloadReader, id: number): RedrivesAnswer {
  const count = from.count("redrives", from.u16(), answerCountMax, redriveBytesMin);
  const redrives: WireRedrive[] = [];
  for (let i = 0; i < count && !from.failed; i++) redrives.push(readRedrive(from));
  return { verb: "redrives", id, redrives };
}

function writeRedrive(to: FrameWriter, redrive: WireRedrive): void {
  const { to: target, endedAtMs, perSecondMax, status, total, moved, startedAtMs } = redrive;
  to.u64(redrive.redrive).u8(redriveStatuses.indexOf(status));
  to.u8((target === undefined ? 0 : toFlag) | (endedAtMs === undefined ? 0 : endedFlag));
  if (target !== undefined) to.text(target);
  if (endedAtMs !== undefined) to.u64(endedAtMs);
  to.f64(perSecondMax ?? Number.POSITIVE_INFINITY)
    .u64(total)
    .u64(moved)
    .u64(startedAtMs);
}

function readRedrive(from: PayloadReader): WireRedrive {
  const redrive = from.u64();
  const status = from.choice("the status of a redrive", redriveStatuses);
  const flags = readFlags(from, toFlag | endedFlag);
  return {
    redrive,
    status,
    to: (flags & toFlag) === 0 ? undefined : from.text("the target", textBytesMax),
    endedAtMs: (flags & endedFlag) === 0 ? undefined : from.u64(),
    perSecondMax: rateOf(from),
    total: from.u64(),
    moved: from.u64(),
    startedAtMs: from.u64(),
  };
}

function rateOf(from: PayloadReader): number | undefined {
  const perSecond = from.f64();
  return perSecond === Number.POSITIVE_INFINITY ? undefined : perSecond;
}
