/** Which queues and topics there are, that one was made, and that something about one was changed. */
/*  created     => created:u8                                            of a queue or topic. 0: it was there, with these settings
    changed     => durability:u8                                         answers whatever changes something and has no more to say
    list        => what:u8 after:text max:u32                            what: 0 queues, 1 topics
    names       => more:u8 count:u32 { name:text }                       in ascending order, behind `after`
    deleteTopic => topic:text                                            -> changed
    docs/protocol.md, "Queues" and "Topics"                                                                                       */
import { durabilities, type WireDurability } from "./durability.ts";
import { entryCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

const listed = ["queues", "topics"] as const;

export interface ListRequest {
  readonly verb: "list";
  readonly id: number;
  readonly what: (typeof listed)[number];
  /** Only names behind this one; empty: from the beginning. */
  readonly after: string;
  readonly max: number;
}

export interface NamesAnswer {
  readonly verb: "names";
  readonly id: number;
  /** Whether there are names behind the last one. */
  readonly more: boolean;
  readonly names: readonly string[];
}

export interface CreatedAnswer {
  readonly verb: "created";
  readonly id: number;
  readonly created: boolean;
}

/** The topic goes with everything that is in it. */
export interface DeleteTopicRequest {
  readonly verb: "deleteTopic";
  readonly id: number;
  readonly topic: string;
}

export interface ChangedAnswer {
  readonly verb: "changed";
  readonly id: number;
  readonly durability: WireDurability;
}

/** The verbs that are answered with nothing but what the change rests on. */
export const changes = [
  "deleteBefore",
  "configureTopic",
  "deleteTopic",
  "configureQueue",
  "deleteQueue",
  "pauseQueue",
  "cancelMessage",
  "rescheduleMessage",
  "redriveMessage",
  "cancelRedrive",
] as const satisfies readonly (keyof typeof requestVerbs)[];
export type Change = (typeof changes)[number];

export function writeChanged(to: FrameWriter, verb: Change, answer: Omit<ChangedAnswer, "verb">): void {
  to.begin(requestVerbs[verb] | answerBit, answer.id)
    .u8(durabilities.indexOf(answer.durability))
    .end();
}

export const readChanged = (from: PayloadReader, id: number): ChangedAnswer => ({
  verb: "changed",
  id,
  durability: from.choice("a durability", durabilities),
});

export const writeDeleteTopic = (to: FrameWriter, { id, topic }: Omit<DeleteTopicRequest, "verb">): void =>
  to.begin(requestVerbs.deleteTopic, id).text(topic).end();

export const readDeleteTopic = (from: PayloadReader, id: number): DeleteTopicRequest => ({
  verb: "deleteTopic",
  id,
  topic: from.text("the topic", textBytesMax),
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
