/** Routes that need a principal: who comes without a token that is known gets no further than the headers. */
import type { Access, Admission } from "@sluice/runtime";
import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  RouteOptions,
} from "fastify";
import { type Problem, problem, sendProblem } from "./problem.ts";

type Refused = Extract<Admission, { ok: false }>;

/** The name under which the OpenAPI document tells of the token. */
export const tokenScheme = "token";

/** RFC 6750 §2.1; the name of the scheme in any case (RFC 9110 §11.1). */
const bearer = /^Bearer +(\S+) *$/i;

/**
 * A hook for `onRequest` that asks for `Authorization: Bearer <token>`. Answers 401 with `WWW-Authenticate` (RFC 6750 §3), or 429 with
 * `Retry-After` to an address that has sent too many wrong tokens.
 */
export function principalOnly(access: Access): onRequestAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const token = bearer.exec(request.headers.authorization ?? "")?.[1];
    const admission = access.admit(token, request.socket.remoteAddress);
    if (admission.ok) return undefined;
    if (admission.reason === "wrong-token") {
      request.log.warn({ address: request.socket.remoteAddress }, "wrong token");
    }
    return sendProblem(refusalHeaders(reply, admission), refusalProblem(admission));
  };
}

/** The same routes, behind `principalOnly`. */
export function guarded(access: Access, routes: FastifyPluginAsync): FastifyPluginAsync {
  return async (app) => {
    if (access.required) {
      app.addHook("onRoute", (route: RouteOptions) => {
        route.schema = { ...route.schema, security: [{ [tokenScheme]: [] }] };
      });
    }
    app.addHook("onRequest", principalOnly(access));
    await app.register(routes);
  };
}

function refusalHeaders(reply: FastifyReply, refused: Refused): FastifyReply {
  if (refused.reason === "too-many-attempts") {
    return reply.header("retry-after", String(Math.ceil(refused.retryAfterMs / 1_000)));
  }
  const challenge = 'Bearer realm="sluice"';
  const error = refused.reason === "wrong-token" ? ', error="invalid_token"' : "";
  return reply.header("www-authenticate", challenge + error);
}

function refusalProblem({ reason, sentence }: Refused): Problem {
  if (reason === "too-many-attempts") return problem(429, "too-many-attempts", sentence);
  const how = reason === "missing-token" ? " Send it as Authorization: Bearer <token>." : "";
  return problem(401, "unauthorized", sentence + how);
}
