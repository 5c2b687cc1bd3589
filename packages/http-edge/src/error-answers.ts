/** Whatever goes wrong on the routes of a plugin, as a problem document; and 405 for what a path does not answer to. */
import { AssertionFailed, type Log } from "@sluice/runtime";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { type Problem, ProblemError, problem, sendProblem } from "./problem.ts";

/** What the framework itself refuses, in our words. */
const frameworkProblems: Readonly<
  Record<string, (request: FastifyRequest, bodyBytesMax: number) => Problem>
> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (_request, bodyBytesMax) =>
    problem(413, "request-too-large", `The request body is longer than ${bodyBytesMax} bytes.`),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (request) =>
    problem(415, "unsupported-media-type", `The body must be application/json, not ${mediaType(request)}.`),
};

export interface ErrorAnswers {
  /** As `acceptJson` was given it: the sentence names it. */
  readonly bodyBytesMax: number;
  /** Hears of mistakes of ours. Default: the log of the request. */
  readonly log?: Log;
  /** Answers an error that the plugin knows; undefined for any other. */
  readonly answer?: (error: Error, reply: FastifyReply) => FastifyReply | undefined;
}

/**
 * Gives the plugin `app` its error handler: a `ProblemError` is answered with its problem, what the plugin knows as it says, what the
 * framework refuses in words of ours, anything else as 500 `internal-error`, of which the log says more than the client is told.
 */
export function answerErrors(app: FastifyInstance, { bodyBytesMax, log, answer }: ErrorAnswers): void {
  app.setErrorHandler((error: FastifyError | ProblemError, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(reply, error.problem);
    const answered = answer?.(error, reply);
    if (answered !== undefined) return answered;
    const known = frameworkProblems[error.code];
    if (known !== undefined) return sendProblem(reply, known(request, bodyBytesMax));
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, problem(status, "bad-request", error.message));
    (log ?? request.log).error(
      { err: error, method: request.method, path: request.routeOptions.url },
      "request failed",
    );
    if (error instanceof AssertionFailed) crash(error);
    return sendProblem(
      reply,
      problem(500, "internal-error", "The server made a mistake; its log says more."),
    );
  });
}

/** A bug must not be survived: a state that is wrong would go on answering. The framework would swallow it here. */
function crash(bug: AssertionFailed): void {
  setImmediate(() => {
    throw bug;
  });
}

const everyMethod = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
] as const satisfies readonly HTTPMethods[];

/** The methods that a path has. */
export type Allowed = readonly (typeof everyMethod)[number][];

/** Answers 405 with `Allow` (RFC 9110 §15.5.6) for the methods that `path` does not have. */
export function allowOnly(app: FastifyInstance, path: string, allowed: Allowed): void {
  const allow = allowed.join(", ");
  app.route({
    method: everyMethod.filter((method) => !allowed.includes(method)),
    url: path,
    schema: { hide: true },
    // Before the body is parsed: what it holds does not matter.
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      const detail = `${request.method} is not possible here; ${allow} is.`;
      await sendProblem(reply.header("allow", allow), problem(405, "method-not-allowed", detail));
    },
    handler: () => undefined,
  });
}

function mediaType(request: FastifyRequest): string {
  const given = request.headers["content-type"];
  return given === undefined ? "without a Content-Type" : given.slice(0, 100);
}
