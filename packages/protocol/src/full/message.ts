/** What is sent to a queue and published to a topic. */
/*  message  => flags:u8 [attributes] [delay-ms:u64] [time-to-live-ms:u64] [priority:u8] [group-id:text] [deduplication-id:text] body:sized
                flags: 1 attributes follow, 2 a delay-ms, 4 a time-to-live-ms, 8 a priority, 16 a group-id, 32 a deduplication-id
    record   => flags:u8 [key:sized] [attributes] body:sized   flags: 1 attributes follow, 2 a key follows
    Any other flag is malformed: a newer version may give it a meaning. A time to live of 2^53 - 1 is for ever.                        */
import { noWireAttributes, readAttributes, type WireAttributes, writeAttributes } from "./attributes.ts";
import { finite, unbounded } from "./bounds.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** What the entries of sends and publishes have in common. */
export interface WireEntry {
  readonly body: Uint8Array;
  readonly attributes: WireAttributes;
}

/** An absent option is the queue's, or none. */
export interface WireMessageOptions {
  /** Until it can be received first, in milliseconds. */
  readonly delayMs?: number | undefined;
  /** How long it may wait from then on, in milliseconds; Infinity: for ever. */
  readonly timeToLiveMs?: number | undefined;
  /** 0 to 9; what is more urgent has the larger number. */
  readonly priority?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
}

export interface WireMessage extends WireEntry, WireMessageOptions {}

export interface WireOutgoingRecord extends WireEntry {
  /** Decides the partition, and with it the order. Absent: partitions take turns. */
  readonly key: Uint8Array | undefined;
}

export const attributesFlag = 1;
export const keyFlag = 2;

const delayFlag = 2;
const timeToLiveFlag = 4;
const priorityFlag = 8;
const groupIdFlag = 16;
const deduplicationIdFlag = 32;
const optionFlags = delayFlag | timeToLiveFlag | priorityFlag | groupIdFlag | deduplicationIdFlag;

const messageBytesMin = 5;

export function writeMessages(to: FrameWriter, messages: readonly WireMessage[]): void {
  to.u32(messages.length);
  for (const message of messages) {
    const { body, attributes } = message;
    const options = optionsOf(message);
    const hasAttributes = attributes.size > 0;
    to.u8(options | (hasAttributes ? attributesFlag : 0));
    if (hasAttributes) writeAttributes(to, attributes);
    if (options !== 0) writeOptions(to, message);
    to.sized(body);
  }
}

export function readMessages(from: PayloadReader): readonly WireMessage[] {
  const count = from.count("messages", from.u32(), entryCountMax, messageBytesMin);
  const messages: WireMessage[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    const flags = readFlags(from, attributesFlag | optionFlags);
    const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
    if ((flags & optionFlags) === 0) messages.push({ body: from.sized(), attributes });
    else {
      const options = readOptions(from, flags);
      messages.push({ body: from.sized(), attributes, ...options });
    }
  }
  return messages;
}

/** The flags of the options that a message has. */
const optionsOf = (message: WireMessageOptions): number =>
  (message.delayMs === undefined ? 0 : delayFlag) |
  (message.timeToLiveMs === undefined ? 0 : timeToLiveFlag) |
  (message.priority === undefined ? 0 : priorityFlag) |
  (message.groupId === undefined ? 0 : groupIdFlag) |
  (message.deduplicationId === undefined ? 0 : deduplicationIdFlag);

function writeOptions(to: FrameWriter, options: WireMessageOptions): void {
  const { delayMs, timeToLiveMs, priority, groupId, deduplicationId } = options;
  if (delayMs !== undefined) to.u64(delayMs);
  if (timeToLiveMs !== undefined) to.u64(finite(timeToLiveMs));
  if (priority !== undefined) to.u8(priority);
  if (groupId !== undefined) to.text(groupId);
  if (deduplicationId !== undefined) to.text(deduplicationId);
}

/** All of them, absent or not: messages with options have one shape. */
const readOptions = (from: PayloadReader, flags: number): WireMessageOptions => ({
  delayMs: (flags & delayFlag) === 0 ? undefined : from.u64(),
  timeToLiveMs: (flags & timeToLiveFlag) === 0 ? undefined : unbounded(from.u64()),
  priority: (flags & priorityFlag) === 0 ? undefined : from.u8(),
  groupId: (flags & groupIdFlag) === 0 ? undefined : from.text("the group id", textBytesMax),
  deduplicationId:
    (flags & deduplicationIdFlag) === 0 ? undefined : from.text("the deduplication id", textBytesMax),
});

export function writeOutgoingRecords(to: FrameWriter, records: readonly WireOutgoingRecord[]): void {
  to.u32(records.length);
  for (const { key, body, attributes } of records) {
    writeFlags(to, key, attributes);
    to.sized(body);
  }
}

export function readOutgoingRecords(from: PayloadReader): readonly WireOutgoingRecord[] {
  const count = from.count("records", from.u32(), entryCountMax, messageBytesMin);
  const records: WireOutgoingRecord[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    const flags = readFlags(from, attributesFlag | keyFlag);
    const key = (flags & keyFlag) === 0 ? undefined : from.sized();
    const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
    records.push({ key, body: from.sized(), attributes });
  }
  return records;
}

/** The flags, and what they announce: everything of a record before its body. */
export function writeFlags(to: FrameWriter, key: Uint8Array | undefined, attributes: WireAttributes): void {
  const hasAttributes = attributes.size > 0;
  to.u8((hasAttributes ? attributesFlag : 0) | (key === undefined ? 0 : keyFlag));
  if (key !== undefined) to.sized(key);
  if (hasAttributes) writeAttributes(to, attributes);
}

export function readFlags(from: PayloadReader, known: number): number {
  const flags = from.u8();
  if ((flags & ~known) !== 0) from.malformed(`the flags are ${flags}, of which only ${known} is known`);
  return flags;
}
