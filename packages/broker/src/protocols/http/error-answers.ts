/** Whatever goes wrong on these routes, as a problem document; and 405 for what a path does not answer to. */
import { AssertionFailed } from "@sluice/runtime";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { requestBytesMax } from "./limits.ts";
import { type Problem, ProblemError, problem, sendProblem } from "./problem.ts";

/** What the framework itself refuses, in our words. */
const frameworkProblems: Readonly<Record<string, (request: FastifyRequest) => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    problem(413, "request-too-large", `The request body is longer than ${requestBytesMax} bytes.`),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (request) =>
    problem(415, "unsupported-media-type", `The body must be application/json, not ${mediaType(request)}.`),
};

export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | ProblemError, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(reply, error.problem);
    const known = frameworkProblems[error.code];
    if (known !== undefined) return sendProblem(reply, known(request));
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, problem(status, "bad-request", error.message));
    request.log.error(
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
] as const satisfies readonly HTTPMethods[];

/** Answers 405 with `Allow` (RFC 9110 §15.5.6) for the methods that `path` does not have. */
export function allowOnly(
  app: FastifyInstance,
  path: string,
  allowed: readonly (typeof everyMethod)[number][],
): void {
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
