/** The HTTP status of each refusal of the broker. The refusal's name is the problem's code, its sentence the detail. */
import { type Problem, problem, sendProblem } from "@sluice/http-edge";
import type { FastifyReply } from "fastify";
import type { Refusal, Result } from "../../broker/api.ts";

export const statusByRefusal = {
  "unknown-queue": 404,
  "unknown-message": 404,
  "stale-receipt": 409,
  "queue-full": 429,
  "body-too-large": 413,
  "invalid-setting": 422,
  "invalid-message": 422,
  "message-in-flight": 409,
  "redrive-running": 409,
  "unknown-redrive": 404,
  "unknown-topic": 404,
  "unknown-partition": 404,
  "unknown-group": 404,
  "offset-out-of-range": 404,
  "not-a-log": 409,
  "unknown-member": 404,
  "stale-generation": 409,
  "unexpected-offset": 409,
  "invalid-name": 400,
  "owned-topic": 403,
  "stale-sequence": 409,
  "limit-exceeded": 400,
  "memory-full": 503,
  "disk-full": 503,
  "too-many-consumers": 429,
  "storage-failed": 503,
  "shutting-down": 503,
} as const satisfies Record<Refusal, number>;

export type Refused = Extract<Result<object>, { readonly ok: false }>;

export function refusalProblem({ refusal, detail }: Refused): Problem {
  return problem(statusByRefusal[refusal], refusal, detail);
}

/** When it is worth to ask again, in seconds, for what passes by itself. */
export const retryAfterSeconds: Partial<Record<Refusal, number>> = {
  "queue-full": 1,
  "too-many-consumers": 5,
  "memory-full": 1,
  "disk-full": 10,
  "storage-failed": 30,
  "shutting-down": 5,
};

/** With `Retry-After` (RFC 9110 section 10.2.3) on every 429 and 503. */
export function sendRefusal(reply: FastifyReply, refused: Refused): FastifyReply {
  const seconds = retryAfterSeconds[refused.refusal];
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  return sendProblem(reply, refusalProblem(refused));
}
