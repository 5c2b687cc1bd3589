/** Requests against their schemas, without coercion: a number is no text. Only a query, which is all text, has its numbers read. */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

/** The request does not fit; the message names the field. */
export class InvalidRequest extends Error {}

type Validated = { readonly value: unknown } | { readonly error: Error };

/** A validator as Fastify wants it. `part` is `body`, `querystring`, `params` or `headers`. */
export function validatorOf(schema: TSchema, part: string | undefined): (value: unknown) => Validated {
  const validator = Compile(schema);
  return (raw) => {
    const value = part === "querystring" ? withNumbers(raw) : raw;
    if (validator.Check(value)) return { value };
    const [first] = validator.Errors(value);
    const field = first?.instancePath.slice(1).replaceAll("/", ".") ?? "";
    const where = field || (part === "querystring" ? "the query" : "the body");
    return { error: new InvalidRequest(`${where}: ${first?.message ?? "does not fit"}`) };
  };
}

/** The fields of a query, those of up to fifteen digits as numbers. */
function withNumbers(query: unknown): unknown {
  if (typeof query !== "object" || query === null) return query;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value,
    ]),
  );
}
