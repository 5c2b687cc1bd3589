/** The hub over plain HTTP: negotiate, preflights, and clear words for what is not served. Answers are text unless the protocol has JSON. */
import type { IncomingMessage } from "node:http";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import { negotiateAnswer, readNegotiateVersion } from "./negotiate.ts";
import type { OriginPolicy } from "./origin.ts";
import type { Reservation } from "./reservations.ts";

/** Nothing in these bodies is read; clients send none or a few bytes. */
const bodyBytesMax = 4096;

/** The hub protocol is described elsewhere: its paths stay out of an OpenAPI document, if one is made. */
const hidden = { schema: { hide: true } };

export interface HubRoutes {
  readonly path: string;
  readonly origins: OriginPolicy;
  /** Resolves with `undefined` when the request is to be refused. */
  identify(request: IncomingMessage): Promise<object | undefined>;
  /** Undefined when there is no room. */
  reserve(negotiateVersion: 0 | 1): Reservation | undefined;
}

export function hubRoutes({ path, origins, identify, reserve }: HubRoutes): FastifyPluginAsync {
  const negotiatePath = `${path}/negotiate`;
  return async (http) => {
    http.removeAllContentTypeParsers();
    http.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyBytesMax }, (_request, _body, done) =>
      done(null, undefined),
    );
    http.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
      const status = error.statusCode ?? 500;
      if (status >= 500) request.log.error({ err: error }, "A hub request failed");
      return say(reply, status, status >= 500 ? "Internal server error" : error.message);
    });
    http.addHook("onRequest", async (request, reply) => {
      reply.headers(origins.headersFor(request.headers));
      if (!origins.allows(request.headers)) return say(reply, 403, "Origin not allowed");
    });

    http.options(negotiatePath, hidden, async (request, reply) =>
      reply.code(204).headers(origins.preflightFor(request.headers, "POST")).send(),
    );
    http.post(negotiatePath, hidden, async (request, reply) => {
      reply.header("cache-control", "no-store");
      const asked = readNegotiateVersion(new URL(request.url, "http://hub").searchParams);
      if (!asked.ok) return { error: asked.error };
      if ((await identify(request.raw)) === undefined) return say(reply, 401, "Unauthorized");
      const reservation = reserve(asked.version);
      if (reservation === undefined) return say(reply, 503, "No more connections");
      return negotiateAnswer(asked.version, reservation);
    });
    http.route({
      method: ["GET", "PUT", "PATCH", "DELETE"],
      url: negotiatePath,
      ...hidden,
      handler: async (_request, reply) => say(reply.header("allow", "POST"), 405, "Negotiate asks for POST."),
    });
    http.route({
      method: ["GET", "POST", "DELETE"],
      url: path,
      ...hidden,
      handler: async (request, reply) => {
        const token = new URL(request.url, "http://hub").searchParams.get("id");
        return token === null
          ? say(reply, 400, "Connection ID required")
          : say(reply, 404, "No Connection with that ID: WebSockets are the only transport");
      },
    });
  };
}

function say(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(sentence);
}
