/** `POST /publish`: one record to a topic. */
import { allowOnly, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { contentFields, decodeContent } from "./content.ts";
import { defaultName, durabilityField, topicField } from "./fields.ts";
import { keyLengthMax } from "./limits.ts";
import { sendRefusal } from "./refusals.ts";

const bodySchema = Type.Object(
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

const answerSchema = Type.Object({
  partition: Type.Integer(),
  offset: Type.Integer(),
  durability: durabilityField,
});

const brokenKey = problem(400, "invalid-field", "The field key holds half a surrogate pair.", "key");

export function publishRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof bodySchema> }>(
    "/publish",
    {
      schema: {
        summary: "Publish a record to a topic",
        description: "Answered when the record rests on what `durability` says.",
        tags: ["topics"],
        body: bodySchema,
        response: { 201: answerSchema, ...problemResponses },
      },
    },
    async ({ body: { topic = defaultName, key, ...content } }, reply) => {
      if (key?.isWellFormed() === false) return sendProblem(reply, brokenKey);
      const decoded = decodeContent(content, "");
      if (!decoded.ok) return sendProblem(reply, decoded.problem);
      const record = { ...decoded.message, key: key === undefined ? undefined : Buffer.from(key, "utf8") };
      const result = await broker.publish({ topic, records: [record] });
      if (!result.ok) return sendRefusal(reply, result);
      const [place] = result.places;
      reply.code(201);
      return { partition: place?.partition, offset: place?.offset, durability: result.durability };
    },
  );
  allowOnly(app, "/publish", ["POST"]);
}
