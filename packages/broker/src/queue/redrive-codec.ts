/**
 * A redrive inside a record.
 *
 *     redrive => task (0 | 1 to) per-second-max:f64 before-sequence total moved started-at:f64 ended-at:f64 status:u8
 */
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";
import { type RedriveFacts, redriveStatuses } from "./redrive-task.ts";
import { readChoice } from "./settings-codec.ts";

export function writeRedrive(to: RecordWriter, facts: RedriveFacts): void {
  to.varint(facts.task);
  if (facts.to === undefined) to.u8(0);
  else to.u8(1).varint(facts.to);
  to.f64(facts.perSecondMax).varint(facts.beforeSequence).varint(facts.total).varint(facts.moved);
  to.f64(facts.startedAtWallMs).f64(facts.endedAtWallMs).u8(redriveStatuses.indexOf(facts.status));
}

export function readRedrive(from: RecordReader): RedriveFacts {
  return {
    task: from.varint(),
    to: from.u8() === 0 ? undefined : from.varint(),
    perSecondMax: from.f64(),
    beforeSequence: from.varint(),
    total: from.varint(),
    moved: from.varint(),
    startedAtWallMs: from.f64(),
    endedAtWallMs: from.f64(),
    status: readChoice(from, redriveStatuses, "cancelled"),
  };
}
