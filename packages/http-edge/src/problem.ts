/** How an HTTP request is told no: a problem document (RFC 9457) with a code for programs and a sentence for people. */
import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";

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

const problemSchema = {
  type: "object",
  description: "A problem document (RFC 9457). `code` is stable.",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    field: { type: "string" },
  },
};

export const problemMediaType = "application/problem+json";

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

const codes = new WeakMap<FastifyReply, string>();

/** The code of the problem that `reply` was answered with; undefined for another answer. */
export const problemCodeOf = (reply: FastifyReply): string | undefined => codes.get(reply);

/** Answers with the document, which nobody may cache. */
export function sendProblem(reply: FastifyReply, found: Problem): FastifyReply {
  codes.set(reply, found.code);
  return reply
    .code(found.status)
    .header("cache-control", "no-store")
    .serializer(JSON.stringify)
    .type(problemMediaType)
    .send(found);
}

/** A problem on its way to the error handler (`answerErrors`), for places where the framework wants an error. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(found: Problem) {
    super(found.detail);
    this.problem = found;
  }
}

/** For `setNotFoundHandler`: a path that nobody has. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?")[0] ?? "/";
  return sendProblem(
    reply,
    problem(404, "unknown-path", `There is nothing at ${request.method} ${path.slice(0, 200)}.`),
  );
}
