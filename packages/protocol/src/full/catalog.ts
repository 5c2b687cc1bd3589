/** Makes queues and topics, and tells about them. */
/*  create-queue   => queue:text visibility-timeout-ms:u32? dead-letter-queue:text receive-count-max:u32 message-count-max:u64?
                      body-bytes-max:u64? durability:u8                    dead-letter-queue is empty: none
    create-topic   => topic:text partitions:u32? retention:u8 durability:u8
    created        => created:u8                                           0: it was there, with these settings
    describe-queue => queue:text
    queue          => visibility-timeout-ms:u32 dead-letter-queue:text receive-count-max:u32 message-count-max:u64
                      body-bytes-max:u64 durability:u8 ready:u64 delayed:u64 in-flight:u64 body-bytes:u64
    describe-topic => topic:text
    topic          => retention:u8 durability:u8 live-subscribers:u32 partitions:u32 { start-offset:u64 end-offset:u64 }
    list           => what:u8 after:text max:u32                           what: 0 queues, 1 topics
    names          => more:u8 count:u32 { name:text }                      in ascending order of their bytes, behind `after`
    ? all ones: the server's default. retention: 0 default, 1 log, 2 live. durability of a setting: 0 default, 1 synced,
    2 buffered, 3 memory; that of a description is what answers about it rest on.  docs/protocol.md, "Queues", "Topics"        */
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

const retentions = ["log", "live"] as const;
export type WireRetention = (typeof retentions)[number];

const retentionSettings = [undefined, ...retentions] as const;
const durabilitySettings = [undefined, "synced", "buffered", "memory"] as const;
export type DurabilitySetting = (typeof durabilitySettings)[number];

export interface WireDeadLetter {
  readonly queue: string;
  readonly receiveCountMax: number;
}

/** Absent settings get the server's defaults. */
export interface CreateQueueRequest {
  readonly verb: "createQueue";
  readonly id: number;
  readonly queue: string;
  readonly visibilityTimeoutMs: number | undefined;
  readonly deadLetter: WireDeadLetter | undefined;
  readonly messageCountMax: number | undefined;
  readonly bodyBytesMax: number | undefined;
  readonly durability: DurabilitySetting;
}

export interface CreateTopicRequest {
  readonly verb: "createTopic";
  readonly id: number;
  readonly topic: string;
  readonly partitionCount: number | undefined;
  readonly retention: WireRetention | undefined;
  readonly durability: DurabilitySetting;
}

export interface DescribeQueueRequest {
  readonly verb: "describeQueue";
  readonly id: number;
  readonly queue: string;
}

export interface DescribeTopicRequest {
  readonly verb: "describeTopic";
  readonly id: number;
  readonly topic: string;
}

const listed = ["queues", "topics"] as const;

export interface ListRequest {
  readonly verb: "list";
  readonly id: number;
  readonly what: (typeof listed)[number];
  /** Only names behind this one; empty: from the beginning. */
  readonly after: string;
  readonly max: number;
}

export interface CreatedAnswer {
  readonly verb: "created";
  readonly id: number;
  readonly created: boolean;
}

export interface QueueAnswer {
  readonly verb: "queue";
  readonly id: number;
  readonly visibilityTimeoutMs: number;
  readonly deadLetter: WireDeadLetter | undefined;
  readonly messageCountMax: number;
  readonly bodyBytesMax: number;
  readonly durability: WireDurability;
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
}

export interface TopicAnswer {
  readonly verb: "topic";
  readonly id: number;
  readonly retention: WireRetention;
  readonly durability: WireDurability;
  readonly liveSubscribers: number;
  readonly partitions: readonly { readonly startOffset: number; readonly endOffset: number }[];
}

export interface NamesAnswer {
  readonly verb: "names";
  readonly id: number;
  /** Whether there are names behind the last one. */
  readonly more: boolean;
  readonly names: readonly string[];
}

export function writeCreateQueue(to: FrameWriter, request: Omit<CreateQueueRequest, "verb">): void {
  to.begin(requestVerbs.createQueue, request.id).text(request.queue);
  to.optional32(request.visibilityTimeoutMs);
  writeDeadLetter(to, request.deadLetter);
  to.optional64(request.messageCountMax).optional64(request.bodyBytesMax);
  to.u8(durabilitySettings.indexOf(request.durability)).end();
}

export const readCreateQueue = (from: PayloadReader, id: number): CreateQueueRequest => ({
  verb: "createQueue",
  id,
  queue: from.text("the queue", textBytesMax),
  visibilityTimeoutMs: from.optional32(),
  deadLetter: readDeadLetter(from),
  messageCountMax: from.optional64(),
  bodyBytesMax: from.optional64(),
  durability: from.choice("the durability", durabilitySettings),
});

export function writeCreateTopic(to: FrameWriter, request: Omit<CreateTopicRequest, "verb">): void {
  to.begin(requestVerbs.createTopic, request.id).text(request.topic).optional32(request.partitionCount);
  to.u8(retentionSettings.indexOf(request.retention));
  to.u8(durabilitySettings.indexOf(request.durability)).end();
}

export const readCreateTopic = (from: PayloadReader, id: number): CreateTopicRequest => ({
  verb: "createTopic",
  id,
  topic: from.text("the topic", textBytesMax),
  partitionCount: from.optional32(),
  retention: from.choice("the retention", retentionSettings),
  durability: from.choice("the durability", durabilitySettings),
});

export function writeCreated(
  to: FrameWriter,
  verb: "createQueue" | "createTopic",
  { id, created }: Omit<CreatedAnswer, "verb">,
): void {
  to.begin(requestVerbs[verb] | answerBit, id)
    .flag(created)
    .end();
}

export const readCreated = (from: PayloadReader, id: number): CreatedAnswer => ({
  verb: "created",
  id,
  created: from.flag(),
});

export const writeDescribeQueue = (
  to: FrameWriter,
  { id, queue }: Omit<DescribeQueueRequest, "verb">,
): void => to.begin(requestVerbs.describeQueue, id).text(queue).end();

export const readDescribeQueue = (from: PayloadReader, id: number): DescribeQueueRequest => ({
  verb: "describeQueue",
  id,
  queue: from.text("the queue", textBytesMax),
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

export function writeQueue(to: FrameWriter, answer: Omit<QueueAnswer, "verb">): void {
  to.begin(requestVerbs.describeQueue | answerBit, answer.id).u32(answer.visibilityTimeoutMs);
  writeDeadLetter(to, answer.deadLetter);
  to.u64(answer.messageCountMax).u64(answer.bodyBytesMax).u8(durabilities.indexOf(answer.durability));
  to.u64(answer.ready).u64(answer.delayed).u64(answer.inFlight).u64(answer.bodyBytes).end();
}

export const readQueue = (from: PayloadReader, id: number): QueueAnswer => ({
  verb: "queue",
  id,
  visibilityTimeoutMs: from.u32(),
  deadLetter: readDeadLetter(from),
  messageCountMax: from.u64(),
  bodyBytesMax: from.u64(),
  durability: from.choice("a durability", durabilities),
  ready: from.u64(),
  delayed: from.u64(),
  inFlight: from.u64(),
  bodyBytes: from.u64(),
});

export function writeTopic(to: FrameWriter, answer: Omit<TopicAnswer, "verb">): void {
  to.begin(requestVerbs.describeTopic | answerBit, answer.id).u8(retentions.indexOf(answer.retention));
  to.u8(durabilities.indexOf(answer.durability)).u32(answer.liveSubscribers).u32(answer.partitions.length);
  for (const { startOffset, endOffset } of answer.partitions) to.u64(startOffset).u64(endOffset);
  to.end();
}

export function readTopic(from: PayloadReader, id: number): TopicAnswer {
  const retention = from.choice("the retention", retentions);
  const durability = from.choice("a durability", durabilities);
  const liveSubscribers = from.u32();
  const count = from.count("partitions", from.u32(), entryCountMax, 16);
  const partitions: { readonly startOffset: number; readonly endOffset: number }[] = [];
  for (let i = 0; i < count && !from.failed; i++) {
    const startOffset = from.u64();
    partitions.push({ startOffset, endOffset: from.u64() });
  }
  return { verb: "topic", id, retention, durability, liveSubscribers, partitions };
}

export const writeList = (to: FrameWriter, { id, what, after, max }: Omit<ListRequest, "verb">): void =>
  to.begin(requestVerbs.list, id).u8(listed.indexOf(what)).text(after).u32(max).end();

export const readList = (from: PayloadReader, id: number): ListRequest => ({
  verb: "list",
  id,
  what: from.choice("what is listed", listed),
  after: from.text("a name", textBytesMax),
  max: from.u32(),
});

export function writeNames(to: FrameWriter, { id, more, names }: Omit<NamesAnswer, "verb">): void {
  to.begin(requestVerbs.list | answerBit, id)
    .flag(more)
    .u32(names.length);
  for (const name of names) to.text(name);
  to.end();
}

export function readNames(from: PayloadReader, id: number): NamesAnswer {
  const more = from.flag();
  const count = from.count("names", from.u32(), entryCountMax, 2);
  const names: string[] = [];
  for (let i = 0; i < count && !from.failed; i++) names.push(from.text("a name", textBytesMax));
  return { verb: "names", id, more, names };
}

function writeDeadLetter(to: FrameWriter, deadLetter: WireDeadLetter | undefined): void {
  to.text(deadLetter?.queue ?? "").u32(deadLetter?.receiveCountMax ?? 0);
}

function readDeadLetter(from: PayloadReader): WireDeadLetter | undefined {
  const queue = from.text("the dead-letter queue", textBytesMax);
  const receiveCountMax = from.u32();
  return queue === "" ? undefined : { queue, receiveCountMax };
}
