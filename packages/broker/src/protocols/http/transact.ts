/** Acks, messages and records in one atomic append, also over several queues and topics. */
import { type Problem, problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import type { BrokerApi, OutgoingMessage, PublishRequest, TransactRequest } from "../../broker/api.ts";
import { defaultName, durabilityField, queueField, receiptField } from "./fields.ts";
import { transactionCountMax } from "./limits.ts";
import { decodeMessage, messageFields } from "./message-fields.ts";
import { answered, failed, type Outcome, refusedBy } from "./outcome.ts";
import { decodeRecord, recordFields } from "./record-fields.ts";

const several = { minItems: 1, maxItems: transactionCountMax };

export const transactSchema = Type.Object(
  {
    acks: Type.Optional(
      Type.Array(
        Type.Object(
          { queue: queueField, receipts: Type.Array(receiptField, several) },
          { additionalProperties: false },
        ),
        { ...several, description: "Messages that are done when all of this is." },
      ),
    ),
    messages: Type.Optional(
      Type.Array(Type.Object({ queue: queueField, ...messageFields }, { additionalProperties: false }), {
        ...several,
        description: "To be sent.",
      }),
    ),
    records: Type.Optional(
      Type.Array(Type.Object(recordFields, { additionalProperties: false }), {
        ...several,
        description: "To be published.",
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        acks: [{ queue: "orders", receipts: ["AAAAAAABAAAAAQAAAAAAAYtcICI"] }],
        messages: [{ queue: "invoices", body: "invoice 7" }],
        records: [{ topic: "sales", key: "7", body: "sold" }],
      },
    ],
  },
);

export const transactAnswer = Type.Object({
  messages: Type.Array(Type.Object({ messageId: Type.String() }), {
    description: "One for each message, in their order.",
  }),
  records: Type.Array(Type.Object({ partition: Type.Integer(), offset: Type.Integer() }), {
    description: "One for each record, in their order.",
  }),
  durability: durabilityField,
});

type Body = Static<typeof transactSchema>;

/** Whatever is refused, nothing has happened: one receipt that does not hold keeps everything back. */
export async function transact(
  broker: BrokerApi,
  body: Body,
): Promise<Outcome<Static<typeof transactAnswer>>> {
  const decoded = decode(body);
  if ("code" in decoded) return failed(decoded);
  const result = await broker.transact(decoded);
  if (!result.ok) return refusedBy(result);
  return answered({
    messages: result.messageIds.map(([messageId = ""]) => ({ messageId })),
    records: result.places.flat().map(({ partition, offset }) => ({ partition, offset })),
    durability: result.durability,
  });
}

/** A send for each message and a publish for each record, so that their answers stand in their order. */
function decode({ acks = [], messages = [], records = [] }: Body): TransactRequest | Problem {
  const count = acks.reduce((sum, { receipts }) => sum + receipts.length, messages.length + records.length);
  if (count === 0) {
    return problem(400, "missing-field", "Give at least one of acks, messages and records.", "messages");
  }
  if (count > transactionCountMax) {
    const detail = `The transaction has ${count} receipts, messages and records; ${transactionCountMax} are the most.`;
    return problem(400, "limit-exceeded", detail);
  }
  const sends: { queue: string; messages: readonly [OutgoingMessage] }[] = [];
  for (const [i, { queue = defaultName, ...message }] of messages.entries()) {
    const decoded = decodeMessage(message, `messages[${i}].`);
    if (!decoded.ok) return decoded.problem;
    sends.push({ queue, messages: [decoded.message] });
  }
  const publishes: PublishRequest[] = [];
  for (const [i, record] of records.entries()) {
    const decoded = decodeRecord(record, `records[${i}].`);
    if (!decoded.ok) return decoded.problem;
    publishes.push(decoded.publish);
  }
  return {
    acks: acks.map(({ queue = defaultName, receipts }) => ({ queue, receipts })),
    sends,
    publishes,
  };
}
