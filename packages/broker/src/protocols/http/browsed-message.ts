/** A message as operators see it: where it stands and what has happened to it. Looking at it changes nothing. */
import Type, { type Static } from "typebox";
import type { BrowsedMessage } from "../../broker/api.ts";
import { encodeContent, encodedContentFields } from "./content.ts";
import { instant, instantField, instantOrNull, instantOrNullField, textOrNull } from "./fields.ts";
import { movedFromOf, movedFromSchema } from "./moved-from.ts";

const fields = Type.Object({
  messageId: Type.String(),
  state: Type.Enum(["ready", "blocked", "delayed", "in-flight", "parked"], {
    description: "blocked: it waits for another one of its group.",
  }),
  dueAt: instantOrNullField("When its delay or its lease ends."),
  expiresAt: instantOrNullField("When its time to live ends."),
  ...encodedContentFields,
  receiveCount: Type.Integer({ description: "How often it has been received in this queue." }),
  enqueuedAt: instantField("When it was first sent."),
  priority: Type.Integer(),
  groupId: textOrNull("Of its message group."),
  lastError: textOrNull("What its last consumer said went wrong."),
  movedFrom: movedFromSchema,
});

export const browsedSchema = fields;
export type BrowsedFields = Static<typeof fields>;

export const browsedOf = (message: BrowsedMessage): BrowsedFields => ({
  messageId: message.messageId,
  state: message.state,
  dueAt: instantOrNull(message.dueAtMs),
  expiresAt: instantOrNull(message.expiresAtMs),
  ...encodeContent(message.body, message.attributes),
  receiveCount: message.receiveCount,
  enqueuedAt: instant(message.enqueuedAtMs),
  priority: message.priority,
  groupId: message.groupId ?? null,
  lastError: message.lastError || null,
  movedFrom: movedFromOf(message.movedFrom),
});
