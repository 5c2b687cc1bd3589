/** A message, from the moment it is accepted to the moment it is stored, and how clients see it. */
import Type, { type Static } from "typebox";
import { nameSchema } from "../ids.ts";

/** A message that was accepted: it has a name and a time, and no place in its conversation yet. Status "Sending". */
export interface Message {
  /** UUIDv7 when it came through this API. */
  readonly messageId: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly senderName: string;
  readonly content: string;
  /** User ids, in the order in which the sender gave them. */
  readonly mentions: readonly string[];
  readonly replyToId: string | null;
  /** The sender's own name for it: at most one message per sender has it. */
  readonly clientMessageId: string | null;
  readonly sentAtMs: number;
}

/** A message with its place: `seq` counts 1, 2, 3, ... in a conversation, without gap or reuse. Status "Sent". */
export interface StoredMessage extends Message {
  readonly seq: number;
}

/** A stored message in JSON: in the history, as `lastMessage`, and in `MessageReceived`. */
export const messageViewSchema = Type.Object({
  messageId: Type.String(),
  conversationId: Type.String(),
  seq: Type.Integer({ minimum: 1 }),
  senderId: Type.String(),
  senderName: Type.String(),
  content: Type.String(),
  mentions: Type.Array(nameSchema),
  replyToId: Type.Union([Type.String(), Type.Null()]),
  clientMessageId: Type.Union([Type.String(), Type.Null()]),
  sentAt: Type.String({ format: "date-time" }),
  status: Type.Literal("Sent"),
});

export type MessageView = Static<typeof messageViewSchema>;

export function viewOf(message: StoredMessage): MessageView {
  const { sentAtMs, messageId, conversationId, seq, senderId, senderName, content } = message;
  const { replyToId, clientMessageId } = message;
  return {
    messageId,
    conversationId,
    seq,
    senderId,
    senderName,
    content,
    mentions: [...message.mentions],
    replyToId,
    clientMessageId,
    sentAt: timeOf(sentAtMs),
    status: "Sent",
  };
}

/** ISO 8601, UTC, with milliseconds. */
export function timeOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
