/** Every field of every route, wrong in every way that its schema knows: each time the answer names that field, and nothing has happened. */
import { deepEqual, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "@sluice/http-edge";
import { createMetrics } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { openBroker } from "../../test/open-broker.ts";
import { type InProcessAnswer, inProcessRoutes, type Parts, type Route } from "./in-process-routes.ts";
import { asSchema, type Schema, typesOf } from "./schema-values.ts";

/** One way to be wrong. */
interface Mistake {
  readonly field: string;
  readonly code: "invalid-field" | "missing-field" | "unknown-field";
  readonly value: unknown;
}

/** The least that fits. */
function least(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  const [type] = typesOf(schema);
  if (type === "object") {
    const { properties = {}, required = [] } = schema;
    return Object.fromEntries(required.map((name) => [name, least(properties[name] ?? {})]));
  }
  if (type === "array") return [least(schema.items ?? {})];
  if (type === "number" || type === "integer") return schema.minimum ?? 0;
  return type === "boolean" ? false : schema.format === "date-time" ? "2026-01-01T00:00:00Z" : "x";
}

const ofEveryType: readonly (readonly [type: string, value: unknown])[] = [
  ["null", null],
  ["boolean", true],
  ["number", 1.5],
  ["string", "text"],
  ["array", []],
  ["object", {}],
];

function wrongTypes(schema: Schema): readonly unknown[] {
  const types = typesOf(schema);
  if (types.length === 0 && schema.anyOf === undefined) return [];
  const allowed = schema.anyOf?.flatMap(typesOf) ?? types;
  return ofEveryType.filter(([type]) => !allowed.includes(type)).map(([, value]) => value);
}

function outOfBounds(schema: Schema): readonly unknown[] {
  const { minimum, exclusiveMinimum, maximum, minLength = 0, maxLength, minItems = 0, maxItems } = schema;
  return [
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(exclusiveMinimum === undefined ? [] : [exclusiveMinimum]),
    ...(maximum === undefined ? [] : [maximum + (maximum < 2 ** 52 ? 1 : 2 ** 52)]),
    ...(minLength > 0 ? [""] : []),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(minItems > 0 ? [[]] : []),
    ...(maxItems === undefined ? [] : [Array(maxItems + 1).fill(least(schema.items ?? {}))]),
    ...(schema.enum === undefined ? [] : ["none of these"]),
    ...(schema.format === "date-time" ? ["yesterday", "2026-13-01T00:00:00Z"] : []),
  ];
}

/** Mistakes in a value of this schema, each as a whole value. */
function* mistakesIn(schema: Schema, field: string): Generator<Mistake> {
  for (const value of [...wrongTypes(schema), ...outOfBounds(schema)]) {
    yield { field, code: "invalid-field", value };
  }
  const inner = (name: string): string => (field === "" ? name : `${field}.${name}`);
  const whole = least({ ...schema, type: typesOf(schema).find((type) => type !== "null") ?? "string" });
  if (typesOf(schema).includes("object") && schema.properties !== undefined) {
    for (const name of schema.required ?? []) {
      const { [name]: _, ...value } = whole as Record<string, unknown>;
      yield { field: inner(name), code: "missing-field", value };
    }
    for (const [name, property] of Object.entries(schema.properties)) {
      for (const { value, ...mistake } of mistakesIn(property, inner(name))) {
        yield { ...mistake, value: { ...(whole as object), [name]: value } };
      }
    }
    yield { field: inner("colour"), code: "unknown-field", value: { ...(whole as object), colour: 1 } };
  }
  if (schema.items !== undefined) {
    for (const { value, ...mistake } of mistakesIn(schema.items, `${field}[1]`)) {
      yield { ...mistake, value: [least(schema.items), value] };
    }
  }
}

const openRoutes = async () => {
  const broker = await openBroker(new VirtualClock(), createMetrics());
  return { broker, routes: await inProcessRoutes({ broker }) };
};

const leastParts = ({ schemas }: Route): Parts => {
  const part = (schema: (typeof schemas)["body"]) =>
    schema === undefined ? undefined : least(asSchema(schema));
  return { params: part(schemas.params), querystring: part(schemas.querystring), body: part(schemas.body) };
};

function problemOf(answer: InProcessAnswer | undefined): Problem {
  ok(answer !== undefined);
  return answer.body as Problem;
}

async function isAnswered(route: Route, parts: Parts, { field, code, value }: Mistake): Promise<void> {
  const answer = await route.ask(parts);
  const said = `${route.name} ${field}: ${JSON.stringify(value)?.slice(0, 200)}`;
  const found = problemOf(answer);
  deepEqual([answer?.status, found.code, found.field ?? ""], [400, code, field], said);
  match(found.detail, /^[A-Z].*\.$/, said);
}

test("every field of every body", async () => {
  const { broker, routes } = await openRoutes();
  await using _ = broker;
  let count = 0;
  for (const route of routes) {
    const { body } = route.schemas;
    if (body === undefined) continue;
    for (const mistake of mistakesIn(asSchema(body), "")) {
      count++;
      await isAnswered(route, { ...leastParts(route), body: mistake.value }, mistake);
    }
  }
  ok(count > 500, `${count} mistakes`);
  deepEqual([...broker.listQueues(), ...broker.listTopics()], []);
});

test("every parameter of every query and path", async () => {
  const { broker, routes } = await openRoutes();
  await using _ = broker;
  let count = 0;
  for (const route of routes) {
    for (const part of ["querystring", "params"] as const) {
      const schema = route.schemas[part];
      if (schema === undefined) continue;
      const { properties = {}, required = [] } = asSchema(schema);
      const fine = leastParts(route);
      const whole = Object.fromEntries(
        Object.entries(fine[part] as object).map(([name, value]) => [name, String(value)]),
      );
      const mistakes: Mistake[] = Object.entries(properties).flatMap(([name, property]) => {
        const isNumber = typesOf(property).some((type) => type === "number" || type === "integer");
        const values = [
          ...(part === "querystring" ? [["1", "2"]] : []),
          ...(isNumber ? ["", "one", "1e1", "0x1", " 1", "Infinity"] : []),
          ...outOfBounds(property).map(String),
        ];
        return values.map(
          (value): Mistake => ({
            field: name,
            code: "invalid-field",
            value: { ...whole, [name]: value },
          }),
        );
      });
      if (part === "querystring") {
        mistakes.push({ field: "colour", code: "unknown-field", value: { ...whole, colour: "red" } });
        for (const name of required) {
          const { [name]: _gone, ...value } = whole;
          mistakes.push({ field: name, code: "missing-field", value });
        }
      }
      for (const mistake of mistakes) {
        count++;
        await isAnswered(route, { ...fine, [part]: mistake.value }, mistake);
      }
    }
  }
  ok(count > 100, `${count} mistakes`);
  deepEqual([...broker.listQueues(), ...broker.listTopics()], []);
});

test("a body where none is asked for", async () => {
  const { broker, routes } = await openRoutes();
  await using _ = broker;
  for (const route of routes.filter(({ schemas }) => schemas.body === undefined)) {
    const answer = await route.ask({ ...leastParts(route), body: { colour: 1 } });
    deepEqual([answer?.status, problemOf(answer).code], [400, "unknown-field"], route.name);
  }
});
