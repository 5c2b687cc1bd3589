/** How an HTTP request is told no: a problem document (RFC 9457) with a code for programs and a sentence for people. */
import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";

/**
 * `type` is always `about:blank`, and `title` then the phrase of the status (RFC 9457 §4.2.1): what tells problems apart is `code`,
 * which is stable. `field` names what was wrong in the request, as `messages[2].body`.
 */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly field?: string;
}

export const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    field: Type.Optional(Type.String()),
  },
  { description: "A problem document (RFC 9457). `code` is stable." },
);

const problemMediaType = "application/problem+json";

/** The answers of every route that is not one of success, for the OpenAPI document. */
export const problemResponses = {
  "4xx": {
    description: "The request cannot be served as it is.",
    content: { [problemMediaType]: { schema: problemSchema } },
  },
  "5xx": {
    description: "The server cannot serve it now.",
    content: { [problemMediaType]: { schema: problemSchema } },
  },
};

export function problem(status: number, code: string, detail: string, field?: string): Problem {
  const title = STATUS_CODES[status] ?? "Error";
  return { type: "about:blank", title, status, detail, code, ...(field === undefined ? {} : { field }) };
}

export function sendProblem(reply: FastifyReply, found: Problem): FastifyReply {
  return reply
    .code(found.status)
    .header("cache-control", "no-store")
    .serializer(JSON.stringify)
    .type(problemMediaType)
    .send(found);
}

/** A problem on its way to the error handler, for places where the framework wants an error. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(found: Problem) {
    super(found.detail);
    this.problem = found;
  }
}

/** For the not-found handler of a port, which belongs to whoever composes it: paths that no part has. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?")[0] ?? "/";
  return sendProblem(
    reply,
    problem(404, "unknown-path", `There is nothing at ${request.method} ${path.slice(0, 200)}.`),
  );
}
