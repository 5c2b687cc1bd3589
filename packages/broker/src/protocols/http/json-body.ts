/** The body parser of these routes: JSON in valid UTF-8 and nothing else. */
import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { requestBytesMax } from "./limits.ts";
import { ProblemError, problem } from "./problem.ts";

/**
 * A name like `__proto__` in the text becomes an own property like any other: nothing here copies by assignment,
 * attributes end up in a `Map`, and every other object has a closed list of fields.
 */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    "application/json",
    { parseAs: "buffer", bodyLimit: requestBytesMax },
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
  try {
    return JSON.parse(text);
  } catch (error) {
    const what =
      text === "" ? "it is empty" : error instanceof SyntaxError ? error.message : "it cannot be read";
    throw new ProblemError(problem(400, "malformed-json", `The body is not JSON: ${what.slice(0, 200)}.`));
  }
}
