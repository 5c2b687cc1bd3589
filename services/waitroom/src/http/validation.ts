/** Requests against compiled schemas, strictly: a number in quotes is text. Fields that we do not know are let through and ignored. */
import { ProblemError, problem } from "@sluice/http-edge";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

type Validated = { readonly value: unknown } | { readonly error: Error };

/** For `setValidatorCompiler`: the value as it is, or the first thing wrong with it, by the name of its field. */
export function validatorOf(schema: TSchema): (value: unknown) => Validated {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return { value };
    const [error] = compiled.Errors(value);
    if (error?.keyword === "required") {
      const [missing = ""] = error.params.requiredProperties;
      return refused("missing-field", `${missing} is missing`, missing);
    }
    const field = error?.instancePath.slice(1) || undefined;
    return refused("invalid-field", `${field ?? "the request"} ${error?.message ?? "does not fit"}`, field);
  };
}

const refused = (code: "missing-field" | "invalid-field", detail: string, field: string | undefined) => ({
  error: new ProblemError(problem(400, code, detail, field)),
});
