/** What a route did not ask for is refused: a parameter or a body that would be ignored was meant to do something. */
import { ProblemError, problem } from "@sluice/http-edge";
import type { FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import Type from "typebox";

const noParameters = Type.Object({}, { additionalProperties: false });

/** For `preValidation` of a route whose body may be left out. */
export async function bodyMayBeAbsent(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

/** Gives the routes that come after it, and say nothing of a query or a body, none. An empty object is no body. */
export function refuseWhatIsNotAskedFor(app: FastifyInstance): void {
  app.addHook("onRoute", (route: RouteOptions) => {
    const { schema } = route;
    if (schema === undefined || schema.hide === true) return;
    schema.querystring ??= noParameters;
    if (schema.body === undefined) route.preValidation = noBody;
    // For the OpenAPI document, in which the framework has no word for it.
    if (route.preValidation === bodyMayBeAbsent) Object.assign(schema, { "x-optional-body": true });
  });
}

async function noBody({ body }: FastifyRequest): Promise<void> {
  if (body === undefined) return;
  if (typeof body === "object" && body !== null && Object.keys(body).length === 0) return;
  throw new ProblemError(problem(400, "unknown-field", "This request has no body."));
}
