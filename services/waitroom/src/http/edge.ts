/** What all routes of the waiting room share: strict validation without coercion, and an answer for everything that goes wrong. */
import { Fault, type Log } from "@sluice/runtime";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { type ProblemCode, sendProblem } from "./problem.ts";

/** Faults of the bus after which trying again makes sense. The outcome of the request may be unknown; repeating it is safe. */
const passingFaults: ReadonlySet<string> = new Set([
  "state-unavailable",
  "engine-unavailable",
  "stale-generation",
  "unexpected-offset",
]);

/** Sets up `scope` (one plugin's encapsulated instance) so that it answers in problem documents and caches nothing. */
export function setUpEdge(scope: FastifyInstance, log: Log): void {
  scope.setValidatorCompiler<FastifySchema>(({ schema }) => validate(schema as TSchema));
  scope.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, log));
  scope.setNotFoundHandler((request, reply) => {
    sendProblem(reply, "unknown-route", `nothing answers ${request.method} here`);
  });
  scope.addHook("onSend", async (_request, reply) => {
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });
}

/** The value as it is, or the first thing wrong with it, by the name of its field. */
function validate(schema: TSchema): (value: unknown) => { value: unknown } | { error: Error } {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return { value };
    const [error] = compiled.Errors(value);
    const field = error?.instancePath.slice(1) ?? "";
    const sentence = error?.message ?? "does not fit";
    return { error: new Error(field === "" ? `the request ${sentence}` : `${field} ${sentence}`) };
  };
}

function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  if (error instanceof Fault && passingFaults.has(error.code)) {
    return sendProblem(reply, "state-unavailable", "the log of this room is not at hand; try again");
  }
  const code = edgeCode(error);
  if (code !== "internal") return sendProblem(reply, code, error.message);
  log.error({ err: error, method: request.method, route: request.routeOptions.url }, "a request failed");
  return sendProblem(reply, "internal", "the log of the server says more");
}

/** What the web framework found wrong before a route saw the request. */
function edgeCode(error: FastifyError): ProblemCode {
  switch (error.statusCode) {
    case 400:
      return "invalid-request";
    case 413:
      return "body-too-large";
    case 415:
      return "unsupported-media-type";
    default:
      return "internal";
  }
}
