/** Conversations and their members in SQLite. */
import type { DatabaseSync } from "node:sqlite";
import type { Conversation, NewConversation } from "../../conversations/conversation.ts";
import { messageOf, numberOf, textOf, textOrNullOf, typeOf } from "./rows.ts";

export class ConversationTable {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  /** To be called inside a transaction. */
  create(wanted: NewConversation): { readonly isNew: boolean; readonly conversation: Conversation } {
    const present = this.read(wanted.conversationId);
    if (present !== undefined) return { isNew: false, conversation: present };
    const { insert, insertMember } = this.#statements;
    insert.run(wanted.conversationId, wanted.type, wanted.classId, wanted.createdAtMs);
    wanted.members.forEach((userId, place) => {
      insertMember.run(wanted.conversationId, userId, place);
    });
    return { isNew: true, conversation: { ...wanted, lastSeq: 0, lastMessage: undefined } };
  }

  read(conversationId: string): Conversation | undefined {
    const { select, selectMembers, selectLastMessage } = this.#statements;
    const row = select.get(conversationId);
    if (row === undefined) return undefined;
    const lastMessage = selectLastMessage.get(conversationId);
    return {
      conversationId,
      type: typeOf(row),
      classId: textOrNullOf(row, "class_id"),
      members: selectMembers.all(conversationId).map((member) => textOf(member, "user_id")),
      createdAtMs: numberOf(row, "created_at_ms"),
      lastSeq: numberOf(row, "last_seq"),
      lastMessage: lastMessage && messageOf(lastMessage),
    };
  }

  isMember(conversationId: string, userId: string): boolean | undefined {
    const { select, selectMember } = this.#statements;
    if (selectMember.get(conversationId, userId) !== undefined) return true;
    return select.get(conversationId) === undefined ? undefined : false;
  }

  /** The next seq of the conversation, undefined when there is no such conversation. To be called inside a transaction. */
  takeSeq(conversationId: string): number | undefined {
    const row = this.#statements.takeSeq.get(conversationId);
    return row && numberOf(row, "last_seq");
  }

  /** Makes `seq` the last message unless a newer one is. To be called inside a transaction. */
  setLastMessage(conversationId: string, seq: number): void {
    this.#statements.setLastMessage.run(seq, conversationId, seq);
  }
}

function prepare(database: DatabaseSync) {
  return {
    insert: database.prepare(
      "INSERT INTO conversations (conversation_id, type, class_id, created_at_ms) VALUES (?, ?, ?, ?)",
    ),
    insertMember: database.prepare("INSERT INTO members (conversation_id, user_id, place) VALUES (?, ?, ?)"),
    select: database.prepare("SELECT * FROM conversations WHERE conversation_id = ?"),
    selectMembers: database.prepare("SELECT user_id FROM members WHERE conversation_id = ? ORDER BY place"),
    selectMember: database.prepare("SELECT 1 FROM members WHERE conversation_id = ? AND user_id = ?"),
    selectLastMessage: database.prepare(
      `SELECT messages.* FROM conversations JOIN messages
         ON messages.conversation_id = conversations.conversation_id AND messages.seq = conversations.last_message_seq
       WHERE conversations.conversation_id = ?`,
    ),
    takeSeq: database.prepare(
      "UPDATE conversations SET last_seq = last_seq + 1 WHERE conversation_id = ? RETURNING last_seq",
    ),
    setLastMessage: database.prepare(
      "UPDATE conversations SET last_message_seq = ? WHERE conversation_id = ? AND last_message_seq < ?",
    ),
  };
}
