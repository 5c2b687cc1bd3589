/** Every way in which the chat says no. The routes map them to a status, the hub to an error text. */

/** What the rules refuse. */
export type ChatRefusal =
  | "unknown-conversation"
  | "not-a-member"
  | "conversation-differs"
  | "client-message-id-reused"
  | "shutting-down";

/** A refusal as a value, with a sentence for people. */
export interface Refused {
  readonly ok: false;
  readonly refusal: ChatRefusal;
  readonly sentence: string;
}

export function refuse(refusal: ChatRefusal, sentence: string): Refused {
  return { ok: false, refusal, sentence };
}

export function unknownConversation(conversationId: string): Refused {
  return refuse("unknown-conversation", `There is no conversation '${conversationId}'.`);
}

export function notAMember(conversationId: string, userId: string): Refused {
  return refuse("not-a-member", `'${userId}' is no member of the conversation '${conversationId}'.`);
}
