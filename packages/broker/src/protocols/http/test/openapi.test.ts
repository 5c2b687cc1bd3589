/** The OpenAPI document says what there is: every route, each with what it takes and answers, and examples that are true. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import swagger from "@fastify/swagger";
import { createMetrics } from "@sluice/runtime";
import Fastify, { type RouteOptions } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { httpRoutes, systemRoutes } from "../index.ts";
import { openHttp } from "./http-fixture.ts";

interface Media {
  readonly schema: TSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** The document, and the routes that were really registered. */
async function openDocument() {
  await using api = await openHttp();
  await using app = Fastify();
  await app.register(swagger, { openapi: { openapi: "3.1.0", info: { title: "Sluice", version: "0" } } });
  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => {
    if (route.schema?.hide !== true && route.method !== "HEAD") routes.push(route);
  });
  await app.register(systemRoutes({ parts: [], metrics: createMetrics() }));
  await app.register(httpRoutes({ broker: api.broker }));
  await app.ready();
  const { paths } = app.swagger() as unknown as Document;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== "head")
      .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  return { routes, operations };
}

test("every route is in the document, and nothing else", async () => {
  const { routes, operations } = await openDocument();
  ok(routes.length > 15);
  deepEqual(
    operations.map(({ name }) => name).sort(),
    routes.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}`).sort(),
  );
});

test("every operation says what it is for, what it takes and what it answers", async () => {
  for (const { name, operation } of (await openDocument()).operations) {
    ok(operation.summary !== undefined && !operation.summary.endsWith("."), name);
    equal(operation.tags?.length, 1, name);
    const inPath = Array.from(name.matchAll(/\{(\w+)\}/g), ([, parameter]) => parameter);
    const told = operation.parameters?.filter((parameter) => parameter.in === "path" && parameter.required);
    deepEqual(told?.map((parameter) => parameter.name) ?? [], inPath, name);
    ok(
      Object.keys(operation.responses).some((status) => status.startsWith("2")),
      name,
    );
    if (/ \/(healthz|ready|metrics)$/.test(name)) continue;
    for (const status of ["4xx", "5xx"]) {
      const content = Object.keys(operation.responses[status.toUpperCase()]?.content ?? {});
      deepEqual(content, ["application/problem+json"], `${name} ${status}`);
    }
  }
});

test("every operation has a name of its own, for those who make clients of the document", async () => {
  const { operations } = await openDocument();
  const names = operations.map(({ operation }) => operation.operationId ?? "");
  for (const name of names) match(name, /^[a-z][A-Za-z]+$/);
  equal(new Set(names).size, names.length);
});

test("every body has an example, for those who try it on the page at /docs", async () => {
  for (const { name, operation } of (await openDocument()).operations) {
    const media = operation.requestBody?.content["application/json"];
    if (media === undefined) continue;
    const examples =
      media.examples === undefined
        ? [media.example]
        : Object.values(media.examples).map(({ value }) => value);
    ok(examples.length > 0);
    const validator = Compile(media.schema);
    for (const example of examples) {
      ok(validator.Check(example), `${name}: ${JSON.stringify([...validator.Errors(example)][0])}`);
    }
  }
});

/** Every schema in a value that has examples, with each of them. */
function* examplesIn(
  value: unknown,
  at: string,
): Generator<{ at: string; schema: TSchema; example: unknown }> {
  if (typeof value !== "object" || value === null) return;
  const schema = value as TSchema & { readonly examples?: unknown; readonly example?: unknown };
  if ("type" in value && Array.isArray(schema.examples)) {
    for (const example of schema.examples as unknown[]) yield { at, schema, example };
  }
  if ("type" in value && "example" in value) yield { at, schema, example: schema.example };
  for (const [name, inner] of Object.entries(value)) yield* examplesIn(inner, `${at}.${name}`);
}

test("every example of a field is one: it fits the schema that it stands in", async () => {
  let count = 0;
  for (const { name, operation } of (await openDocument()).operations) {
    for (const { at, schema, example } of examplesIn(operation, name)) {
      count++;
      ok(Compile(schema).Check(example), at);
    }
  }
  ok(count > 0);
});
