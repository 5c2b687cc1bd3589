/** `/v1/topics`: which topics there are, and how far their partitions reach. */
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, TopicDescription } from "../../broker/api.ts";
import { allowOnly } from "./error-answers.ts";
import { durabilityField } from "./fields.ts";
import { problemResponses } from "./problem.ts";
import { sendRefusal } from "./refusals.ts";

const retentionField = Type.Enum(["log", "live"], {
  description: "log: records are kept and can be read again. live: only who listens hears them.",
});

const settingsSchema = Type.Object(
  {
    partitionCount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, default: 1 })),
    retention: Type.Optional(retentionField),
  },
  { additionalProperties: false },
);

const topicSchema = Type.Object({
  topic: Type.String(),
  partitionCount: Type.Integer(),
  retention: retentionField,
  durability: durabilityField,
  partitions: Type.Array(
    Type.Object({
      startOffset: Type.Integer({ description: "Of the oldest record that is kept." }),
      endOffset: Type.Integer({ description: "That the next record will get." }),
    }),
  ),
  liveSubscribers: Type.Integer(),
});

const paramsSchema = Type.Object({ topic: Type.String() });
type Params = Static<typeof paramsSchema>;

const topicOf = (description: TopicDescription): Static<typeof topicSchema> => ({
  ...description,
  partitions: [...description.partitions],
});

export function topicResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get(
    "/v1/topics",
    {
      schema: {
        summary: "All topics",
        tags: ["topics"],
        response: { 200: Type.Object({ topics: Type.Array(topicSchema) }), ...problemResponses },
      },
    },
    async () => {
      const results = await Promise.all(broker.listTopics().map((topic) => broker.describeTopic(topic)));
      return { topics: results.flatMap((result) => (result.ok ? [topicOf(result.description)] : [])) };
    },
  );
  allowOnly(app, "/v1/topics", ["GET", "HEAD"]);

  app.get<{ Params: Params }>(
    "/v1/topics/:topic",
    {
      schema: {
        summary: "One topic",
        tags: ["topics"],
        params: paramsSchema,
        response: { 200: topicSchema, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.describeTopic(params.topic);
      return result.ok ? topicOf(result.description) : sendRefusal(reply, result);
    },
  );

  app.put<{ Params: Params; Body: Static<typeof settingsSchema> }>(
    "/v1/topics/:topic",
    {
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        summary: "Create a topic",
        description:
          "Creating one that exists with the same settings changes nothing; with others it is refused.",
        tags: ["topics"],
        params: paramsSchema,
        body: settingsSchema,
        response: { 200: topicSchema, 201: topicSchema, ...problemResponses },
      },
    },
    async ({ params: { topic }, body }, reply) => {
      const created = await broker.createTopic({ topic, ...body });
      if (!created.ok) return sendRefusal(reply, created);
      const result = await broker.describeTopic(topic);
      if (!result.ok) return sendRefusal(reply, result);
      reply.code(created.created ? 201 : 200);
      return topicOf(result.description);
    },
  );
  allowOnly(app, "/v1/topics/:topic", ["GET", "HEAD", "PUT"]);
}
