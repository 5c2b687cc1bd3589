/** Tells about a consumer group. */
/*  describeGroup => group:text
    group         => generation:u64 rebalancing:u8 lag:u64 members:u32 { member:text topics:u16 { topic:text } }
                     partitions:u32 { topic:text partition:u32 member:text committed:u64? lag:u64 }
    member is empty: nobody's. committed is absent: never.  docs/protocol.md, "Consumer groups"                    */
import { entryCountMax, partCountMax, textBytesMax } from "./limits.ts";
import { partitionCountMax } from "./partitions.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface DescribeGroupRequest {
  readonly verb: "describeGroup";
  readonly id: number;
  readonly group: string;
}

export interface WireGroupMember {
  readonly member: string;
  readonly topics: readonly string[];
}

export interface WireGroupPartition {
  readonly topic: string;
  readonly partition: number;
  /** Who owns it in the present generation. */
  readonly member: string | undefined;
  /** The offset that the group reads next; undefined when it has never committed there. */
  readonly committed: number | undefined;
  /** Records that the group has yet to read there. */
  readonly lag: number;
}

export interface GroupAnswer {
  readonly verb: "group";
  readonly id: number;
  readonly generation: number;
  /** Whether the next generation waits for members to release what was revoked from them. */
  readonly rebalancing: boolean;
  /** Of all partitions together. */
  readonly lag: number;
  readonly members: readonly WireGroupMember[];
  /** Those that somebody reads or that the group has committed. */
  readonly partitions: readonly WireGroupPartition[];
}

export const writeDescribeGroup = (
  to: FrameWriter,
  { id, group }: Omit<DescribeGroupRequest, "verb">,
): void => to.begin(requestVerbs.describeGroup, id).text(group).end();

export const readDescribeGroup = (from: PayloadReader, id: number): DescribeGroupRequest => ({
  verb: "describeGroup",
  id,
  group: from.text("the group", textBytesMax),
});

/** @throws RangeError when the description does not fit a frame. */
export function writeGroup(to: FrameWriter, answer: Omit<GroupAnswer, "verb">): void {
  to.begin(requestVerbs.describeGroup | answerBit, answer.id).u64(answer.generation);
  to.flag(answer.rebalancing).u64(answer.lag).u32(answer.members.length);
  for (const { member, topics } of answer.members) {
    to.text(member).u16(topics.length);
    for (const topic of topics) to.text(topic);
  }
  to.u32(answer.partitions.length);
  for (const { topic, partition, member, committed, lag } of answer.partitions) {
    to.text(topic)
      .u32(partition)
      .text(member ?? "");
    to.optional64(committed).u64(lag);
  }
  to.end();
}

export function readGroup(from: PayloadReader, id: number): GroupAnswer {
  const generation = from.u64();
  const rebalancing = from.flag();
  const lag = from.u64();
  const memberCount = from.count("members", from.u32(), entryCountMax, 4);
  const members: WireGroupMember[] = [];
  for (let i = 0; i < memberCount && !from.failed; i++) members.push(readMember(from));
  const partitionCount = from.count("partitions", from.u32(), partitionCountMax, 24);
  const partitions: WireGroupPartition[] = [];
  for (let i = 0; i < partitionCount && !from.failed; i++) partitions.push(readPartition(from));
  return { verb: "group", id, generation, rebalancing, lag, members, partitions };
}

function readMember(from: PayloadReader): WireGroupMember {
  const member = from.text("the member", textBytesMax);
  const count = from.count("topics", from.u16(), partCountMax, 2);
  const topics: string[] = [];
  for (let i = 0; i < count && !from.failed; i++) topics.push(from.text("a topic", textBytesMax));
  return { member, topics };
}

function readPartition(from: PayloadReader): WireGroupPartition {
  const topic = from.text("the topic", textBytesMax);
  const partition = from.u32();
  const member = from.text("the member", textBytesMax);
  const committed = from.optional64();
  return { topic, partition, member: member === "" ? undefined : member, committed, lag: from.u64() };
}
