/** The live side of the chat: clients join conversations at `/hubs/chat` and hear what is stored there. */
import type { IncomingMessage } from "node:http";
import { type HubConnection, HubError, type HubIdentity, type HubOptions, HubServer } from "@sluice/signalr";
import type { Conversation } from "../conversations/conversation.ts";
import type { ConversationStore } from "../conversations/conversation-store.ts";
import { isName } from "../ids.ts";
import { type StoredMessage, viewOf } from "../messages/message.ts";
import { notAMember, type Refused, unknownConversation } from "../refusals.ts";

export const hubPath = "/hubs/chat";

export class ChatHub {
  readonly server: HubServer;
  readonly #store: ConversationStore;

  constructor(store: ConversationStore, options: Omit<HubOptions, "path" | "authenticate">) {
    this.#store = store;
    this.server = new HubServer({ ...options, path: hubPath, authenticate: identify });
    this.server.on("Join", (connection, args) => this.#join(connection, conversationIdOf("Join", args)));
    this.server.on("Leave", (connection, args) => {
      this.server.groups.remove(connection, groupOf(conversationIdOf("Leave", args)));
    });
  }

  /** Calls `MessageReceived` of everybody who has joined the message's conversation. */
  show(message: StoredMessage): void {
    this.server.groups.send(groupOf(message.conversationId), "MessageReceived", viewOf(message));
  }

  /**
   * Resolves with where the conversation stands: the client hears everything after `lastSeq`, and may hear of it what was stored while
   * it joined; what came before is in the history.
   */
  async #join(
    connection: HubConnection,
    conversationId: string,
  ): Promise<{ conversationId: string; lastSeq: number }> {
    const allowed = await this.#mayJoin(connection, conversationId);
    if (!allowed.ok) throw new HubError(`${allowed.refusal}: ${allowed.sentence}`);
    this.server.groups.add(connection, groupOf(conversationId));
    // Read after joining, so that no message falls between the history and the live ones.
    const joined = await this.#store.conversation(conversationId);
    return { conversationId, lastSeq: joined?.lastSeq ?? allowed.conversation.lastSeq };
  }

  async #mayJoin(
    { userId }: HubConnection,
    conversationId: string,
  ): Promise<{ readonly ok: true; readonly conversation: Conversation } | Refused> {
    const conversation = await this.#store.conversation(conversationId);
    if (conversation === undefined) return unknownConversation(conversationId);
    if (userId !== undefined && !conversation.members.includes(userId))
      return notAMember(conversationId, userId);
    return { ok: true, conversation };
  }
}

/** Who connects, by `?userId=`, which nobody vouches for; without it a guest, who may listen. */
function identify({ url = "/" }: IncomingMessage): HubIdentity | undefined {
  const userId = new URL(url, "http://hub").searchParams.get("userId");
  if (userId === null) return { userId: undefined };
  return isName(userId) ? { userId } : undefined;
}

function groupOf(conversationId: string): string {
  return `conversation:${conversationId}`;
}

function conversationIdOf(method: string, [conversationId]: readonly unknown[]): string {
  if (typeof conversationId !== "string") throw new HubError(`${method} asks for the id of a conversation.`);
  return conversationId;
}
