/** From rows of the database to values. What a column holds is our own doing, so a surprise is a bug. */
import type { SQLOutputValue } from "node:sqlite";
import { assert } from "@sluice/runtime";
import { type ConversationType, conversationTypes } from "../../conversations/conversation.ts";
import type { StoredMessage } from "../../messages/message.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  assert(typeof value === "string", `${column} holds text`);
  return value;
}

export function textOrNullOf(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  assert(typeof value === "number", `${column} holds a number`);
  return value;
}

export function typeOf(row: Row): ConversationType {
  const type = conversationTypes.find((known) => known === row.type);
  assert(type !== undefined, "type holds a type of conversation");
  return type;
}

export function messageOf(row: Row): StoredMessage {
  return {
    messageId: textOf(row, "message_id"),
    conversationId: textOf(row, "conversation_id"),
    seq: numberOf(row, "seq"),
    senderId: textOf(row, "sender_id"),
    senderName: textOf(row, "sender_name"),
    content: textOf(row, "content"),
    mentions: JSON.parse(textOf(row, "mentions")),
    replyToId: textOrNullOf(row, "reply_to_id"),
    clientMessageId: textOrNullOf(row, "client_message_id"),
    sentAtMs: numberOf(row, "sent_at_ms"),
  };
}
