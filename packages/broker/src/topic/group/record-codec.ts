/**
 * Group records as the journal keeps them. A layout never changes: a new one is a new type number, and the old one stays readable.
 * All numbers are varints; docs/topic.md shows the same table.
 *
 *    96 generation-begun    generation
 *    97 offsets-committed   count { topic partition offset }
 *    98 restored-group      generation count { topic partition offset }
 */
import { type DecodedRecord, malformed, unknownType } from "../../queue/decoded.ts";
import type { EncodedRecord } from "../../queue/record-codec.ts";
import { RecordReader } from "../../queue/record-reader.ts";
import { RecordWriter } from "../../queue/record-writer.ts";
import type { OffsetCommit } from "../commands.ts";
import type { GroupRecord } from "./records.ts";
import { nobody } from "./state.ts";

const types = {
  "generation-begun": 96,
  "offsets-committed": 97,
  "restored-group": 98,
} as const satisfies Record<GroupRecord["kind"], number>;

const writer = new RecordWriter();

export function encodeGroupRecord(record: GroupRecord): EncodedRecord {
  if (record.kind === "generation-begun") writer.varint(record.assignment.generation);
  else {
    if (record.kind === "restored-group") writer.varint(record.generation);
    writer.varint(record.offsets.length);
    for (const { topic, partition, offset } of record.offsets) {
      writer.varint(topic).varint(partition).varint(offset);
    }
  }
  return { type: types[record.kind], head: writer.finish(), bodies: [] };
}

/** Reads a record of any type that this version or one before it wrote. A generation comes back without its members. */
export function decodeGroupRecord(type: number, head: Uint8Array): DecodedRecord<GroupRecord> {
  const from = new RecordReader(head);
  const record = readGroupRecord(type, from);
  if (record === undefined) return unknownType("group", type);
  return from.complete ? { ok: true, record } : malformed("group", type, head.byteLength, 0);
}

function readGroupRecord(type: number, from: RecordReader): GroupRecord | undefined {
  switch (type) {
    case types["generation-begun"]: {
      const assignment = { generation: from.varint(), members: nobody };
      return { kind: "generation-begun", assignment };
    }
    case types["offsets-committed"]:
      return { kind: "offsets-committed", offsets: readOffsets(from) };
    case types["restored-group"]:
      return { kind: "restored-group", generation: from.varint(), offsets: readOffsets(from) };
    default:
      return undefined;
  }
}

function readOffsets(from: RecordReader): readonly OffsetCommit[] {
  return Array.from({ length: from.count(3) }, () => ({
    topic: from.varint(),
    partition: from.varint(),
    offset: from.varint(),
  }));
}
