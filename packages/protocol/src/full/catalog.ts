/** Makes queues and tells about them; lists what there is. Topics stand in topic-catalog.ts. */
/*  createQueue   => queue:text visibility-timeout-ms:u32? dead-letter-queue:text receive-count-max:u32 message-count-max:u64?
                     body-bytes-max:u64? durability:u8                     dead-letter-queue is empty: none
    created       => created:u8                                            also of a topic. 0: it was there, with these settings
    describeQueue => queue:text
    queue         => visibility-timeout-ms:u32 dead-letter-queue:text receive-count-max:u32 message-count-max:u64
                     body-bytes-max:u64 durability:u8 ready:u64 delayed:u64 in-flight:u64 body-bytes:u64
    list          => what:u8 after:text max:u32                            what: 0 queues, 1 topics
    names         => more:u8 count:u32 { name:text }                       in ascending order, behind `after`
    ? all ones: the server's default. durability of a setting: 0 default, 1 synced, 2 buffered, 3 memory; that of a description is
    what answers about it rest on.  docs/protocol.md, "Queues"                                                                    */
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

/** What a setting of durability may be, as one byte: the place in this list. */
export const durabilitySettings = [undefined, "synced", "buffered", "memory"] as const;
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

export interface DescribeQueueRequest {
  readonly verb: "describeQueue";
  readonly id: number;
  readonly queue: string;
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
