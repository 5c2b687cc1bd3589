/** Publishing a record to a topic. Offered over HTTP and over WebSocket. */
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { durabilityField } from "./fields.ts";
import { answered, failed, type Outcome, refusedBy } from "./outcome.ts";
import { decodeRecord, recordFields } from "./record-fields.ts";

export const publishSchema = Type.Object(recordFields, {
  additionalProperties: false,
  examples: [{ topic: "news", key: "berlin", body: "rain" }],
});

export const publishAnswer = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  durability: durabilityField,
});

/** Answered when the record rests on what `durability` says. */
export async function publish(
  broker: BrokerApi,
  given: Static<typeof publishSchema>,
): Promise<Outcome<Static<typeof publishAnswer>>> {
  const decoded = decodeRecord(given, "");
  if (!decoded.ok) return failed(decoded.problem);
  const result = await broker.publish(decoded.publish);
  if (!result.ok) return refusedBy(result);
  const { partition, offset } = result.places[0] ?? { partition: 0, offset: 0 };
  return answered({ partition, offset, durability: result.durability });
}
