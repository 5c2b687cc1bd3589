/**
 * The settings of a queue inside a record.
 *
 *     settings   => visibility-timeout:f64 dead-letter message-count-max body-bytes-max durability:u8
 *                   delay:f64 time-to-live:f64 on-expiry:u8 min-delay:f64 max-delay:f64 factor:f64 jitter:f64 park-after:f64
 *                   priority-aging:f64 deduplication:u8 deduplication-window:f64 in-flight-max:f64 starts-per-second-max:f64 overflow:u8
 *     settings-1 => visibility-timeout:f64 dead-letter message-count-max body-bytes-max durability:u8        as the first version wrote them
 *     dead-letter => 0 | 1 queue receive-count-max
 */
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import { defaultQueueSettings, type QueueSettings } from "./settings.ts";

/** The number of a durability is its place here; the same holds for the lists below. */
export const durabilities = ["memory", "buffered", "synced"] as const;
const expiries = ["drop", "dead-letter"] as const;
const deduplications = ["by-id", "by-content"] as const;
const overflows = ["refuse", "drop-oldest"] as const;

export function writeSettings(to: RecordWriter, settings: QueueSettings): void {
  const { deadLetter, retry } = settings;
  to.f64(settings.visibilityTimeoutMs);
  if (deadLetter === undefined) to.u8(0);
  else to.u8(1).varint(deadLetter.queue).varint(deadLetter.receiveCountMax);
  to.varint(settings.messageCountMax).varint(settings.bodyBytesMax);
  to.u8(durabilities.indexOf(settings.durability));
  to.f64(settings.delayMs).f64(settings.timeToLiveMs).u8(expiries.indexOf(settings.onExpiry));
  to.f64(retry.minDelayMs).f64(retry.maxDelayMs).f64(retry.factor).f64(retry.jitter);
  to.f64(settings.parkAfterReceives).f64(settings.priorityAgingMs);
  to.u8(deduplications.indexOf(settings.deduplication)).f64(settings.deduplicationWindowMs);
  to.f64(settings.inFlightMax).f64(settings.startsPerSecondMax).u8(overflows.indexOf(settings.overflow));
}

export function readSettings(from: RecordReader): QueueSettings {
  return {
    ...readFirstSettings(from),
    delayMs: from.f64(),
    timeToLiveMs: from.f64(),
    onExpiry: readChoice(from, expiries, "drop"),
    retry: { minDelayMs: from.f64(), maxDelayMs: from.f64(), factor: from.f64(), jitter: from.f64() },
    parkAfterReceives: from.f64(),
    priorityAgingMs: from.f64(),
    deduplication: readChoice(from, deduplications, "by-id"),
    deduplicationWindowMs: from.f64(),
    inFlightMax: from.f64(),
    startsPerSecondMax: from.f64(),
    overflow: readChoice(from, overflows, "refuse"),
  };
}

/** What the first version wrote. Its queues parked nothing, and go on so. */
export function readFirstSettings(from: RecordReader): QueueSettings {
  return {
    ...defaultQueueSettings,
    parkAfterReceives: Number.POSITIVE_INFINITY,
    visibilityTimeoutMs: from.f64(),
    deadLetter: from.u8() === 0 ? undefined : { queue: from.varint(), receiveCountMax: from.varint() },
    messageCountMax: from.varint(),
    bodyBytesMax: from.varint(),
    durability: readDurability(from),
  };
}

export const readDurability = (from: RecordReader): (typeof durabilities)[number] =>
  readChoice(from, durabilities, "synced");

/** One of a list by its place; anything else makes the record malformed. */
export function readChoice<Choice extends string>(
  from: RecordReader,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  const choice = choices[from.u8()];
  if (choice === undefined) from.reject();
  return choice ?? otherwise;
}
