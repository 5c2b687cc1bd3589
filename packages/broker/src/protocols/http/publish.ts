/** Publishing a record to a topic. Offered over HTTP and over WebSocket. */
import { problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { contentFields, decodeContent } from "./content.ts";
import { defaultName, durabilityField, topicField } from "./fields.ts";
import { keyLengthMax } from "./limits.ts";
import { answered, failed, type Outcome, refusedBy } from "./outcome.ts";

export const publishSchema = Type.Object(
  {
    topic: topicField,
    key: Type.Optional(
      Type.String({
        maxLength: keyLengthMax,
        description: "Records with the same key keep their order. Without one the partitions take turns.",
      }),
    ),
    ...contentFields,
  },
  { additionalProperties: false },
);

export const publishAnswer = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  durability: durabilityField,
});

const brokenKey = problem(400, "invalid-field", "The field key holds half a surrogate pair.", "key");

/** Answered when the record rests on what `durability` says. */
export async function publish(
  broker: BrokerApi,
  { topic = defaultName, key, ...content }: Static<typeof publishSchema>,
): Promise<Outcome<Static<typeof publishAnswer>>> {
  if (key?.isWellFormed() === false) return failed(brokenKey);
  const decoded = decodeContent(content, "");
  if (!decoded.ok) return failed(decoded.problem);
  const record = { ...decoded.message, key: key === undefined ? undefined : Buffer.from(key, "utf8") };
  const result = await broker.publish({ topic, records: [record] });
  if (!result.ok) return refusedBy(result);
  const { partition, offset } = result.places[0] ?? { partition: 0, offset: 0 };
  return answered({ partition, offset, durability: result.durability });
}
