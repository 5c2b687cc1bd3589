/** The one form of every answer of the chat's routes: `{success: true, data}` or `{success: false, error: {code, message}}`. */
import type { FastifyReply } from "fastify";
import Type, { type TSchema } from "typebox";
import type { ChatRefusal } from "../refusals.ts";

/** What goes wrong before a rule is asked, or beneath it. */
type HttpRefusal =
  | "invalid-request"
  | "malformed-json"
  | "not-found"
  | "body-too-large"
  | "unsupported-media-type"
  | "unavailable"
  | "internal-error";

export type ErrorCode = ChatRefusal | HttpRefusal;

/** The status of each code. */
export const statuses = {
  "invalid-request": 400,
  "malformed-json": 400,
  "not-a-member": 403,
  "not-found": 404,
  "unknown-conversation": 404,
  "client-message-id-reused": 409,
  "conversation-differs": 409,
  "body-too-large": 413,
  "unsupported-media-type": 415,
  "internal-error": 500,
  "shutting-down": 503,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

/** For clients that may try again: after this many seconds. */
const retryAfterSeconds = "1";

export function succeed(reply: FastifyReply, status: 200 | 201 | 202, data: object): FastifyReply {
  return reply.code(status).send({ success: true, data });
}

export function fail(reply: FastifyReply, code: ErrorCode, message: string): FastifyReply {
  const status = statuses[code];
  if (status === 503) reply.header("retry-after", retryAfterSeconds);
  return reply.code(status).send({ success: false, error: { code, message } });
}

/** The schema of an answer with this data, for the OpenAPI document. */
export function successSchema(data: TSchema): TSchema {
  return Type.Object({ success: Type.Literal(true), data });
}

export const failureSchema: TSchema = Type.Object({
  success: Type.Literal(false),
  error: Type.Object({ code: Type.String({ enum: Object.keys(statuses) }), message: Type.String() }),
});
