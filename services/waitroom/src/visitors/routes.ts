/** The visitors' side: join, look, leave. */
import type { Durability } from "@sluice/bus";
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { Random } from "@sluice/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { CheckoutTokens } from "../admission/checkout-token.ts";
import { inSeconds } from "../contract/times.ts";
import { durability, foreignId } from "../http/fields.ts";
import { sendRefusal } from "../http/refusals.ts";
import { type SessionView, sessionStatuses } from "../line/index.ts";
import type { WaitroomStore } from "../store/store.ts";
import { pollIntervalMs } from "./poll-interval.ts";
import type { SessionTokens } from "./session-token.ts";

const joinRequest = Type.Object({ event_id: foreignId, user_id: foreignId });

const session = {
  session_id: Type.String(),
  /** From 1; 0 once admitted or ended. */
  position: Type.Integer({ minimum: 0 }),
  status: Type.Union(sessionStatuses.map((status) => Type.Literal(status))),
  joined_at: Type.String({ format: "date-time" }),
  /** Null when unknown. */
  estimated_wait_seconds: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** Ask again after this long; null when nothing will change any more. */
  next_poll_ms: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  durability,
};

const joinAnswer = Type.Object({ ...session, session_token: Type.String() });

const sessionAnswer = Type.Object({
  ...session,
  /** These three while the status is `ready`. */
  checkout_token: Type.Optional(Type.String()),
  admitted_at: Type.Optional(Type.String({ format: "date-time" })),
  expires_at: Type.Optional(Type.String({ format: "date-time" })),
});

const sessionParams = Type.Object({ sessionId: Type.String() });

export interface VisitorRoutes {
  readonly store: WaitroomStore;
  readonly checkoutTokens: CheckoutTokens;
  readonly sessionTokens: SessionTokens;
  readonly random: Random;
}

/** Adds `POST /join` and `GET` and `DELETE /sessions/:sessionId` to `scope`. */
export function addVisitorRoutes(scope: FastifyInstance, parts: VisitorRoutes): void {
  const { store, sessionTokens } = parts;

  scope.post<{ Body: Static<typeof joinRequest> }>(
    "/join",
    {
      schema: {
        summary: "Stand in line",
        tags: ["waiting room"],
        body: joinRequest,
        response: { 200: joinAnswer, 201: joinAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const answer = await store.join(request.body.event_id, request.body.user_id);
      if (!answer.ok) return sendRefusal(reply, answer.refusal, answer.detail);
      const { sessionId, status } = answer.session;
      const body = describe(answer.session, answer.durability, parts);
      return reply.status(answer.created ? 201 : 200).send({
        ...body,
        // Who is admitted already has a checkout token to fetch.
        next_poll_ms: status === "ready" ? 0 : body.next_poll_ms,
        session_token: sessionTokens.of(sessionId),
      });
    },
  );

  scope.get<{ Params: Static<typeof sessionParams> }>(
    "/sessions/:sessionId",
    {
      schema: {
        summary: "Look at a session",
        tags: ["waiting room"],
        params: sessionParams,
        response: { 200: sessionAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await findOwn(request, reply, parts);
      return found === undefined ? reply : describeWithToken(found.session, found.durability, parts);
    },
  );

  scope.delete<{ Params: Static<typeof sessionParams> }>(
    "/sessions/:sessionId",
    {
      schema: {
        summary: "Leave",
        tags: ["waiting room"],
        params: sessionParams,
        response: { 200: sessionAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await findOwn(request, reply, parts);
      if (found === undefined) return reply;
      const answer = await store.leave(found.session.eventId, found.session.sessionId);
      if (!answer.ok) return sendRefusal(reply, answer.refusal, answer.detail);
      return describeWithToken(answer.session, answer.durability, parts);
    },
  );

  allowOnly(scope, "/join", ["POST"]);
  allowOnly(scope, "/sessions/:sessionId", ["GET", "HEAD", "DELETE"]);
}

/** The session of the path, if the request carries its token; else undefined, and the refusal is sent. */
async function findOwn(
  request: FastifyRequest<{ Params: Static<typeof sessionParams> }>,
  reply: FastifyReply,
  { store, sessionTokens }: VisitorRoutes,
): Promise<{ readonly session: SessionView; readonly durability: Durability } | undefined> {
  const { sessionId } = request.params;
  const answer = await store.findSession(sessionId);
  if (!answer.ok) {
    sendRefusal(reply, answer.refusal, answer.detail);
    return undefined;
  }
  const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) {
    sendRefusal(
      reply,
      "missing-session-token",
      "send the session_token of the join as Authorization: Bearer",
    );
    return undefined;
  }
  if (!sessionTokens.matches(sessionId, token)) {
    sendRefusal(reply, "wrong-session-token", `the token is not the one of session ${sessionId}`);
    return undefined;
  }
  return answer;
}

function describe(view: SessionView, rests: Durability, { random }: VisitorRoutes) {
  return {
    session_id: view.sessionId,
    position: view.position,
    status: view.status,
    joined_at: inSeconds(view.joinedAtMs),
    estimated_wait_seconds: view.estimatedWaitSeconds ?? null,
    next_poll_ms: pollIntervalMs(view.status, view.position, random),
    durability: rests,
  };
}

function describeWithToken(view: SessionView, rests: Durability, parts: VisitorRoutes) {
  const body = describe(view, rests, parts);
  const { lease } = view;
  if (lease === undefined) return body;
  return {
    ...body,
    checkout_token: parts.checkoutTokens.sign({ ...view, ...lease }),
    admitted_at: inSeconds(lease.admittedAtMs),
    expires_at: inSeconds(lease.expiresAtMs),
  };
}
