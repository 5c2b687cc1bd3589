/** What all routes of the waiting room share: an answer for everything that goes wrong, and nothing cached. */
import { Fault, type Log } from "@sluice/runtime";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { ProblemError, sendProblem } from "./problem.ts";
import { acceptRequests, bodyBytesMax } from "./request.ts";

/** Faults of the bus after which trying again makes sense. The outcome of the request may be unknown; repeating it is safe. */
const passingFaults: ReadonlySet<string> = new Set([
  "state-unavailable",
  "engine-unavailable",
  "stale-generation",
  "unexpected-offset",
]);

/** Sets up `scope`, which is one plugin's own, so that all of its answers are ours. */
export function setUpEdge(scope: FastifyInstance, log: Log): void {
  acceptRequests(scope);
  scope.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, log));
  scope.setNotFoundHandler((request, reply) => {
    sendProblem(reply, "unknown-path", `there is nothing at ${pathOf(request)}`);
  });
  scope.addHook("onSend", async (_request, reply) => {
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
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

/** Answers 405 with `Allow` (RFC 9110 §15.5.6) for the methods that `url` does not have. */
export function allowOnly(
  scope: FastifyInstance,
  url: string,
  allowed: readonly (typeof everyMethod)[number][],
): void {
  const allow = allowed.join(", ");
  scope.route({
    method: everyMethod.filter((method) => !allowed.includes(method)),
    url,
    schema: { hide: true },
    // Before the body is read: what it holds does not matter.
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      reply.header("allow", allow);
      await sendProblem(reply, "method-not-allowed", `${request.method} is not possible here; ${allow} is`);
    },
    handler: () => undefined,
  });
}

function answerError(
  error: FastifyError | ProblemError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  if (error instanceof ProblemError) return sendProblem(reply, error.code, error.message, error.field);
  if (error instanceof Fault && passingFaults.has(error.code)) {
    return sendProblem(reply, "state-unavailable", "the log of this room is not at hand; try again");
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return sendProblem(reply, "request-too-large", `the body is longer than ${bodyBytesMax} bytes`);
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const given = request.headers["content-type"]?.slice(0, 100) ?? "nothing";
    return sendProblem(reply, "unsupported-media-type", `the body must be application/json, not ${given}`);
  }
  if ((error.statusCode ?? 500) < 500) return sendProblem(reply, "bad-request", error.message);
  log.error({ err: error, method: request.method, route: request.routeOptions.url }, "a request failed");
  return sendProblem(reply, "internal-error", "we made a mistake; the log of the server says more");
}

function pathOf(request: FastifyRequest): string {
  return `${request.method} ${(request.url.split("?")[0] ?? "/").slice(0, 200)}`;
}
