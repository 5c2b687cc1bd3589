/** How the waiting room says no over HTTP: each refusal with its status, as a problem document whose `code` it is. */
import { problem, sendProblem } from "@sluice/http-edge";
import type { FastifyReply } from "fastify";
import type { LineRefusal } from "../line/index.ts";

/** Refusals that the rules do not know: they are about who asks, or about the state of this process. */
type EdgeRefusal = "missing-session-token" | "wrong-session-token" | "state-unavailable";

export type WaitroomRefusal = LineRefusal | EdgeRefusal;

export const statusByRefusal = {
  "unknown-room": 404,
  "room-closed": 409,
  "room-closing": 409,
  "unknown-session": 404,
  "session-not-ready": 409,
  "session-ended": 409,
  "missing-session-token": 401,
  "wrong-session-token": 403,
  "state-unavailable": 503,
} as const satisfies Record<WaitroomRefusal, number>;

/** Seconds after which the same request may well be answered otherwise. */
const retryAfterSeconds: Partial<Record<WaitroomRefusal, number>> = {
  "room-closing": 1,
  "state-unavailable": 1,
};

export function sendRefusal(reply: FastifyReply, refusal: WaitroomRefusal, detail: string): FastifyReply {
  const seconds = retryAfterSeconds[refusal];
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  if (refusal === "missing-session-token") reply.header("www-authenticate", 'Bearer realm="waiting room"');
  return sendProblem(reply, problem(statusByRefusal[refusal], refusal, detail));
}
