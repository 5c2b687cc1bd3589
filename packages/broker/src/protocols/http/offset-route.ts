/** `GET /v1/topics/<topic>/offsets`: from which offset on a partition was published at a time or later. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { sendRefusal } from "./refusals.ts";

const paramsSchema = Type.Object({ topic: Type.String() });

const querySchema = Type.Object(
  {
    partition: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    time: Type.String({ format: "date-time", description: "RFC 3339." }),
  },
  { additionalProperties: false },
);

const answerSchema = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer({
    description: "Of the first record that was published then or later; of the next one when there is none.",
  }),
});

export function offsetRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Params: Static<typeof paramsSchema>; Querystring: Static<typeof querySchema> }>(
    "/v1/topics/:topic/offsets",
    {
      schema: {
        operationId: "offsetAt",
        summary: "The offset at a time",
        tags: ["topics"],
        params: paramsSchema,
        querystring: querySchema,
        response: { 200: answerSchema, ...problemResponses },
      },
    },
    async ({ params: { topic }, query: { partition = 0, time } }, reply) => {
      const result = await broker.offsetAt({ topic, partition, timeMs: Date.parse(time) });
      return result.ok ? { partition, offset: result.offset } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/topics/:topic/offsets", ["GET", "HEAD"]);
}
