/** What is sent to a queue and published to a topic. */
/*  message  => flags:u8 [attributes] body:sized               flags: 1 attributes follow
    record   => flags:u8 [key:sized] [attributes] body:sized   flags: 1 attributes follow, 2 a key follows
    Any other flag is malformed: a newer version may give it a meaning.                                                       */
import { noWireAttributes, readAttributes, type WireAttributes, writeAttributes } from "./attributes.ts";
import { entryCountMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

export interface WireMessage {
  readonly body: Uint8Array;
  readonly attributes: WireAttributes;
}

export interface WireOutgoingRecord extends WireMessage {
  /** Decides the partition, and with it the order. Absent: partitions take turns. */
  readonly key: Uint8Array | undefined;
}

export const attributesFlag = 1;
export const keyFlag = 2;

const messageBytesMin = 5;

export function writeMessages(to: FrameWriter, messages: readonly WireMessage[]): void {
  to.u32(messages.length);
  for (const { body, attributes } of messages) {
    const hasAttributes = attributes.size > 0;
    to.u8(hasAttributes ? attributesFlag : 0);
    if (hasAttributes) writeAttributes(to, attributes);
    to.sized(body);
  }
}

export function readMessages(from: PayloadReader): readonly WireMessage[] {
  const count = from.count("messages", from.u32(), entryCountMax, messageBytesMin);
  const messages: WireMessage[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    const flags = readFlags(from, attributesFlag);
    const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
    messages.push({ body: from.sized(), attributes });
  }
  return messages;
}

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
