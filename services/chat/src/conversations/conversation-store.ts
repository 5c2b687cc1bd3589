/** What conversations ask of a store. */
import type { Conversation, NewConversation } from "./conversation.ts";

/** Resolves and rejects as `MessageStore` does. */
export interface ConversationStore {
  /** The conversation of that id: the new one, or the one that was there before (`isNew: false`), which stays as it is. */
  createConversation(
    conversation: NewConversation,
  ): Promise<{ readonly isNew: boolean; readonly conversation: Conversation }>;

  conversation(conversationId: string): Promise<Conversation | undefined>;

  /** Undefined when there is no such conversation. */
  isMember(conversationId: string, userId: string): Promise<boolean | undefined>;
}
