/** Appends records to a topic. */
/*  publish   => topic:text flags:u8 [sequence:u64] count:u32 { record }      flags: 2 a sequence follows
    published => durability:u8 places
    places    => runs:u32 { count:u32 partition:u32 offset:u64 }
    A run is consecutive records of the request that went to consecutive offsets of one partition.  docs/protocol.md, "Topics" */
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import { readFlags, readOutgoingRecords, type WireOutgoingRecord, writeOutgoingRecords } from "./message.ts";
import type { PayloadReader } from "./reader.ts";
import { sequenceFlag } from "./send.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface PublishRequest {
  readonly verb: "publish";
  readonly id: number;
  readonly topic: string;
  /** As in a send. */
  readonly sequence: number | undefined;
  /** All of them or none. */
  readonly records: readonly WireOutgoingRecord[];
}

export interface WirePlace {
  readonly partition: number;
  readonly offset: number;
}

export interface PublishedAnswer {
  readonly verb: "published";
  readonly id: number;
  readonly durability: WireDurability;
  /** In the order of the records. */
  readonly places: readonly WirePlace[];
}

const runBytes = 16;

export function writePublish(to: FrameWriter, request: Omit<PublishRequest, "verb">): void {
  const { sequence } = request;
  to.begin(requestVerbs.publish, request.id)
    .text(request.topic)
    .u8(sequence === undefined ? 0 : sequenceFlag);
  if (sequence !== undefined) to.u64(sequence);
  writeOutgoingRecords(to, request.records);
  to.end();
}

export function readPublish(from: PayloadReader, id: number): PublishRequest {
  const topic = from.text("the topic", textBytesMax);
  const flags = readFlags(from, sequenceFlag);
  const sequence = (flags & sequenceFlag) === 0 ? undefined : from.u64();
  return { verb: "publish", id, topic, sequence, records: readOutgoingRecords(from) };
}

export function writePublished(to: FrameWriter, answer: Omit<PublishedAnswer, "verb">): void {
  to.begin(requestVerbs.publish | answerBit, answer.id).u8(durabilities.indexOf(answer.durability));
  writePlaces(to, answer.places);
  to.end();
}

export function readPublished(from: PayloadReader, id: number): PublishedAnswer {
  const durability = from.choice("a durability", durabilities);
  return { verb: "published", id, durability, places: readPlaces(from) };
}

export function writePlaces(to: FrameWriter, places: readonly WirePlace[]): void {
  const runs = runsOf(places);
  to.u32(runs.length);
  for (const { count, partition, offset } of runs) to.u32(count).u32(partition).u64(offset);
}

export function readPlaces(from: PayloadReader): readonly WirePlace[] {
  const runs = from.count("runs", from.u32(), entryCountMax, runBytes);
  const places: WirePlace[] = [];
  for (let i = 0; i < runs && !from.failed; i++) {
    const count = from.u32();
    const partition = from.u32();
    const first = from.u64();
    if (places.length + count > entryCountMax) {
      from.exceeded("places", places.length + count, entryCountMax);
      break;
    }
    for (let j = 0; j < count; j++) places.push({ partition, offset: first + j });
  }
  return places;
}

interface Run extends WirePlace {
  count: number;
}

function runsOf(places: readonly WirePlace[]): readonly Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const { partition, offset } of places) {
    if (run !== undefined && run.partition === partition && run.offset + run.count === offset) {
      run.count++;
    } else {
      run = { count: 1, partition, offset };
      runs.push(run);
    }
  }
  return runs;
}
