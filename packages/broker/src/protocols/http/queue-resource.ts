/** `/v1/queues`: which queues there are, how they behave and how full they are; and how they are made, changed, stopped and emptied. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, QueueDescription } from "../../broker/api.ts";
import { durabilityField, durableAnswer, numberOrNull, secondsOrNull } from "./fields.ts";
import { pageCountMax } from "./limits.ts";
import { nextField, pageOfNames, pageQuery } from "./pages.ts";
import { settingsFields, settingsOf, settingsRequest, settingsSchema } from "./queue-settings.ts";
import { sendRefusal } from "./refusals.ts";
import { bodyMayBeAbsent } from "./strictness.ts";

const queueSchema = Type.Object({
  queue: Type.String(),
  ...settingsFields,
  durability: durabilityField,
  paused: Type.Boolean({ description: "While it is, nothing is handed out." }),
  ready: Type.Integer({
    description: "Messages that the next dequeue can take, or that wait for another one of their group.",
  }),
  delayed: Type.Integer({ description: "Messages that are hidden for a delay." }),
  inFlight: Type.Integer({ description: "Messages that a consumer holds." }),
  parked: Type.Integer({ description: "Messages that were given up and wait for a redrive." }),
  bodyBytes: Type.Integer(),
  oldestReadySeconds: numberOrNull("How long the message has waited that has waited longest."),
  oldestInFlightSeconds: numberOrNull("How long the oldest delivery is under way."),
  oldestParkedSeconds: numberOrNull("How long the message is parked that was parked first."),
});

const paramsSchema = Type.Object({ queue: Type.String() });
type Params = Static<typeof paramsSchema>;
type Settings = Static<typeof settingsSchema>;

const listQuery = Type.Object(pageQuery(pageCountMax), { additionalProperties: false });

const queueOf = (description: QueueDescription): Static<typeof queueSchema> => ({
  queue: description.queue,
  ...settingsOf(description),
  durability: description.durability,
  paused: description.paused,
  ready: description.ready,
  delayed: description.delayed,
  inFlight: description.inFlight,
  parked: description.parked,
  bodyBytes: description.bodyBytes,
  oldestReadySeconds: secondsOrNull(description.oldestReadyMs),
  oldestInFlightSeconds: secondsOrNull(description.oldestInFlightMs),
  oldestParkedSeconds: secondsOrNull(description.oldestParkedMs),
});

export function queueResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Querystring: Static<typeof listQuery> }>(
    "/v1/queues",
    {
      schema: {
        operationId: "listQueues",
        summary: "All queues, by name",
        tags: ["queues"],
        querystring: listQuery,
        response: {
          200: Type.Object({ queues: Type.Array(queueSchema), next: nextField }),
          ...problemResponses,
        },
      },
    },
    async ({ query }) => {
      const { names, next } = pageOfNames(broker.listQueues(), query);
      const results = await Promise.all(names.map((queue) => broker.describeQueue(queue)));
      return { queues: results.flatMap((result) => (result.ok ? [queueOf(result.description)] : [])), next };
    },
  );
  allowOnly(app, "/v1/queues", ["GET", "HEAD"]);

  app.get<{ Params: Params }>(
    "/v1/queues/:queue",
    {
      schema: {
        operationId: "describeQueue",
        summary: "One queue",
        tags: ["queues"],
        params: paramsSchema,
        response: { 200: queueSchema, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.describeQueue(params.queue);
      return result.ok ? queueOf(result.description) : sendRefusal(reply, result);
    },
  );

  app.put<{ Params: Params; Body: Settings }>(
    "/v1/queues/:queue",
    {
      preValidation: bodyMayBeAbsent,
      schema: {
        operationId: "createQueue",
        summary: "Create a queue",
        description:
          "Settings that are absent get the defaults. Creating one that exists with the same settings changes nothing; with others it is refused.",
        tags: ["queues"],
        params: paramsSchema,
        body: settingsSchema,
        response: { 200: queueSchema, 201: queueSchema, ...problemResponses },
      },
    },
    async ({ params: { queue }, body }, reply) => {
      const created = await broker.createQueue({ queue, ...settingsRequest(body) });
      if (!created.ok) return sendRefusal(reply, created);
      const result = await broker.describeQueue(queue);
      if (!result.ok) return sendRefusal(reply, result);
      reply.code(created.created ? 201 : 200);
      return queueOf(result.description);
    },
  );

  app.patch<{ Params: Params; Body: Settings }>(
    "/v1/queues/:queue",
    {
      schema: {
        operationId: "configureQueue",
        summary: "Change settings of a queue",
        description: "While it works: they hold from then on. What is absent stays as it is.",
        tags: ["queues"],
        params: paramsSchema,
        body: settingsSchema,
        response: { 200: queueSchema, ...problemResponses },
      },
    },
    async ({ params: { queue }, body }, reply) => {
      const changed = await broker.configureQueue({ queue, ...settingsRequest(body) });
      if (!changed.ok) return sendRefusal(reply, changed);
      const result = await broker.describeQueue(queue);
      return result.ok ? queueOf(result.description) : sendRefusal(reply, result);
    },
  );

  app.delete<{ Params: Params }>(
    "/v1/queues/:queue",
    {
      schema: {
        operationId: "deleteQueue",
        summary: "Delete a queue with everything that is in it",
        tags: ["queues"],
        params: paramsSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.deleteQueue(params.queue);
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/queues/:queue", ["GET", "HEAD", "PUT", "PATCH", "DELETE"]);
  queueActions(app, broker);
}

const purgedSchema = Type.Object({ purged: Type.Integer(), durability: durabilityField });
const pausedSchema = Type.Object({ paused: Type.Boolean(), durability: durabilityField });

function queueActions(app: FastifyInstance, broker: BrokerApi): void {
  app.post<{ Params: Params }>(
    "/v1/queues/:queue/purge",
    {
      schema: {
        operationId: "purgeQueue",
        summary: "Delete every message of a queue",
        description: "Also those in flight: their receipts hold no longer.",
        tags: ["queues"],
        params: paramsSchema,
        response: { 200: purgedSchema, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.purgeQueue(params.queue);
      return result.ok
        ? { purged: result.purged, durability: result.durability }
        : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/queues/:queue/purge", ["POST"]);

  for (const [action, paused, summary] of [
    ["pause", true, "Hand out nothing more"],
    ["resume", false, "Hand out messages again"],
  ] as const) {
    app.post<{ Params: Params }>(
      `/v1/queues/:queue/${action}`,
      {
        schema: {
          operationId: `${action}Queue`,
          summary,
          description: "Messages are taken, acked and given back all the same, also after a restart.",
          tags: ["queues"],
          params: paramsSchema,
          response: { 200: pausedSchema, ...problemResponses },
        },
      },
      async ({ params: { queue } }, reply) => {
        const result = await broker.pauseQueue({ queue, paused });
        return result.ok ? { paused, durability: result.durability } : sendRefusal(reply, result);
      },
    );
    allowOnly(app, `/v1/queues/:queue/${action}`, ["POST"]);
  }
}
