/** What a consumer says about a delivery, by its receipt: ack, nack, extend. Offered over HTTP and over WebSocket. */
import Type, { type Static } from "typebox";
import type { BrokerApi, Durable, Result } from "../../broker/api.ts";
import {
  defaultName,
  durabilityField,
  type durableAnswer,
  milliseconds,
  queueField,
  receiptField,
  refusedEntry,
} from "./fields.ts";
import { batchCountMax, delaySecondsMax, hideSecondsMax, reasonLengthMax } from "./limits.ts";
import { answered, fieldMissing, type Outcome, refusedBy } from "./outcome.ts";

export const ackSchema = Type.Object(
  {
    queue: queueField,
    receipt: Type.Optional(receiptField),
    receipts: Type.Optional(
      Type.Array(receiptField, {
        minItems: 1,
        maxItems: batchCountMax,
        description: "Instead of `receipt`.",
      }),
    ),
  },
  { additionalProperties: false, examples: [{ queue: "orders", receipt: "AAAAAAABAAAAAQAAAAAAAYtcICI" }] },
);

export const ackAnswer = Type.Object({
  durability: Type.Optional(durabilityField),
  results: Type.Optional(
    Type.Array(
      Type.Object({ durability: Type.Optional(durabilityField), ...Type.Partial(refusedEntry).properties }),
      { description: "For `receipts`: one each, in their order, with durability or with code and detail." },
    ),
  ),
});

export async function ack(
  broker: BrokerApi,
  { queue = defaultName, receipt, receipts }: Static<typeof ackSchema>,
): Promise<Outcome<Static<typeof ackAnswer>>> {
  if (receipt !== undefined && receipts === undefined) return settled(await broker.ack({ queue, receipt }));
  if (receipts === undefined || receipt !== undefined) {
    return fieldMissing("receipt", "Give either receipt or receipts.");
  }
  const results = await Promise.all(receipts.map((each) => broker.ack({ queue, receipt: each })));
  return answered({
    results: results.map((result) =>
      result.ok ? { durability: result.durability } : { code: result.refusal, detail: result.detail },
    ),
  });
}

export const nackSchema = Type.Object(
  {
    queue: queueField,
    receipt: receiptField,
    delaySeconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: delaySecondsMax,
        description: "How long the message stays hidden. Default: as the retry policy of the queue has it.",
      }),
    ),
    reason: Type.Optional(
      Type.String({
        maxLength: reasonLengthMax,
        description: "What went wrong; the first 1,024 characters are kept with the message.",
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      { queue: "orders", receipt: "AAAAAAABAAAAAQAAAAAAAYtcICI", delaySeconds: 5, reason: "no paper" },
    ],
  },
);

export async function nack(
  broker: BrokerApi,
  { queue = defaultName, receipt, delaySeconds, reason }: Static<typeof nackSchema>,
): Promise<Settled> {
  const delayMs = delaySeconds === undefined ? undefined : milliseconds(delaySeconds);
  return settled(await broker.nack({ queue, receipt, delayMs, error: reason }));
}

export const extendSchema = Type.Object(
  {
    queue: queueField,
    receipt: receiptField,
    visibilityTimeoutSeconds: Type.Number({ minimum: 0, maximum: hideSecondsMax, description: "From now." }),
  },
  {
    additionalProperties: false,
    examples: [{ queue: "orders", receipt: "AAAAAAABAAAAAQAAAAAAAYtcICI", visibilityTimeoutSeconds: 60 }],
  },
);

export async function extend(
  broker: BrokerApi,
  { queue = defaultName, receipt, visibilityTimeoutSeconds }: Static<typeof extendSchema>,
): Promise<Settled> {
  const visibilityTimeoutMs = milliseconds(visibilityTimeoutSeconds);
  return settled(await broker.extend({ queue, receipt, visibilityTimeoutMs }));
}

type Settled = Outcome<Static<typeof durableAnswer>>;

const settled = (result: Result<Durable>): Settled =>
  result.ok ? answered({ durability: result.durability }) : refusedBy(result);
