/** The routes without a server and without bytes: validated and handled as Fastify does it, at a tenth of the price. For very many requests. */
import { setMaxListeners } from "node:events";
import { ProblemError } from "@sluice/http-edge";
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from "fastify";
import Type, { type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { BrokerRoutesOptions } from "../http-routes.ts";
import { httpRoutes } from "../index.ts";
import { compileValidator } from "../validation.ts";

/** What a request consists of, as it was parsed. */
export interface Parts {
  readonly params: unknown;
  readonly querystring: unknown;
  readonly body: unknown;
}

export interface Route {
  /** `POST /enqueue` */
  readonly name: string;
  readonly schemas: Readonly<Record<keyof Parts, TSchema | undefined>>;
  /** What is wrong with an answer, going by the schema that the OpenAPI document shows; undefined when nothing is. */
  wrongWith(answer: InProcessAnswer): string | undefined;
  /** Undefined when the client went away. @throws whatever would be answered as 500. */
  ask(parts: Parts): Promise<InProcessAnswer | undefined>;
}

export interface InProcessAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Validator = (data: unknown) => { readonly value?: unknown; readonly error?: Error };

export async function inProcessRoutes(options: BrokerRoutesOptions): Promise<readonly Route[]> {
  await using app = Fastify();
  const found: Route[] = [];
  app.addHook("onRoute", (route) => {
    if (route.schema?.hide !== true && route.method !== "HEAD") found.push(routeOf(app, route));
  });
  await app.register(httpRoutes(options));
  await app.ready();
  return found;
}

const kinds = ["params", "querystring", "body"] as const;

function routeOf(app: FastifyInstance, route: RouteOptions): Route {
  const method = String(route.method);
  const schemas = Object.fromEntries(
    kinds.map((kind) => [kind, route.schema?.[kind] as TSchema | undefined]),
  ) as Route["schemas"];
  const validators = kinds.map((kind): Validator | undefined => {
    const schema = schemas[kind];
    if (schema === undefined) return undefined;
    return compileValidator({ schema, method, url: route.url, httpPart: kind }) as Validator;
  });
  const answers = new Map(
    Object.entries((route.schema?.response ?? {}) as Readonly<Record<string, TSchema>>)
      .filter(([status]) => /^\d+$/.test(status))
      .map(([status, schema]) => [Number(status), Compile(closed(schema))]),
  );
  return {
    name: `${method} ${route.url}`,
    schemas,
    wrongWith({ status, body }) {
      const validator = status >= 400 ? problemValidator : answers.get(status);
      if (validator === undefined) return `${status} is not in the document`;
      if (validator.Check(body)) return undefined;
      return JSON.stringify([...validator.Errors(body)][0]);
    },
    async ask(parts) {
      const reply = new Reply();
      const request = {
        params: parts.params,
        query: parts.querystring,
        body: parts.body,
        signal: neverGone,
      };
      try {
        // The hooks for what is absent, or not asked for.
        const before = route.preValidation as ((request: unknown) => Promise<void>) | undefined;
        await before?.(request);
        for (const [i, kind] of kinds.entries()) {
          const part = kind === "querystring" ? "query" : kind;
          const result = validators[i]?.(request[part]);
          if (result?.error !== undefined) throw result.error;
          if (result !== undefined) request[part] = result.value;
        }
        const sent: unknown = await route.handler.call(
          app,
          request as unknown as FastifyRequest,
          reply as unknown as FastifyReply,
        );
        if (reply.isHijacked) return undefined;
        return { status: reply.statusCode, body: sent === reply ? reply.sent : sent };
      } catch (error) {
        if (error instanceof ProblemError) return { status: error.problem.status, body: error.problem };
        throw error;
      }
    },
  };
}

/** The same schema without room for fields that it does not name: the serializer would leave them out without a word. */
function closed(schema: TSchema): TSchema {
  if (Array.isArray(schema)) return schema.map(closed) as unknown as TSchema;
  if (typeof schema !== "object" || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, closed(value as TSchema)]),
  );
  const isObject = "properties" in schema && typeof schema.properties === "object" && "type" in schema;
  return (isObject ? { ...inner, additionalProperties: false } : inner) as TSchema;
}

const problemValidator = Compile(
  Type.Object(
    {
      type: Type.Literal("about:blank"),
      title: Type.String({ minLength: 1 }),
      status: Type.Integer(),
      detail: Type.String({ minLength: 1, maxLength: 1000 }),
      code: Type.String({ pattern: "^[a-z-]+$" }),
      field: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
);

/** Of clients that stay. */
const { signal: neverGone } = new AbortController();
setMaxListeners(0, neverGone);

/** As much of a reply as the routes use. */
class Reply {
  readonly raw = { destroyed: false, once: () => {} };
  statusCode = 200;
  sent: unknown;
  isHijacked = false;

  code(status: number): this {
    this.statusCode = status;
    return this;
  }
  header(): this {
    return this;
  }
  serializer(): this {
    return this;
  }
  type(): this {
    return this;
  }
  send(answer: unknown): this {
    this.sent = answer;
    return this;
  }
  hijack(): this {
    this.isHijacked = true;
    return this;
  }
}
