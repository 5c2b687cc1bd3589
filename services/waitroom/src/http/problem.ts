/** How the waiting room says no over HTTP: problem documents (RFC 9457) with a stable `code`, from one table. */
import type { FastifyReply } from "fastify";
import Type from "typebox";
import type { LineRefusal } from "../line/index.ts";

/** Refusals that the rules do not know: they are about the request, or about the state of this process. */
type EdgeRefusal =
  | "invalid-request"
  | "missing-session-token"
  | "wrong-session-token"
  | "unknown-route"
  | "body-too-large"
  | "unsupported-media-type"
  | "state-unavailable"
  | "internal";

export type ProblemCode = LineRefusal | EdgeRefusal;

interface Problem {
  readonly status: number;
  readonly title: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

export const problems = {
  "unknown-room": { status: 404, title: "There is no such room" },
  "room-closed": { status: 409, title: "The room is closed" },
  "room-closing": { status: 409, title: "The room is still being emptied", retryAfterSeconds: 1 },
  "unknown-session": { status: 404, title: "There is no such session" },
  "session-not-ready": { status: 409, title: "The session was not admitted yet" },
  "session-ended": { status: 409, title: "The session has ended" },
  "invalid-request": { status: 400, title: "The request is malformed" },
  "missing-session-token": { status: 401, title: "The session token is missing" },
  "wrong-session-token": { status: 403, title: "The session token is of another session" },
  "unknown-route": { status: 404, title: "There is no such resource" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The body is not JSON" },
  "state-unavailable": {
    status: 503,
    title: "The waiting room cannot answer right now",
    retryAfterSeconds: 1,
  },
  internal: { status: 500, title: "Something went wrong on our side" },
} as const satisfies Record<ProblemCode, Problem>;

export const problemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  /** What was wrong with this very request. */
  detail: Type.String(),
  /** Stable; for programs. */
  code: Type.String(),
});

/** Sends the problem document of `code`; `detail` is one sentence that names the field or the id. */
export function sendProblem(reply: FastifyReply, code: ProblemCode, detail: string): FastifyReply {
  const { status, title, retryAfterSeconds }: Problem = problems[code];
  if (retryAfterSeconds !== undefined) reply.header("retry-after", String(retryAfterSeconds));
  if (code === "missing-session-token") reply.header("www-authenticate", 'Bearer realm="waiting room"');
  return reply
    .status(status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send({ type: "about:blank", title, status, detail, code });
}
