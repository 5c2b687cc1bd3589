/** A record as it is published over JSON: where to, its key and its content. */
import { type Problem, problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import type { PublishRequest } from "../../broker/api.ts";
import { contentFields, decodeContent } from "./content.ts";
import { defaultName, topicField } from "./fields.ts";
import { keyLengthMax } from "./limits.ts";

export const recordFields = {
  topic: topicField,
  key: Type.Optional(
    Type.String({
      maxLength: keyLengthMax,
      description: "Records with the same key keep their order. Without one the partitions take turns.",
    }),
  ),
  ...contentFields,
};

const recordSchema = Type.Object(recordFields);

type Decoded =
  | { readonly ok: true; readonly publish: PublishRequest }
  | { readonly ok: false; readonly problem: Problem };

/** `at` is where in the request the record stands: `""` or `records[2].`. */
export function decodeRecord(
  { topic = defaultName, key, ...content }: Static<typeof recordSchema>,
  at: string,
): Decoded {
  if (key?.isWellFormed() === false) {
    const field = `${at}key`;
    const detail = `The field ${field} holds half a surrogate pair, which UTF-8 cannot carry.`;
    return { ok: false, problem: problem(400, "invalid-field", detail, field) };
  }
  const decoded = decodeContent(content, at);
  if (!decoded.ok) return decoded;
  const record = { ...decoded.message, key: key === undefined ? undefined : Buffer.from(key, "utf8") };
  return { ok: true, publish: { topic, records: [record] } };
}
