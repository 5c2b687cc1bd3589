/** `POST /ack`, `/nack`, `/extend`: what a consumer says about a delivery, by its receipt. */
import { allowOnly, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import {
  defaultName,
  durabilityField,
  durableAnswer,
  milliseconds,
  queueField,
  receiptField,
  refusedEntry,
} from "./fields.ts";
import { batchCountMax, delaySecondsMax, hideSecondsMax, reasonLengthMax } from "./limits.ts";
import { sendRefusal } from "./refusals.ts";

const ackSchema = Type.Object(
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
  { additionalProperties: false },
);

const ackAnswer = Type.Object({
  durability: Type.Optional(durabilityField),
  results: Type.Optional(
    Type.Array(
      Type.Object({ durability: Type.Optional(durabilityField), ...Type.Partial(refusedEntry).properties }),
      { description: "For `receipts`: one each, in their order, with durability or with code and detail." },
    ),
  ),
});

const oneReceipt = problem(400, "missing-field", "Give either receipt or receipts.", "receipt");

export function ackRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof ackSchema> }>(
    "/ack",
    {
      schema: {
        summary: "Delete received messages",
        description:
          "A receipt that no longer holds is refused as stale-receipt: the message may be with someone else.",
        tags: ["queues"],
        body: ackSchema,
        response: { 200: ackAnswer, ...problemResponses },
      },
    },
    async ({ body: { queue = defaultName, receipt, receipts } }, reply) => {
      if (receipt !== undefined && receipts === undefined) {
        const result = await broker.ack({ queue, receipt });
        return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
      }
      if (receipts === undefined || receipt !== undefined) return sendProblem(reply, oneReceipt);
      const results = await Promise.all(receipts.map((each) => broker.ack({ queue, receipt: each })));
      return {
        results: results.map((result) =>
          result.ok ? { durability: result.durability } : { code: result.refusal, detail: result.detail },
        ),
      };
    },
  );
  allowOnly(app, "/ack", ["POST"]);
}

const nackSchema = Type.Object(
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
  { additionalProperties: false },
);

export function nackRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof nackSchema> }>(
    "/nack",
    {
      schema: {
        summary: "Give a received message back",
        description:
          "It returns to its place in the queue, and its receive count stays. One that was received as often as the queue allows becomes a dead letter.",
        tags: ["queues"],
        body: nackSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ body: { queue = defaultName, receipt, delaySeconds, reason } }, reply) => {
      const delayMs = delaySeconds === undefined ? undefined : milliseconds(delaySeconds);
      const result = await broker.nack({ queue, receipt, delayMs, error: reason });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/nack", ["POST"]);
}

const extendSchema = Type.Object(
  {
    queue: queueField,
    receipt: receiptField,
    visibilityTimeoutSeconds: Type.Number({ minimum: 0, maximum: hideSecondsMax, description: "From now." }),
  },
  { additionalProperties: false },
);

export function extendRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof extendSchema> }>(
    "/extend",
    {
      schema: {
        summary: "Hide a received message for longer",
        tags: ["queues"],
        body: extendSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ body: { queue = defaultName, receipt, visibilityTimeoutSeconds } }, reply) => {
      const visibilityTimeoutMs = milliseconds(visibilityTimeoutSeconds);
      const result = await broker.extend({ queue, receipt, visibilityTimeoutMs });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/extend", ["POST"]);
}
