/**
 * The settings of a queue inside a record.
 *
 *     settings => visibility-timeout:f64 (0 | 1 dead-letter-queue receive-count-max) message-count-max body-bytes-max durability:u8
 */
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { QueueSettings } from "./settings.ts";

/** The number of a durability is its place here. */
export const durabilities = ["memory", "buffered", "synced"] as const;

export function writeSettings(to: RecordWriter, settings: QueueSettings): void {
  const { deadLetter } = settings;
  to.f64(settings.visibilityTimeoutMs);
  if (deadLetter === undefined) to.u8(0);
  else to.u8(1).varint(deadLetter.queue).varint(deadLetter.receiveCountMax);
  to.varint(settings.messageCountMax).varint(settings.bodyBytesMax);
  to.u8(durabilities.indexOf(settings.durability));
}

export function readSettings(from: RecordReader): QueueSettings {
  return {
    visibilityTimeoutMs: from.f64(),
    deadLetter: from.u8() === 0 ? undefined : { queue: from.varint(), receiveCountMax: from.varint() },
    messageCountMax: from.varint(),
    bodyBytesMax: from.varint(),
    durability: readDurability(from),
  };
}

export function readDurability(from: RecordReader): (typeof durabilities)[number] {
  const durability = durabilities[from.u8()];
  if (durability === undefined) from.reject();
  return durability ?? "synced";
}
