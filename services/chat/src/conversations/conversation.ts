/** A conversation: who talks with whom. */
import Type, { type Static } from "typebox";
import { conversationIdSchema, nameSchema } from "../ids.ts";
import { messageViewSchema, type StoredMessage, timeOf, viewOf } from "../messages/message.ts";

export const conversationTypes = ["direct", "group", "class"] as const;
export type ConversationType = (typeof conversationTypes)[number];

/** A class of 300 fits; larger ones need another way to be told than a list. */
export const membersMax = 1000;

export interface NewConversation {
  readonly conversationId: string;
  readonly type: ConversationType;
  /** The class of a conversation of type `class`; null for the others. */
  readonly classId: string | null;
  /** User ids, each once. */
  readonly members: readonly string[];
  readonly createdAtMs: number;
}

export interface Conversation extends NewConversation {
  /** The seq of the newest message; 0 when there is none. */
  readonly lastSeq: number;
  readonly lastMessage: StoredMessage | undefined;
}

const typeSchema = Type.Enum(conversationTypes);

/** The body of `POST /api/v1/conversations`. */
export const createConversationSchema = Type.Object({
  conversationId: Type.Optional(conversationIdSchema),
  type: typeSchema,
  classId: Type.Optional(Type.Union([nameSchema, Type.Null()])),
  members: Type.Array(nameSchema, { minItems: 1, maxItems: membersMax, uniqueItems: true }),
});

export type CreateConversation = Static<typeof createConversationSchema>;

export const conversationViewSchema = Type.Object({
  conversationId: Type.String(),
  type: typeSchema,
  classId: Type.Union([Type.String(), Type.Null()]),
  members: Type.Array(Type.String()),
  createdAt: Type.String({ format: "date-time" }),
  lastSeq: Type.Integer({ minimum: 0 }),
  lastMessage: Type.Union([messageViewSchema, Type.Null()]),
});

export function conversationViewOf(conversation: Conversation): Static<typeof conversationViewSchema> {
  const { conversationId, type, classId, members, createdAtMs, lastSeq, lastMessage } = conversation;
  return {
    conversationId,
    type,
    classId,
    members: [...members],
    createdAt: timeOf(createdAtMs),
    lastSeq,
    lastMessage: lastMessage === undefined ? null : viewOf(lastMessage),
  };
}

/** What the fields have to be together; a sentence that names the field when they are not. */
export function faultOf({ type, classId, members }: CreateConversation): string | undefined {
  if (type === "direct" && members.length !== 2) return "members: a direct conversation has two";
  if (type === "class" && typeof classId !== "string") return "classId: a class conversation needs it";
  if (type !== "class" && typeof classId === "string") return `classId: a ${type} conversation has none`;
  return undefined;
}

/** Whether both describe the same conversation; the order of the members says nothing. */
export function isSame(one: NewConversation, other: NewConversation): boolean {
  const members = new Set(one.members);
  return (
    one.type === other.type &&
    one.classId === other.classId &&
    one.members.length === other.members.length &&
    other.members.every((member) => members.has(member))
  );
}
