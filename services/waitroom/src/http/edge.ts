/** What all routes of the waiting room share: what they take, an answer for everything that goes wrong, and nothing cached. */
import { acceptJson, answerErrors, answerNotFound } from "@sluice/http-edge";
import { Fault, type Log } from "@sluice/runtime";
import type { FastifyInstance, FastifySchema } from "fastify";
import type { TSchema } from "typebox";
import { sendRefusal } from "./refusals.ts";
import { validatorOf } from "./validation.ts";

/** Bytes of a request's body at most: what we take is an id or two and a number. */
const bodyBytesMax = 16 * 1024;

/** Faults of the bus after which trying again makes sense. The outcome of the request may be unknown; repeating it is safe. */
const passingFaults: ReadonlySet<string> = new Set([
  "state-unavailable",
  "engine-unavailable",
  "stale-generation",
  "unexpected-offset",
]);

/** Sets up `scope`, which is one plugin's own, so that all of its answers are ours. */
export function setUpEdge(scope: FastifyInstance, log: Log): void {
  acceptJson(scope, bodyBytesMax);
  scope.setValidatorCompiler<FastifySchema>(({ schema }) => validatorOf(schema as TSchema));
  answerErrors(scope, {
    bodyBytesMax,
    log,
    answer: (error, reply) => {
      if (!(error instanceof Fault && passingFaults.has(error.code))) return undefined;
      return sendRefusal(reply, "state-unavailable", "the log of this room is not at hand; try again");
    },
  });
  scope.setNotFoundHandler(answerNotFound);
  scope.addHook("onSend", async (_request, reply) => {
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
  });
}
