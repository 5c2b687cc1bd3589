/** A message of a client as a request: an object with an id, which the answer repeats, and an op, which says what to do with the rest. */
import { type Problem, problem, repeatsNames } from "@sluice/http-edge";

export type RequestId = string | number;

export type Envelope =
  | { readonly ok: true; readonly id: RequestId; readonly op: string; readonly fields: object }
  /** No request at all: nobody can be answered by an id. */
  | { readonly ok: false; readonly problem: Problem };

const idLengthMax = 128;

export function readEnvelope(text: string): Envelope {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return none("malformed-json", "The message is no JSON.");
  }
  if (repeatsNames(text, value)) return none("malformed-json", "The message names a field twice.");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return none("invalid-field", "A message is a JSON object.");
  }
  const { id, op, ...fields } = value as Readonly<Record<string, unknown>>;
  if (id === undefined) return none("missing-field", "The field id is missing.", "id");
  const isId = typeof id === "number" ? Number.isFinite(id) : typeof id === "string";
  if (!isId || String(id).length > idLengthMax) {
    const detail = `The field id must be a number, or a string of at most ${idLengthMax} characters.`;
    return none("invalid-field", detail, "id");
  }
  return { ok: true, id: id as RequestId, op: typeof op === "string" ? op : "", fields };
}

const none = (code: string, detail: string, field?: string): Envelope => ({
  ok: false,
  problem: problem(400, code, detail, field),
});
