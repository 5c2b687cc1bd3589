/** `/v1/topics/<topic>/records`: reads a retained topic from an offset or a time, changing nothing; and deletes what lies before an offset. */
import { allowOnly, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, Result, TopicRecord } from "../../broker/api.ts";
import { encodeBody, encodeContent, encodedContentFields } from "./content.ts";
import { durableAnswer, instant, milliseconds } from "./fields.ts";
import { answerBytesMax, answerCountMax, waitSecondsMax } from "./limits.ts";
import { sendRefusal } from "./refusals.ts";

const paramsSchema = Type.Object({ topic: Type.String() });

const querySchema = Type.Object(
  {
    partition: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    offset: Type.Optional(
      Type.Integer({ minimum: 0, description: "Default: the oldest record that is kept." }),
    ),
    time: Type.Optional(
      Type.String({
        format: "date-time",
        description: "In place of offset: from the first record that was published then or later.",
      }),
    ),
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: answerCountMax, default: answerCountMax })),
    waitSeconds: Type.Optional(Type.Number({ minimum: 0, maximum: waitSecondsMax, default: 0 })),
  },
  { additionalProperties: false },
);

const deleteSchema = Type.Object(
  {
    partition: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
    before: Type.Integer({ minimum: 0, description: "The first offset that is kept." }),
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
        operationId: "fetchRecords",
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
      if (query.offset !== undefined && query.time !== undefined) return sendProblem(reply, offsetOrTime);
      const described = await broker.describeTopic(topic);
      if (!described.ok) return sendRefusal(reply, described);
      const bounds = described.description.partitions[partition];
      if (bounds === undefined) {
        const detail = `The topic ${topic} has ${described.description.partitionCount} partitions, counted from 0.`;
        return sendProblem(reply, problem(404, "unknown-partition", detail, "partition"));
      }
      const from = await begin(broker, topic, partition, query, bounds.startOffset);
      if (!from.ok) return sendRefusal(reply, from);
      const result = await broker
        .fetch({
          topic,
          partition,
          offset: from.offset,
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

  app.delete<{ Params: Static<typeof paramsSchema>; Querystring: Static<typeof deleteSchema> }>(
    "/v1/topics/:topic/records",
    {
      schema: {
        operationId: "deleteRecords",
        summary: "Delete records of a topic",
        description: "Deletes what lies before an offset. What is gone already is fine.",
        tags: ["topics"],
        params: paramsSchema,
        querystring: deleteSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params: { topic }, query: { partition = 0, before } }, reply) => {
      const result = await broker.deleteRecordsBefore({ topic, partition, offset: before });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/topics/:topic/records", ["GET", "HEAD", "DELETE"]);
}

const offsetOrTime = problem(
  400,
  "invalid-field",
  "The field time does not go together with offset.",
  "time",
);

/** Where a read begins. */
async function begin(
  broker: BrokerApi,
  topic: string,
  partition: number,
  { offset, time }: Static<typeof querySchema>,
  startOffset: number,
): Promise<Result<{ readonly offset: number }>> {
  if (time === undefined) return { ok: true, offset: offset ?? startOffset };
  return broker.offsetAt({ topic, partition, timeMs: Date.parse(time) });
}

/** A record as it is read. */
export function recordOf(record: TopicRecord): Static<typeof answerSchema>["records"][number] {
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
