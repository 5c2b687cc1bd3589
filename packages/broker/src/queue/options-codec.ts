/**
 * What a message was sent with, inside a record.
 *
 *     options => bits:u8 [delay:f64] [time-to-live:f64] [priority:u8] [group:text] [deduplication-id:text]       bits: 1, 2, 4, 8, 16
 */
import { type MessageOptions, plainOptions } from "./message.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";

const bit = { delay: 1, timeToLive: 2, priority: 4, group: 8, deduplication: 16 } as const;
const known = 31;

export function writeOptions(to: RecordWriter, options: MessageOptions = plainOptions): void {
  const { delayMs, timeToLiveMs, priority, groupId, deduplicationId } = options;
  const hasEnd = timeToLiveMs < Number.POSITIVE_INFINITY;
  to.u8(
    (delayMs > 0 ? bit.delay : 0) |
      (hasEnd ? bit.timeToLive : 0) |
      (priority > 0 ? bit.priority : 0) |
      (groupId === undefined ? 0 : bit.group) |
      (deduplicationId === undefined ? 0 : bit.deduplication),
  );
  if (delayMs > 0) to.f64(delayMs);
  if (hasEnd) to.f64(timeToLiveMs);
  if (priority > 0) to.u8(priority);
  if (groupId !== undefined) to.text(groupId);
  if (deduplicationId !== undefined) to.text(deduplicationId);
}

/** Undefined for those of a message that was sent with nothing. */
export function readOptions(from: RecordReader): MessageOptions | undefined {
  const bits = from.u8();
  if (bits === 0) return undefined;
  if (bits > known) from.reject();
  return {
    delayMs: (bits & bit.delay) === 0 ? 0 : from.f64(),
    timeToLiveMs: (bits & bit.timeToLive) === 0 ? Number.POSITIVE_INFINITY : from.f64(),
    priority: (bits & bit.priority) === 0 ? 0 : readPriority(from),
    groupId: (bits & bit.group) === 0 ? undefined : from.text(),
    deduplicationId: (bits & bit.deduplication) === 0 ? undefined : from.text(),
  };
}

export function readPriority(from: RecordReader): number {
  const priority = from.u8();
  if (priority <= 9) return priority;
  from.reject();
  return 0;
}
