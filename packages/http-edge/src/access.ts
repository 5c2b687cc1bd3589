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

/** The token of an `Authorization` header; undefined when it holds none. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  bearer.exec(authorization ?? "")?.[1];

/**
 * A hook for `onRequest` that asks for `Authorization: Bearer <token>`. Answers 401 with `WWW-Authenticate` (RFC 6750 §3), or 429 with
 * `Retry-After` to an address that has sent too many wrong tokens.
 */
export function principalOnly(access: Access): onRequestAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const token = bearerToken(request.headers.authorization);
    const admission = access.admit(token, request.socket.remoteAddress);
    if (admission.ok) return undefined;
    if (admission.reason === "wrong-token") {
      request.log.warn({ address: request.socket.remoteAddress }, "wrong token");
    }
    const refused = refusedAdmission(admission);
    return sendProblem(reply.headers(refused.headers), refused.problem);
  };
}

/** The same routes, behind `principalOnly`. */
export function guarded(access: Access, routes: FastifyPluginAsync): FastifyPluginAsync {
  return async (app) => {
    // Where everybody is let in, nobody waits to be asked.
    if (access.required) {
      app.addHook("onRoute", (route: RouteOptions) => {
        route.schema = { ...route.schema, security: [{ [tokenScheme]: [] }] };
      });
      app.addHook("onRequest", principalOnly(access));
    }
    await app.register(routes);
  };
}

/** What somebody who is not let in is answered with. */
export function refusedAdmission(refused: Refused): {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
} {
  return { problem: refusalProblem(refused), headers: refusalHeaders(refused) };
}

function refusalHeaders(refused: Refused): Readonly<Record<string, string>> {
  if (refused.reason === "too-many-attempts") {
    return { "retry-after": String(Math.ceil(refused.retryAfterMs / 1_000)) };
  }
  const challenge = 'Bearer realm="sluice"';
  const error = refused.reason === "wrong-token" ? ', error="invalid_token"' : "";
  return { "www-authenticate": challenge + error };
}

function refusalProblem({ reason, sentence }: Refused): Problem {
  if (reason === "too-many-attempts") return problem(429, "too-many-attempts", sentence);
  const how = reason === "missing-token" ? " Send it as Authorization: Bearer <token>." : "";
  return problem(401, "unauthorized", sentence + how);
}
