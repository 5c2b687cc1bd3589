/** What operators do to queues and to single messages. */
/*  deleteQueue       => queue:text                                  -> changed
    pauseQueue        => queue:text paused:u8                        -> changed
    purgeQueue        => queue:text
    purged            => durability:u8 messages:u64
    cancelMessage     => queue:text message-id:16                    -> changed
    rescheduleMessage => queue:text message-id:16 delay-ms:u64       -> changed
    redriveMessage    => queue:text message-id:16 to:text            -> changed. `to` is empty: the queue that gave it up
    docs/protocol.md, "Operators"                                                                                       */
import { durabilities, type WireDurability } from "./durability.ts";
import { textBytesMax } from "./limits.ts";
import { formatMessageId, messageIdBytes, putMessageId } from "./message-id.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

/** The queue goes with everything that is in it. */
export interface DeleteQueueRequest {
  readonly verb: "deleteQueue";
  readonly id: number;
  readonly queue: string;
}

/** While it is paused nothing is handed out. */
export interface PauseQueueRequest {
  readonly verb: "pauseQueue";
  readonly id: number;
  readonly queue: string;
  readonly paused: boolean;
}

/** Every message goes, also those in flight. */
export interface PurgeQueueRequest {
  readonly verb: "purgeQueue";
  readonly id: number;
  readonly queue: string;
}

export interface PurgedAnswer {
  readonly verb: "purged";
  readonly id: number;
  readonly durability: WireDurability;
  /** How many messages went. */
  readonly messages: number;
}

/** A message that nobody has goes. */
export interface CancelMessageRequest {
  readonly verb: "cancelMessage";
  readonly id: number;
  readonly queue: string;
  /** The text of a UUID. */
  readonly messageId: string;
}

/** A message that waits or is delayed becomes ready at another time. */
export interface RescheduleMessageRequest {
  readonly verb: "rescheduleMessage";
  readonly id: number;
  readonly queue: string;
  readonly messageId: string;
  /** From now. */
  readonly delayMs: number;
}

/** One dead letter goes at once. */
export interface RedriveMessageRequest {
  readonly verb: "redriveMessage";
  readonly id: number;
  readonly queue: string;
  readonly messageId: string;
  /** Undefined: the queue that gave it up. */
  readonly to: string | undefined;
}

export const writeDeleteQueue = (to: FrameWriter, { id, queue }: Omit<DeleteQueueRequest, "verb">): void =>
  to.begin(requestVerbs.deleteQueue, id).text(queue).end();

export const readDeleteQueue = (from: PayloadReader, id: number): DeleteQueueRequest => ({
  verb: "deleteQueue",
  id,
  queue: from.text("the queue", textBytesMax),
});

export const writePauseQueue = (
  to: FrameWriter,
  { id, queue, paused }: Omit<PauseQueueRequest, "verb">,
): void => to.begin(requestVerbs.pauseQueue, id).text(queue).flag(paused).end();

export const readPauseQueue = (from: PayloadReader, id: number): PauseQueueRequest => ({
  verb: "pauseQueue",
  id,
  queue: from.text("the queue", textBytesMax),
  paused: from.flag(),
});

export const writePurgeQueue = (to: FrameWriter, { id, queue }: Omit<PurgeQueueRequest, "verb">): void =>
  to.begin(requestVerbs.purgeQueue, id).text(queue).end();

export const readPurgeQueue = (from: PayloadReader, id: number): PurgeQueueRequest => ({
  verb: "purgeQueue",
  id,
  queue: from.text("the queue", textBytesMax),
});

export const writePurged = (
  to: FrameWriter,
  { id, durability, messages }: Omit<PurgedAnswer, "verb">,
): void =>
  to
    .begin(requestVerbs.purgeQueue | answerBit, id)
    .u8(durabilities.indexOf(durability))
    .u64(messages)
    .end();

export const readPurged = (from: PayloadReader, id: number): PurgedAnswer => ({
  verb: "purged",
  id,
  durability: from.choice("a durability", durabilities),
  messages: from.u64(),
});

export function writeCancelMessage(to: FrameWriter, request: Omit<CancelMessageRequest, "verb">): void {
  to.begin(requestVerbs.cancelMessage, request.id).text(request.queue);
  writeMessageId(to, request.messageId);
  to.end();
}

export const readCancelMessage = (from: PayloadReader, id: number): CancelMessageRequest => ({
  verb: "cancelMessage",
  id,
  queue: from.text("the queue", textBytesMax),
  messageId: readMessageId(from),
});

export function writeRescheduleMessage(
  to: FrameWriter,
  request: Omit<RescheduleMessageRequest, "verb">,
): void {
  to.begin(requestVerbs.rescheduleMessage, request.id).text(request.queue);
  writeMessageId(to, request.messageId);
  to.u64(request.delayMs).end();
}

export const readRescheduleMessage = (from: PayloadReader, id: number): RescheduleMessageRequest => ({
  verb: "rescheduleMessage",
  id,
  queue: from.text("the queue", textBytesMax),
  messageId: readMessageId(from),
  delayMs: from.u64(),
});

export function writeRedriveMessage(to: FrameWriter, request: Omit<RedriveMessageRequest, "verb">): void {
  to.begin(requestVerbs.redriveMessage, request.id).text(request.queue);
  writeMessageId(to, request.messageId);
  to.text(request.to ?? "").end();
}

export const readRedriveMessage = (from: PayloadReader, id: number): RedriveMessageRequest => ({
  verb: "redriveMessage",
  id,
  queue: from.text("the queue", textBytesMax),
  messageId: readMessageId(from),
  to: from.text("the target", textBytesMax) || undefined,
});

/** Sixteen bytes of the text of a UUID. */
function writeMessageId(to: FrameWriter, text: string): void {
  const { chunk, at } = to.space(messageIdBytes);
  putMessageId(text, chunk, at);
}

function readMessageId(from: PayloadReader): string {
  const bytes = from.raw(messageIdBytes);
  return formatMessageId(bytes, 0);
}
