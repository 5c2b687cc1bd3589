/**
 * What all routes of the chat have in common: JSON in, the one form of answer out, whatever happens. The routes of a slice are
 * registered under a prefix, where unknown paths get the same form.
 */
import { BusFault } from "@sluice/bus";
import { acceptJson, ProblemError } from "@sluice/http-edge";
import { Fault } from "@sluice/runtime";
import type { OriginPolicy } from "@sluice/signalr";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, fail } from "./answer.ts";
import { InvalidRequest, validatorOf } from "./validation.ts";

/** A thousand members of 128 characters, or the longest content with every character escaped, and some. */
const bodyBytesMax = 256 * 1024;

export interface ChatHttp {
  readonly origins: OriginPolicy;
  /** Once true, whatever would change something is refused. */
  isDraining(): boolean;
}

/** Makes a plugin of the routes that `add` adds, all of which begin with `prefix`. */
export function chatRoutes(
  prefix: string,
  { origins, isDraining }: ChatHttp,
  add: (http: FastifyInstance) => void,
): FastifyPluginAsync {
  const routes: FastifyPluginAsync = async (http) => {
    acceptJson(http, bodyBytesMax);
    http.setValidatorCompiler(({ schema, httpPart }) => validatorOf(schema, httpPart));
    // Response schemas are for the OpenAPI document; they must not drop a field.
    http.setSerializerCompiler(() => JSON.stringify);
    http.setErrorHandler(answerError);
    const notFound = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      fail(reply, "not-found", `There is no ${request.method} ${request.url.split("?")[0]}.`);
    http.setNotFoundHandler(notFound);
    // An id that is longer than the router takes for one would otherwise be answered by the router itself.
    http.get("/*", { schema: { hide: true } }, notFound);
    http.addHook("onRequest", async (request, reply) => {
      reply.headers(origins.headersFor(request.headers));
      if (request.method === "POST" && isDraining()) {
        return fail(reply, "shutting-down", "The server is shutting down.");
      }
    });
    http.options("/*", { schema: { hide: true } }, async (request, reply) =>
      reply.code(204).headers(origins.preflightFor(request.headers, "GET, POST")).send(),
    );
    add(http);
  };
  return async (http) => {
    await http.register(routes, { prefix });
  };
}

function answerError(
  error: Error & { readonly statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [code, message] = explain(error);
  if (code === "internal-error") request.log.error({ err: error }, "A chat request failed");
  if (code === "unavailable") request.log.warn({ err: error }, "A chat request could not be served");
  return fail(reply, code, message);
}

function explain(error: Error & { readonly statusCode?: number }): readonly [ErrorCode, string] {
  if (error instanceof InvalidRequest) return ["invalid-request", error.message];
  if (error instanceof ProblemError) return ["malformed-json", error.message];
  if (error instanceof BusFault || (error instanceof Fault && error.code === "storage-failed")) {
    return [
      "unavailable",
      "The message system cannot do this now; what was asked may or may not have happened.",
    ];
  }
  if (error.statusCode === 413) return ["body-too-large", `The body has more than ${bodyBytesMax} bytes.`];
  if (error.statusCode === 415) return ["unsupported-media-type", "The body has to be application/json."];
  if (error.statusCode !== undefined && error.statusCode < 500) return ["invalid-request", error.message];
  return ["internal-error", "Something went wrong on the server."];
}
