/** What sending, storing and reading messages ask of a store. */
import type { Message, StoredMessage } from "./message.ts";

/** The answer that a (senderId, clientMessageId) has been given, or is about to be given. */
export interface Claim {
  readonly messageId: string;
  readonly sentAtMs: number;
  readonly fingerprint: string;
  /** The message has been stored already. */
  readonly isStored: boolean;
}

export type StoreOutcome =
  /** Now, or before (`isNew: false`): by message id, or by (senderId, clientMessageId). */
  | { readonly ok: true; readonly isNew: boolean; readonly message: StoredMessage }
  | { readonly ok: false; readonly refusal: "unknown-conversation" };

/** A page of a conversation. */
export interface HistoryPage {
  /** At most so many messages. */
  readonly limit: number;
  /** Only messages with a smaller seq. Absent: from the newest on. */
  readonly beforeSeq?: number;
}

/**
 * Each method resolves when what it says is as durable as the store is, and rejects with the `Fault` `storage-failed` when it may not
 * be; nothing is half done.
 */
export interface MessageStore {
  /**
   * Writes down which message a send with a client message id is, before it is published. The first claim of a (senderId,
   * clientMessageId) wins for ever; every later one gets that first one back.
   */
  claim(message: Message & { readonly clientMessageId: string }): Promise<Claim>;

  /**
   * Gives the message the next seq of its conversation and makes it the conversation's last message. Storing what is stored changes
   * nothing.
   */
  storeMessage(message: Message): Promise<StoreOutcome>;

  /** The newest first. Empty for an unknown conversation. */
  history(conversationId: string, page: HistoryPage): Promise<readonly StoredMessage[]>;
}
