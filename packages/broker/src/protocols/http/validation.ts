/**
 * Requests against their schemas: compiled once for each route, strict about types (a number in quotes is text), with an answer
 * that names the field. Query strings and paths have only text, so numbers are read from it where the schema wants one.
 */
import { type Problem, ProblemError, problem } from "@sluice/http-edge";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

interface ValidationError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** For `setValidatorCompiler`. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const isText = httpPart === "querystring" || httpPart === "params";
  return (data: unknown) => {
    const value = isText ? withNumbers(schema, data) : data;
    if (validator.Check(value)) return { value };
    return { error: new ProblemError(firstProblem(validator.Errors(value), httpPart ?? "request")) };
  };
};

const decimal = /^-?\d{1,15}(\.\d{1,9})?$/;

function withNumbers(schema: TSchema, query: unknown): unknown {
  if (typeof query !== "object" || query === null || !("properties" in schema)) return query;
  const properties = schema.properties as Readonly<Record<string, { readonly type?: string } | undefined>>;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]: [string, unknown]) => {
      const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
      const isNumber = type === "number" || type === "integer";
      return [name, isNumber && typeof value === "string" && decimal.test(value) ? Number(value) : value];
    }),
  );
}

/** One error is enough to act on. An `anyOf` is reported for what it is, not as the failure of each of its branches. */
function firstProblem(errors: readonly ValidationError[], httpPart: string): Problem {
  const unknown = errors.find(({ keyword }) => keyword === "additionalProperties");
  const error = unknown ?? errors.find(({ keyword }) => keyword === "anyOf") ?? errors[0];
  if (error === undefined) return problem(400, "invalid-field", `The ${httpPart} is not valid.`);
  if (error === unknown) return unknownField(error);
  const missing =
    "requiredProperties" in error.params ? String(error.params.requiredProperties).split(",")[0] : undefined;
  const field = fieldName(error.instancePath, missing);
  if (missing !== undefined) return problem(400, "missing-field", `The field ${field} is missing.`, field);
  if (field === "") return problem(400, "invalid-field", `The ${httpPart} ${sentenceOf(error)}.`);
  return problem(400, "invalid-field", `The field ${field} ${sentenceOf(error)}.`, field);
}

function unknownField(error: ValidationError): Problem {
  const names = "additionalProperties" in error.params ? error.params.additionalProperties : undefined;
  const name = Array.isArray(names) ? String(names[0]) : "";
  const field = fieldName(error.instancePath, name.slice(0, 60));
  const isAttribute = /^(\/messages\/\d+)?\/attributes$/.test(error.instancePath);
  return isAttribute
    ? problem(
        400,
        "invalid-field",
        `The name of ${field} is not 1 to 256 of A-Z, a-z, 0-9, '_', '-' and '.'.`,
        field,
      )
    : problem(400, "unknown-field", `There is no field ${field}.`, field);
}

/** `/messages/2/body` is `messages[2].body`. */
function fieldName(instancePath: string, last?: string): string {
  const parts = [...instancePath.split("/").slice(1), ...(last === undefined ? [] : [last])];
  return parts
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}

function sentenceOf({ keyword, params, message }: ValidationError): string {
  if (keyword === "anyOf") return "must be a string, or an object with type and value";
  if ("allowedValues" in params)
    return `must be one of ${String(params.allowedValues).replaceAll(",", ", ")}`;
  return message;
}
