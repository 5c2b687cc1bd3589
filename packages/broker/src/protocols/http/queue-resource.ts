/** `/v1/queues`: which queues there are, how they behave and how full they are. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, QueueDescription } from "../../broker/api.ts";
import { durabilityField, milliseconds } from "./fields.ts";
import { hideSecondsMax } from "./limits.ts";
import { sendRefusal } from "./refusals.ts";

const deadLetterSchema = Type.Object(
  { queue: Type.String(), receiveCountMax: Type.Integer({ minimum: 1, maximum: 1000 }) },
  { additionalProperties: false },
);

const settingsSchema = Type.Object(
  {
    visibilityTimeoutSeconds: Type.Optional(
      Type.Number({ minimum: 0, maximum: hideSecondsMax, default: 30 }),
    ),
    deadLetter: Type.Optional(deadLetterSchema),
  },
  { additionalProperties: false },
);

const queueSchema = Type.Object({
  queue: Type.String(),
  visibilityTimeoutSeconds: Type.Number(),
  deadLetter: Type.Union([deadLetterSchema, Type.Null()]),
  durability: durabilityField,
  ready: Type.Integer({ description: "Messages that the next dequeue can take." }),
  delayed: Type.Integer({ description: "Messages that are hidden for a delay." }),
  inFlight: Type.Integer({ description: "Messages that a consumer holds." }),
  bodyBytes: Type.Integer(),
});

const paramsSchema = Type.Object({ queue: Type.String() });
type Params = Static<typeof paramsSchema>;

const queueOf = (description: QueueDescription): Static<typeof queueSchema> => ({
  queue: description.queue,
  visibilityTimeoutSeconds: description.visibilityTimeoutMs / 1000,
  deadLetter: description.deadLetter ?? null,
  durability: description.durability,
  ready: description.ready,
  delayed: description.delayed,
  inFlight: description.inFlight,
  bodyBytes: description.bodyBytes,
});

export function queueResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get(
    "/v1/queues",
    {
      schema: {
        summary: "All queues",
        tags: ["queues"],
        response: { 200: Type.Object({ queues: Type.Array(queueSchema) }), ...problemResponses },
      },
    },
    async () => {
      const results = await Promise.all(broker.listQueues().map((queue) => broker.describeQueue(queue)));
      return { queues: results.flatMap((result) => (result.ok ? [queueOf(result.description)] : [])) };
    },
  );
  allowOnly(app, "/v1/queues", ["GET", "HEAD"]);

  app.get<{ Params: Params }>(
    "/v1/queues/:queue",
    {
      schema: {
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

  app.put<{ Params: Params; Body: Static<typeof settingsSchema> }>(
    "/v1/queues/:queue",
    {
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        summary: "Create a queue",
        description:
          "Creating one that exists with the same settings changes nothing; with others it is refused.",
        tags: ["queues"],
        params: paramsSchema,
        body: settingsSchema,
        response: { 200: queueSchema, 201: queueSchema, ...problemResponses },
      },
    },
    async ({ params: { queue }, body: { visibilityTimeoutSeconds, deadLetter } }, reply) => {
      const created = await broker.createQueue({
        queue,
        ...(visibilityTimeoutSeconds === undefined
          ? {}
          : { visibilityTimeoutMs: milliseconds(visibilityTimeoutSeconds) }),
        ...(deadLetter === undefined ? {} : { deadLetter }),
      });
      if (!created.ok) return sendRefusal(reply, created);
      const result = await broker.describeQueue(queue);
      if (!result.ok) return sendRefusal(reply, result);
      reply.code(created.created ? 201 : 200);
      return queueOf(result.description);
    },
  );
  allowOnly(app, "/v1/queues/:queue", ["GET", "HEAD", "PUT"]);
}
