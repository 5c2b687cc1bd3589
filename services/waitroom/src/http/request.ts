/** Requests at the edge: JSON in UTF-8 and nothing else, checked strictly (a number in quotes is text) against compiled schemas. */
import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifySchema } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { ProblemError } from "./problem.ts";

/** Bytes of a request's body at most: what we take is an id or two and a number. */
export const bodyBytesMax = 16 * 1024;

/** Gives `scope` its body parser and its validation. Fields that we do not know are let through and ignored. */
export function acceptRequests(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer", bodyLimit: bodyBytesMax },
    async (_request: unknown, bytes: Buffer) => parseJson(bytes),
  );
  scope.setValidatorCompiler<FastifySchema>(({ schema }) => validate(schema as TSchema));
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new ProblemError("malformed-json", "the body is empty");
  if (!isUtf8(bytes)) throw new ProblemError("malformed-json", "the body is not valid UTF-8");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new ProblemError("malformed-json", `the body is not JSON: ${String(error).slice(0, 200)}`);
  }
}

/** The value as it is, or the first thing wrong with it, by the name of its field. */
function validate(schema: TSchema): (value: unknown) => { value: unknown } | { error: Error } {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return { value };
    const [error] = compiled.Errors(value);
    if (error?.keyword === "required") {
      const [missing = ""] = error.params.requiredProperties;
      return { error: new ProblemError("missing-field", `${missing} is missing`, missing) };
    }
    const field = error?.instancePath.slice(1) || undefined;
    const sentence = `${field ?? "the request"} ${error?.message ?? "does not fit"}`;
    return { error: new ProblemError("invalid-field", sentence, field) };
  };
}
