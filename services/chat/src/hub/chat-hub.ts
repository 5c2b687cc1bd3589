/** The live side of the chat: clients join conversations at `/hubs/chat` and hear what is stored there. */
import type { IncomingMessage } from "node:http";
import { type HubConnection, HubError, type HubIdentity, type HubOptions, HubServer } from "@sluice/signalr";
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
    const refused = await this.#refusalOf(connection, conversationId);
    if (refused !== undefined) throw new HubError(`${refused.refusal}: ${refused.sentence}`);
    this.server.groups.add(connection, groupOf(conversationId));
    // Read after joining, so that no message falls between the history and the live ones.
    const joined = await this.#store.conversation(conversationId);
    return { conversationId, lastSeq: joined?.lastSeq ?? 0 };
  }

  /** Why the connection may not join. A guest may join everything that exists. */
  async #refusalOf({ userId }: HubConnection, conversationId: string): Promise<Refused | undefined> {
    const isMember = await this.#store.isMember(conversationId, userId ?? "");
    if (isMember === undefined) return unknownConversation(conversationId);
    if (userId !== undefined && !isMember) return notAMember(conversationId, userId);
    return undefined;
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
