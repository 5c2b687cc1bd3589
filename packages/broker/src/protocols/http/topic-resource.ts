/** `/v1/topics`: which topics there are, how long they keep their records, and how far their partitions reach. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, RetentionSettings, TopicDescription } from "../../broker/api.ts";
import { durabilityField, durableAnswer } from "./fields.ts";
import { pageCountMax } from "./limits.ts";
import { nextField, pageOfNames, pageQuery } from "./pages.ts";
import { sendRefusal } from "./refusals.ts";
import { bodyMayBeAbsent } from "./strictness.ts";

const retentionField = Type.Enum(["log", "live"], {
  description: "log: records are kept and can be read again. live: only who listens hears them.",
});

/** A bound that can be absent: null in JSON, which has no infinity. */
const boundField = (type: "number" | "integer", description: string) =>
  Type.Unsafe<number | null>({ type: [type, "null"], exclusiveMinimum: 0, description });
const retentionSecondsField = boundField("number", "How long records are kept; null: for ever.");
const retentionBytesField = boundField(
  "integer",
  "How much a partition keeps at most, its newest batch apart; null: without bound.",
);

const boundsFields = {
  retentionSeconds: Type.Optional(retentionSecondsField),
  retentionBytes: Type.Optional(retentionBytesField),
};

const settingsSchema = Type.Object(
  {
    ...boundsFields,
    partitionCount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, default: 1 })),
    retention: Type.Optional(retentionField),
  },
  { additionalProperties: false, examples: [{ partitionCount: 4, retentionSeconds: 86_400 }] },
);

const topicSchema = Type.Object({
  topic: Type.String(),
  partitionCount: Type.Integer(),
  retention: retentionField,
  retentionSeconds: retentionSecondsField,
  retentionBytes: retentionBytesField,
  durability: durabilityField,
  partitions: Type.Array(
    Type.Object({
      startOffset: Type.Integer({ description: "Of the oldest record that is kept." }),
      endOffset: Type.Integer({ description: "That the next record will get." }),
      retainedBytes: Type.Integer({ description: "What its records take on the disk." }),
    }),
  ),
  liveSubscribers: Type.Integer(),
});

const paramsSchema = Type.Object({ topic: Type.String() });
type Params = Static<typeof paramsSchema>;

const topicOf = ({ retentionMs, retentionBytes, ...rest }: TopicDescription): Static<typeof topicSchema> => ({
  ...rest,
  retentionSeconds: finite(retentionMs / 1000),
  retentionBytes: finite(retentionBytes),
  partitions: [...rest.partitions],
});

const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);
const bound = (given: number | null): number => given ?? Number.POSITIVE_INFINITY;

function retentionOf({ retentionSeconds, retentionBytes }: Static<typeof boundsSchema>): RetentionSettings {
  return {
    ...(retentionSeconds !== undefined && { retentionMs: bound(retentionSeconds) * 1000 }),
    ...(retentionBytes !== undefined && { retentionBytes: bound(retentionBytes) }),
  };
}

const listQuery = Type.Object(pageQuery(pageCountMax), { additionalProperties: false });

const boundsSchema = Type.Object(boundsFields, {
  additionalProperties: false,
  examples: [{ retentionSeconds: 86_400 }],
});

export function topicResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Querystring: Static<typeof listQuery> }>(
    "/v1/topics",
    {
      schema: {
        operationId: "listTopics",
        summary: "All topics, by name",
        tags: ["topics"],
        querystring: listQuery,
        response: {
          200: Type.Object({ topics: Type.Array(topicSchema), next: nextField }),
          ...problemResponses,
        },
      },
    },
    async ({ query }) => {
      const { names, next } = pageOfNames(broker.listTopics(), query);
      const results = await Promise.all(names.map((topic) => broker.describeTopic(topic)));
      return { topics: results.flatMap((result) => (result.ok ? [topicOf(result.description)] : [])), next };
    },
  );
  allowOnly(app, "/v1/topics", ["GET", "HEAD"]);

  app.get<{ Params: Params }>(
    "/v1/topics/:topic",
    {
      schema: {
        operationId: "describeTopic",
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
      preValidation: bodyMayBeAbsent,
      schema: {
        operationId: "createTopic",
        summary: "Create a topic, or change how long it keeps its records",
        description:
          "Of a topic that exists, retentionSeconds and retentionBytes are changed where they are given; with another partitionCount or retention it is refused.",
        tags: ["topics"],
        params: paramsSchema,
        body: settingsSchema,
        response: { 200: topicSchema, 201: topicSchema, ...problemResponses },
      },
    },
    async ({ params: { topic }, body }, reply) => {
      const { partitionCount, retention } = body;
      const bounds = retentionOf(body);
      const created = await broker.createTopic({
        topic,
        ...(partitionCount !== undefined && { partitionCount }),
        ...(retention !== undefined && { retention }),
        ...bounds,
      });
      if (!created.ok) return sendRefusal(reply, created);
      if (!created.created && Object.keys(bounds).length > 0) {
        const changed = await broker.configureTopic({ topic, ...bounds });
        if (!changed.ok) return sendRefusal(reply, changed);
      }
      const result = await broker.describeTopic(topic);
      if (!result.ok) return sendRefusal(reply, result);
      reply.code(created.created ? 201 : 200);
      return topicOf(result.description);
    },
  );
  app.patch<{ Params: Params; Body: Static<typeof boundsSchema> }>(
    "/v1/topics/:topic",
    {
      schema: {
        operationId: "configureTopic",
        summary: "Change how long a topic keeps its records",
        description: "What is absent stays as it is.",
        tags: ["topics"],
        params: paramsSchema,
        body: boundsSchema,
        response: { 200: topicSchema, ...problemResponses },
      },
    },
    async ({ params: { topic }, body }, reply) => {
      const changed = await broker.configureTopic({ topic, ...retentionOf(body) });
      if (!changed.ok) return sendRefusal(reply, changed);
      const result = await broker.describeTopic(topic);
      return result.ok ? topicOf(result.description) : sendRefusal(reply, result);
    },
  );

  app.delete<{ Params: Params }>(
    "/v1/topics/:topic",
    {
      schema: {
        operationId: "deleteTopic",
        summary: "Delete a topic with everything that is in it",
        description: "What consumer groups have committed there is forgotten.",
        tags: ["topics"],
        params: paramsSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.deleteTopic(params.topic);
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/topics/:topic", ["GET", "HEAD", "PUT", "PATCH", "DELETE"]);
}
