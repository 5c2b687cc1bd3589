/** What came of an operation that is offered over HTTP and over WebSocket: an answer, or a problem. */
import { type Problem, problem, sendProblem } from "@sluice/http-edge";
import type { FastifyReply } from "fastify";
import { type Refused, refusalProblem, retryAfterSeconds } from "./refusals.ts";

export type Outcome<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly problem: Problem; readonly retryAfterSeconds?: number };

type Failed = Extract<Outcome<never>, { readonly ok: false }>;

export const answered = <Answer>(answer: Answer): Outcome<Answer> => ({ ok: true, answer });

/** A request that cannot be meant as it is. */
export const failed = (found: Problem): Failed => ({ ok: false, problem: found });

/** A refusal of the broker. */
export function refusedBy(refused: Refused): Failed {
  const seconds = retryAfterSeconds[refused.refusal];
  return {
    ok: false,
    problem: refusalProblem(refused),
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  };
}

export const fieldMissing = (field: string, detail: string): Failed =>
  failed(problem(400, "missing-field", detail, field));

/** Answers with `status`, or with the problem and when to ask again (RFC 9110 section 10.2.3). */
export function sendOutcome(reply: FastifyReply, status: number, outcome: Outcome<unknown>): FastifyReply {
  if (outcome.ok) return reply.code(status).send(outcome.answer);
  const { retryAfterSeconds: seconds } = outcome;
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  return sendProblem(reply, outcome.problem);
}
