/** A message as it is sent over JSON: its content, and what it may be sent with. */
import { problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import { contentFields, type Decoded, decodeContent } from "./content.ts";
import { milliseconds } from "./fields.ts";
import { delaySecondsMax, idBytesMax, priorityMax } from "./limits.ts";

const idField = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: idBytesMax, description }));

export const messageFields = {
  ...contentFields,
  delaySeconds: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: delaySecondsMax,
      description: "How long it waits before it can be received. Default: the queue's.",
    }),
  ),
  timeToLiveSeconds: Type.Optional(
    Type.Number({
      minimum: 0.001,
      maximum: delaySecondsMax,
      description: "How long it may wait from then on. Default: the queue's.",
    }),
  ),
  priority: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: priorityMax,
      default: 0,
      description: "The more urgent the larger.",
    }),
  ),
  groupId: idField("Messages of one group are received one after the other, in the order of sending."),
  deduplicationId: idField(
    "A second message with the same one is not taken within the window of the queue, and answered with the id of the first.",
  ),
};

export const messageSchema = Type.Object(messageFields, { additionalProperties: false });
export type MessageFields = Static<typeof messageSchema>;

/** `at` is where in the request the message stands: `""` or `messages[2].`. */
export function decodeMessage(given: MessageFields, at: string): Decoded {
  const decoded = decodeContent(given, at);
  if (!decoded.ok) return decoded;
  const { delaySeconds, timeToLiveSeconds, priority, groupId, deduplicationId } = given;
  const wrong = wrongId(`${at}groupId`, groupId) ?? wrongId(`${at}deduplicationId`, deduplicationId);
  if (wrong !== undefined) return wrong;
  const { body, attributes } = decoded.message;
  const delayMs = delaySeconds === undefined ? undefined : milliseconds(delaySeconds);
  const timeToLiveMs = timeToLiveSeconds === undefined ? undefined : milliseconds(timeToLiveSeconds);
  return {
    ok: true,
    message: { body, attributes, delayMs, timeToLiveMs, priority, groupId, deduplicationId },
  };
}

function wrongId(field: string, id: string | undefined): Extract<Decoded, { ok: false }> | undefined {
  if (id === undefined) return undefined;
  const byteCount = Buffer.byteLength(id);
  const wrong = id.isWellFormed()
    ? byteCount > idBytesMax && `has ${byteCount} bytes of UTF-8; at most ${idBytesMax} are taken`
    : "holds half a surrogate pair, which UTF-8 cannot carry";
  if (wrong === false) return undefined;
  return { ok: false, problem: problem(400, "invalid-field", `The field ${field} ${wrong}.`, field) };
}
