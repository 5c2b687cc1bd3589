/** Messages, and the claims of those that are on their way, in SQLite. */
import type { DatabaseSync } from "node:sqlite";
import { fingerprintOf } from "../../messages/fingerprint.ts";
import type { Message, StoredMessage } from "../../messages/message.ts";
import type { Claim, HistoryPage, StoreOutcome } from "../../messages/message-store.ts";
import type { ConversationTable } from "./conversation-table.ts";
import { messageOf, numberOf, textOf } from "./rows.ts";

export class MessageTable {
  readonly #conversations: ConversationTable;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync, conversations: ConversationTable) {
    this.#conversations = conversations;
    this.#statements = prepare(database);
  }

  /** To be called inside a transaction. */
  claim(message: Message & { readonly clientMessageId: string }): Claim {
    const { senderId, clientMessageId, messageId, sentAtMs } = message;
    const present = this.#statements.selectClaim.get(senderId, clientMessageId, senderId, clientMessageId);
    if (present !== undefined) {
      return {
        messageId: textOf(present, "message_id"),
        sentAtMs: numberOf(present, "sent_at_ms"),
        fingerprint: textOf(present, "fingerprint"),
        isStored: numberOf(present, "is_stored") === 1,
      };
    }
    const fingerprint = fingerprintOf(message);
    this.#statements.insertClaim.run(senderId, clientMessageId, messageId, sentAtMs, fingerprint);
    return { messageId, sentAtMs, fingerprint, isStored: false };
  }

  /** To be called inside a transaction. */
  store(message: Message): StoreOutcome {
    const { selectKnown, insert, deleteClaim } = this.#statements;
    const { messageId, conversationId, senderId, clientMessageId } = message;
    const known = selectKnown.get(messageId, senderId, clientMessageId);
    if (known !== undefined) return { ok: true, isNew: false, message: messageOf(known) };
    const seq = this.#conversations.takeSeq(conversationId);
    if (seq === undefined) return { ok: false, refusal: "unknown-conversation" };
    insert.run(
      conversationId,
      seq,
      messageId,
      senderId,
      message.senderName,
      message.content,
      JSON.stringify(message.mentions),
      message.replyToId,
      clientMessageId,
      message.sentAtMs,
      fingerprintOf(message),
    );
    this.#conversations.setLastMessage(conversationId, seq);
    if (clientMessageId !== null) deleteClaim.run(senderId, clientMessageId);
    return { ok: true, isNew: true, message: { ...message, seq } };
  }

  history(
    conversationId: string,
    { limit, beforeSeq = Number.MAX_SAFE_INTEGER }: HistoryPage,
  ): StoredMessage[] {
    return this.#statements.selectPage.all(conversationId, beforeSeq, limit).map(messageOf);
  }
}

function prepare(database: DatabaseSync) {
  return {
    selectClaim: database.prepare(
      `SELECT message_id, sent_at_ms, fingerprint, 1 AS is_stored FROM messages WHERE sender_id = ? AND client_message_id = ?
       UNION ALL
       SELECT message_id, sent_at_ms, fingerprint, 0 FROM claims WHERE sender_id = ? AND client_message_id = ?`,
    ),
    insertClaim: database.prepare(
      "INSERT INTO claims (sender_id, client_message_id, message_id, sent_at_ms, fingerprint) VALUES (?, ?, ?, ?, ?)",
    ),
    deleteClaim: database.prepare("DELETE FROM claims WHERE sender_id = ? AND client_message_id = ?"),
    selectKnown: database.prepare(
      "SELECT * FROM messages WHERE message_id = ? OR (sender_id = ? AND client_message_id = ?)",
    ),
    insert: database.prepare(
      `INSERT INTO messages (conversation_id, seq, message_id, sender_id, sender_name, content, mentions, reply_to_id,
         client_message_id, sent_at_ms, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    selectPage: database.prepare(
      "SELECT * FROM messages WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
    ),
  };
}
