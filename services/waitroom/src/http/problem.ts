/** How the waiting room says no over HTTP: problem documents (RFC 9457) with a stable `code`, from one table. */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import Type from "typebox";
import type { LineRefusal } from "../line/index.ts";

/** Refusals that the rules do not know: they are about the request, or about the state of this process. */
type EdgeRefusal =
  | "malformed-json"
  | "missing-field"
  | "invalid-field"
  | "bad-request"
  | "missing-session-token"
  | "wrong-session-token"
  | "unknown-path"
  | "method-not-allowed"
  | "request-too-large"
  | "unsupported-media-type"
  | "state-unavailable"
  | "internal-error";

export type ProblemCode = LineRefusal | EdgeRefusal;

export const statusByCode = {
  "unknown-room": 404,
  "room-closed": 409,
  "room-closing": 409,
  "unknown-session": 404,
  "session-not-ready": 409,
  "session-ended": 409,
  "malformed-json": 400,
  "missing-field": 400,
  "invalid-field": 400,
  "bad-request": 400,
  "missing-session-token": 401,
  "wrong-session-token": 403,
  "unknown-path": 404,
  "method-not-allowed": 405,
  "request-too-large": 413,
  "unsupported-media-type": 415,
  "state-unavailable": 503,
  "internal-error": 500,
} as const satisfies Record<ProblemCode, number>;

/** Seconds after which the same request may well be answered otherwise. */
const retryAfterSeconds: Partial<Record<ProblemCode, number>> = { "room-closing": 1, "state-unavailable": 1 };

/** `type` is always `about:blank` and `title` the phrase of the status (RFC 9457 §4.2.1): programs go by `code`. */
const problemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  /** One sentence about this very request. */
  detail: Type.String(),
  code: Type.String(),
  /** What of the request was wrong, e.g. `event_id`. */
  field: Type.Optional(Type.String()),
});

const problemContent = { "application/problem+json": { schema: problemSchema } };

/** The answers of every route that say no, for the OpenAPI document. */
export const problemResponses = {
  "4xx": { description: "The request cannot be served as it is.", content: problemContent },
  "5xx": { description: "The waiting room cannot serve it now.", content: problemContent },
};

/** Sends the problem document of `code`. */
export function sendProblem(
  reply: FastifyReply,
  code: ProblemCode,
  detail: string,
  field?: string,
): FastifyReply {
  const status = statusByCode[code];
  const seconds = retryAfterSeconds[code];
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  if (code === "missing-session-token") reply.header("www-authenticate", 'Bearer realm="waiting room"');
  const title = STATUS_CODES[status] ?? "Error";
  return reply
    .code(status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send({ type: "about:blank", title, status, detail, code, ...(field === undefined ? {} : { field }) });
}

/** A problem on its way to the error handler, for places where the web framework wants an error. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly field: string | undefined;

  constructor(code: ProblemCode, detail: string, field?: string) {
    super(detail);
    this.code = code;
    this.field = field;
  }
}
