/** Makes topics, changes how long they keep their records, and tells about them. */
/*  createTopic    => topic:text partitions:u32? retention:u8 durability:u8 retention-ms:u64? retention-bytes:u64?    -> created
    configureTopic => topic:text retention-ms:u64? retention-bytes:u64?                     -> changed; absent: no change
    describeTopic  => topic:text
    topic          => retention:u8 durability:u8 live-subscribers:u32 retention-ms:u64 retention-bytes:u64
                      partitions:u32 { start-offset:u64 end-offset:u64 retained-bytes:u64 }
    ? all ones: the server's default. 2^53 - 1: without bound. retention: 0 default, 1 log, 2 live; in a description 0 log, 1 live.
    docs/protocol.md, "Topics"                                                                                                   */
import { finite, unbounded } from "./bounds.ts";
import {
  type DurabilitySetting,
  durabilities,
  durabilitySettings,
  type WireDurability,
} from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

const retentions = ["log", "live"] as const;
export type WireRetention = (typeof retentions)[number];

const retentionSettings = [undefined, ...retentions] as const;

/** Absent settings get the server's defaults. */
export interface CreateTopicRequest {
  readonly verb: "createTopic";
  readonly id: number;
  readonly topic: string;
  readonly partitionCount: number | undefined;
  readonly retention: WireRetention | undefined;
  readonly durability: DurabilitySetting;
  /** How long records are kept, in milliseconds; Infinity: for ever. */
  readonly retentionMs?: number | undefined;
  /** Bytes that a partition keeps at most; Infinity: without bound. */
  readonly retentionBytes?: number | undefined;
}

/** Changes how long a topic keeps its records; absent: no change. */
export interface ConfigureTopicRequest {
  readonly verb: "configureTopic";
  readonly id: number;
  readonly topic: string;
  readonly retentionMs: number | undefined;
  readonly retentionBytes: number | undefined;
}

export interface DescribeTopicRequest {
  readonly verb: "describeTopic";
  readonly id: number;
  readonly topic: string;
}

export interface WirePartitionState {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly retainedBytes: number;
}

export interface TopicAnswer {
  readonly verb: "topic";
  readonly id: number;
  readonly retention: WireRetention;
  readonly durability: WireDurability;
  readonly liveSubscribers: number;
  /** Infinity: for ever. */
  readonly retentionMs: number;
  /** Of each partition; Infinity: without bound. */
  readonly retentionBytes: number;
  readonly partitions: readonly WirePartitionState[];
}

export function writeCreateTopic(to: FrameWriter, request: Omit<CreateTopicRequest, "verb">): void {
  to.begin(requestVerbs.createTopic, request.id).text(request.topic).optional32(request.partitionCount);
  to.u8(retentionSettings.indexOf(request.retention));
  to.u8(durabilitySettings.indexOf(request.durability));
  to.optional64(finite(request.retentionMs)).optional64(finite(request.retentionBytes)).end();
}

export const readCreateTopic = (from: PayloadReader, id: number): CreateTopicRequest => ({
  verb: "createTopic",
  id,
  topic: from.text("the topic", textBytesMax),
  partitionCount: from.optional32(),
  retention: from.choice("the retention", retentionSettings),
  durability: from.choice("the durability", durabilitySettings),
  retentionMs: unbounded(from.optional64()),
  retentionBytes: unbounded(from.optional64()),
});

export function writeConfigureTopic(to: FrameWriter, request: Omit<ConfigureTopicRequest, "verb">): void {
  to.begin(requestVerbs.configureTopic, request.id).text(request.topic);
  to.optional64(finite(request.retentionMs)).optional64(finite(request.retentionBytes)).end();
}

export const readConfigureTopic = (from: PayloadReader, id: number): ConfigureTopicRequest => ({
  verb: "configureTopic",
  id,
  topic: from.text("the topic", textBytesMax),
  retentionMs: unbounded(from.optional64()),
  retentionBytes: unbounded(from.optional64()),
});

export const writeDescribeTopic = (
  to: FrameWriter,
  { id, topic }: Omit<DescribeTopicRequest, "verb">,
): void => to.begin(requestVerbs.describeTopic, id).text(topic).end();

export const readDescribeTopic = (from: PayloadReader, id: number): DescribeTopicRequest => ({
  verb: "describeTopic",
  id,
  topic: from.text("the topic", textBytesMax),
});

export function writeTopic(to: FrameWriter, answer: Omit<TopicAnswer, "verb">): void {
  to.begin(requestVerbs.describeTopic | answerBit, answer.id).u8(retentions.indexOf(answer.retention));
  to.u8(durabilities.indexOf(answer.durability)).u32(answer.liveSubscribers);
  to.u64(finite(answer.retentionMs)).u64(finite(answer.retentionBytes)).u32(answer.partitions.length);
  for (const { startOffset, endOffset, retainedBytes } of answer.partitions) {
    to.u64(startOffset).u64(endOffset).u64(retainedBytes);
  }
  to.end();
}

export function readTopic(from: PayloadReader, id: number): TopicAnswer {
  const retention = from.choice("the retention", retentions);
  const durability = from.choice("a durability", durabilities);
  const liveSubscribers = from.u32();
  const retentionMs = unbounded(from.u64());
  const retentionBytes = unbounded(from.u64());
  const count = from.count("partitions", from.u32(), entryCountMax, 24);
  const partitions: WirePartitionState[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    partitions.push({ startOffset: from.u64(), endOffset: from.u64(), retainedBytes: from.u64() });
  }
  return {
    verb: "topic",
    id,
    retention,
    durability,
    liveSubscribers,
    retentionMs,
    retentionBytes,
    partitions,
  };
}
