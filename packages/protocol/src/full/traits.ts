/** What is said of a message beside its body and attributes: how urgent it is, of which group, and which queue it was moved from. */
/*  traits     => [priority:u8] [group-id:text] [moved-from]         as the flags of the message say: 2, 4 and 8
    moved-from => reason:u8 queue:text origin-queue:text receives:u32 moved-at:u64 last-error:text
    reason     => 0 max-receives, 1 expired, 2 redrive.  docs/protocol.md, "Queues"                                    */
import { errorBytesMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** Why a message was moved: as a dead letter for one of the first two reasons, or by a redrive. */
export const moveReasons = ["max-receives", "expired", "redrive"] as const;
export type WireMoveReason = (typeof moveReasons)[number];

export interface WireMovedFrom {
  readonly reason: WireMoveReason;
  /** The queue that it was moved from; empty when that is there no more. */
  readonly queue: string;
  /** The queue that it was first sent to; empty when that is there no more. */
  readonly originQueue: string;
  /** How often it had been received in the queue that it was moved from. */
  readonly receiveCount: number;
  /** Milliseconds since the Unix epoch. */
  readonly movedAtMs: number;
  /** What its last consumer there said went wrong; may be empty. */
  readonly lastError: string;
}

export interface WireTraits {
  /** 0 to 9; what is more urgent has the larger number. */
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly movedFrom: WireMovedFrom | undefined;
}

export const plainTraits: WireTraits = { priority: 0, groupId: undefined, movedFrom: undefined };

const priorityFlag = 2;
const groupIdFlag = 4;
const movedFromFlag = 8;
export const traitFlags = priorityFlag | groupIdFlag | movedFromFlag;

/** The flags of what there is to say; 0 for a plain message. */
export const traitFlagsOf = ({ priority, groupId, movedFrom }: WireTraits): number =>
  (priority === 0 ? 0 : priorityFlag) |
  (groupId === undefined ? 0 : groupIdFlag) |
  (movedFrom === undefined ? 0 : movedFromFlag);

export function writeTraits(to: FrameWriter, { priority, groupId, movedFrom }: WireTraits): void {
  if (priority !== 0) to.u8(priority);
  if (groupId !== undefined) to.text(groupId);
  if (movedFrom === undefined) return;
  to.u8(moveReasons.indexOf(movedFrom.reason)).text(movedFrom.queue).text(movedFrom.originQueue);
  to.u32(movedFrom.receiveCount).u64(movedFrom.movedAtMs).text(movedFrom.lastError);
}

export function readTraits(from: PayloadReader, flags: number): WireTraits {
  if ((flags & traitFlags) === 0) return plainTraits;
  return {
    priority: (flags & priorityFlag) === 0 ? 0 : from.u8(),
    groupId: (flags & groupIdFlag) === 0 ? undefined : from.text("the group id", textBytesMax),
    movedFrom: (flags & movedFromFlag) === 0 ? undefined : readMovedFrom(from),
  };
}

const readMovedFrom = (from: PayloadReader): WireMovedFrom => ({
  reason: from.choice("the reason of a move", moveReasons),
  queue: from.text("the queue", textBytesMax),
  originQueue: from.text("the origin queue", textBytesMax),
  receiveCount: from.u32(),
  movedAtMs: from.u64(),
  lastError: from.text("the last error", errorBytesMax),
});

/** Bytes that traits take in a frame, at most: three bytes of UTF-8 are the most for a unit of a string. */
export function traitsBytes({ groupId, movedFrom }: WireTraits): number {
  let bytes = 1;
  if (groupId !== undefined) bytes += 2 + groupId.length * 3;
  if (movedFrom === undefined) return bytes;
  const { queue, originQueue, lastError } = movedFrom;
  return bytes + 19 + (queue.length + originQueue.length + lastError.length) * 3;
}
