/** The event "a message was accepted", on the topic `emis.message.sent`: what the worker stores and other services may read. */
import { event, InvalidEvent } from "@sluice/bus";
import Type, { type Static } from "typebox";
import { type Message, timeOf } from "./message.ts";

const id = Type.String({ minLength: 1, maxLength: 128 });

const schema = Type.Object({
  messageId: id,
  conversationId: id,
  senderId: id,
  senderName: Type.String(),
  content: Type.String(),
  mentions: Type.Array(Type.String()),
  replyToId: Type.Optional(Type.Union([id, Type.Null()])),
  clientMessageId: Type.Optional(Type.Union([id, Type.Null()])),
  sentAt: Type.String({ format: "date-time" }),
});

export type MessageSent = Static<typeof schema>;

/** Keyed by conversation, so that a conversation's messages are in one partition, in the order of their acceptance. */
export const messageSent = event({
  type: "emis.message.sent",
  topic: "emis.message.sent",
  schema,
  key: ({ conversationId }) => conversationId,
});

/** The data of the event: every field is there, absent ones as null. */
export function eventOf(message: Message): MessageSent {
  const { sentAtMs, mentions, ...same } = message;
  return { ...same, mentions: [...mentions], sentAt: timeOf(sentAtMs) };
}

/** The message that an event tells of. Throws `InvalidEvent` for a time that is none. */
export function messageOf(data: MessageSent): Message {
  const sentAtMs = Date.parse(data.sentAt);
  if (Number.isNaN(sentAtMs)) throw new InvalidEvent(`sentAt '${data.sentAt}' is not a time`, "sentAt");
  return {
    messageId: data.messageId,
    conversationId: data.conversationId,
    senderId: data.senderId,
    senderName: data.senderName,
    content: data.content,
    mentions: data.mentions,
    replyToId: data.replyToId ?? null,
    clientMessageId: data.clientMessageId ?? null,
    sentAtMs,
  };
}
