/** `GET /v1/topics/<topic>/records`: reads a retained topic from an offset, changing nothing. */
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, TopicRecord } from "../../broker/api.ts";
import { encodeBody, encodeContent, encodedContentFields } from "./content.ts";
import { allowOnly } from "./error-answers.ts";
import { instant, milliseconds } from "./fields.ts";
import { answerBytesMax, answerCountMax, waitSecondsMax } from "./limits.ts";
import { problem, problemResponses, sendProblem } from "./problem.ts";
import { sendRefusal } from "./refusals.ts";

const paramsSchema = Type.Object({ topic: Type.String() });

const querySchema = Type.Object(
  {
    partition: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    offset: Type.Optional(
      Type.Integer({ minimum: 0, description: "Default: the oldest record that is kept." }),
    ),
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: answerCountMax, default: answerCountMax })),
    waitSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: waitSecondsMax, default: 0 })),
  },
  { additionalProperties: false },
);

const answerSchema = Type.Object({
  records: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      offset: Type.Integer(),
      key: Type.Union([Type.String(), Type.Null()]),
      keyEncoding: Type.Enum(["utf8", "base64"]),
      ...encodedContentFields,
      publishedAt: Type.String({ format: "date-time" }),
    }),
  ),
  startOffset: Type.Integer({ description: "Of the oldest record that is kept." }),
  endOffset: Type.Integer({ description: "That the next record will get." }),
});

export function recordRoutes(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Params: Static<typeof paramsSchema>; Querystring: Static<typeof querySchema> }>(
    "/v1/topics/:topic/records",
    {
      schema: {
        summary: "Read records of a topic",
        description: "Reading changes nothing; ask again with the offset after the last record.",
        tags: ["topics"],
        params: paramsSchema,
        querystring: querySchema,
        response: { 200: answerSchema, ...problemResponses },
      },
    },
    async ({ params: { topic }, query, signal }, reply) => {
      const { partition = 0, max = answerCountMax, waitSeconds = 0 } = query;
      const described = await broker.describeTopic(topic);
      if (!described.ok) return sendRefusal(reply, described);
      const bounds = described.description.partitions[partition];
      if (bounds === undefined) {
        const detail = `The topic ${topic} has ${described.description.partitionCount} partitions, counted from 0.`;
        return sendProblem(reply, problem(404, "unknown-partition", detail, "partition"));
      }
      const result = await broker
        .fetch({
          topic,
          partition,
          offset: query.offset ?? bounds.startOffset,
          recordsMax: max,
          bytesMax: answerBytesMax,
          waitMs: milliseconds(waitSeconds),
          signal,
        })
        .catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
      if (result === undefined) return reply.hijack();
      if (!result.ok) return sendRefusal(reply, result);
      const { records, startOffset, endOffset } = result;
      return { records: records.map(recordOf), startOffset, endOffset };
    },
  );
  allowOnly(app, "/v1/topics/:topic/records", ["GET", "HEAD"]);
}

function recordOf(record: TopicRecord): Static<typeof answerSchema>["records"][number] {
  const { partition, offset, key, body, attributes, publishedAtMs } = record;
  const encodedKey = key === undefined ? undefined : encodeBody(key);
  return {
    partition,
    offset,
    key: encodedKey?.body ?? null,
    keyEncoding: encodedKey?.bodyEncoding ?? "utf8",
    ...encodeContent(body, attributes),
    publishedAt: instant(publishedAtMs),
  };
}
