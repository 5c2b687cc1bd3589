/** Where the chat keeps its conversations and messages. An implementation is what passes `storeConformance`. */
import type { Readiness } from "@sluice/runtime";
import type { ConversationStore } from "../conversations/conversation-store.ts";
import type { MessageStore } from "../messages/message-store.ts";

export interface ChatStore extends ConversationStore, MessageStore, AsyncDisposable {
  /** What its answers rest on. */
  readonly durability: "synced" | "replicated" | "buffered" | "memory";
  readiness(): Readiness;
}
