/** Partitions and offsets by the name of their topic, as groups and commits say them. */
/*  partitions => topics:u16 { topic:text count:u32 { partition:u32 } }
    offsets    => topics:u16 { topic:text count:u32 { partition:u32 offset:u64 } }      */
import { partCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

export interface WirePartition {
  readonly topic: string;
  readonly partition: number;
}

export interface WireOffset extends WirePartition {
  readonly offset: number;
}

/** Partitions of one frame: 64 topics with as many as a topic can have. */
export const partitionCountMax = 65_536;

export function writePartitions(to: FrameWriter, partitions: readonly WirePartition[]): void {
  writeByTopic(to, partitions, ({ partition }) => to.u32(partition));
}

export const readPartitions = (from: PayloadReader): readonly WirePartition[] =>
  readByTopic(from, 4, (topic) => ({ topic, partition: from.u32() }));

export function writeOffsets(to: FrameWriter, offsets: readonly WireOffset[]): void {
  writeByTopic(to, offsets, ({ partition, offset }) => to.u32(partition).u64(offset));
}

export const readOffsets = (from: PayloadReader): readonly WireOffset[] =>
  readByTopic(from, 12, (topic) => {
    const partition = from.u32();
    return { topic, partition, offset: from.u64() };
  });

function writeByTopic<Place extends WirePartition>(
  to: FrameWriter,
  places: readonly Place[],
  write: (place: Place) => void,
): void {
  const byTopic = Map.groupBy(places, ({ topic }) => topic);
  to.u16(byTopic.size);
  for (const [topic, group] of byTopic) {
    to.text(topic).u32(group.length);
    for (const place of group) write(place);
  }
}

function readByTopic<Place>(
  from: PayloadReader,
  bytesMin: number,
  read: (topic: string) => Place,
): readonly Place[] {
  const topics = from.count("topics", from.u16(), partCountMax, 6);
  const places: Place[] = [];
  for (let i = 0; i < topics && !from.failed; i++) {
    const topic = from.text("the topic", textBytesMax);
    const count = from.count("partitions", from.u32(), partitionCountMax - places.length, bytesMin);
    for (let j = 0; j < count && !from.failed; j++) places.push(read(topic));
  }
  return places;
}
