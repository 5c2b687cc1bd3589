/** Request bodies: JSON in valid UTF-8 that names no field twice, up to a length, and nothing else. */
import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { ProblemError, problem } from "./problem.ts";
import { repeatsNames } from "./repeated-names.ts";

/**
 * Gives the plugin `app` its only body parser. Throws `ProblemError` `malformed-json`; a body that is too long or of another type is the
 * framework's to refuse (`answerErrors` has the words for it). A name like `__proto__` in the text becomes an own property like any
 * other: who copies what was parsed must not do so by assignment.
 */
export function acceptJson(app: FastifyInstance, bodyBytesMax: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer", bodyLimit: bodyBytesMax },
    (_request, bytes, done) => {
      if (!isUtf8(bytes)) {
        done(new ProblemError(problem(400, "malformed-json", "The body is not valid UTF-8.")));
        return;
      }
      done(null, parse(bytes.toString("utf8")));
    },
  );
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const what =
      text === "" ? "it is empty" : error instanceof SyntaxError ? error.message : "it cannot be read";
    throw new ProblemError(problem(400, "malformed-json", `The body is not JSON: ${what.slice(0, 200)}.`));
  }
  if (!repeatsNames(text, value)) return value;
  throw new ProblemError(problem(400, "malformed-json", "The body names a field twice."));
}
