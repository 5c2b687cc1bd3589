/** `/v1/queues/<queue>/redrives`: moves all dead letters of a queue back, or elsewhere, and says how far that is. */
import { allowOnly, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, Redrive } from "../../broker/api.ts";
import {
  durableAnswer,
  instant,
  instantField,
  instantOrNull,
  instantOrNullField,
  numberOrNull,
  textOrNull,
} from "./fields.ts";
import { sendRefusal } from "./refusals.ts";
import { bodyMayBeAbsent } from "./strictness.ts";

const queueParams = Type.Object({ queue: Type.String() });
const redriveParams = Type.Object({ queue: Type.String(), redrive: Type.Integer({ minimum: 1 }) });

export const targetField = Type.Optional(
  Type.String({ description: "Name of a queue. Default: each goes back to the queue that gave it up." }),
);

const startSchema = Type.Object(
  {
    to: targetField,
    perSecondMax: Type.Optional(
      Type.Number({ minimum: 0.001, maximum: 1_000_000_000, description: "Default: as fast as it goes." }),
    ),
  },
  { additionalProperties: false, examples: [{ perSecondMax: 100 }] },
);

const redriveSchema = Type.Object({
  redrive: Type.Integer({ description: "Its number in the queue, from 1." }),
  to: textOrNull("Where they go; null: each to the queue that gave it up."),
  perSecondMax: numberOrNull("Null: as fast as it goes."),
  status: Type.Enum(["running", "done", "cancelled"]),
  total: Type.Integer({ description: "How many there were to move when it began." }),
  moved: Type.Integer(),
  startedAt: instantField(),
  endedAt: instantOrNullField("Null while it runs."),
});

const redriveOf = (redrive: Redrive): Static<typeof redriveSchema> => ({
  redrive: redrive.redrive,
  to: redrive.to ?? null,
  perSecondMax: redrive.perSecondMax ?? null,
  status: redrive.status,
  total: redrive.total,
  moved: redrive.moved,
  startedAt: instant(redrive.startedAtMs),
  endedAt: instantOrNull(redrive.endedAtMs),
});

export function redriveResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Params: Static<typeof queueParams>; Body: Static<typeof startSchema> }>(
    "/v1/queues/:queue/redrives",
    {
      preValidation: bodyMayBeAbsent,
      schema: {
        operationId: "startRedrive",
        summary: "Redrive the dead letters of a queue",
        description:
          "Moves what is parked in the queue and what came to it as dead letters, as far as it is there now. It goes on after a restart. One redrive of a queue runs at a time.",
        tags: ["dead letters"],
        params: queueParams,
        body: startSchema,
        response: { 201: redriveSchema, ...problemResponses },
      },
    },
    async ({ params: { queue }, body }, reply) => {
      const result = await broker.startRedrive({ queue, ...body });
      if (!result.ok) return sendRefusal(reply, result);
      reply.code(201).header("location", `/v1/queues/${queue}/redrives/${result.redrive.redrive}`);
      return redriveOf(result.redrive);
    },
  );

  app.get<{ Params: Static<typeof queueParams> }>(
    "/v1/queues/:queue/redrives",
    {
      schema: {
        operationId: "listRedrives",
        summary: "The redrives of a queue",
        description: "The one that runs and the last that have ended, oldest first.",
        tags: ["dead letters"],
        params: queueParams,
        response: { 200: Type.Object({ redrives: Type.Array(redriveSchema) }), ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.listRedrives(params.queue);
      return result.ok ? { redrives: result.redrives.map(redriveOf) } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/queues/:queue/redrives", ["GET", "HEAD", "POST"]);

  app.get<{ Params: Static<typeof redriveParams> }>(
    "/v1/queues/:queue/redrives/:redrive",
    {
      schema: {
        operationId: "describeRedrive",
        summary: "How far a redrive is",
        tags: ["dead letters"],
        params: redriveParams,
        response: { 200: redriveSchema, ...problemResponses },
      },
    },
    async ({ params: { queue, redrive } }, reply) => {
      const result = await broker.listRedrives(queue);
      if (!result.ok) return sendRefusal(reply, result);
      const found = result.redrives.find((each) => each.redrive === redrive);
      if (found !== undefined) return redriveOf(found);
      const detail = `The queue '${queue}' has no redrive ${redrive}, or remembers it no longer.`;
      return sendProblem(reply, problem(404, "unknown-redrive", detail));
    },
  );

  app.delete<{ Params: Static<typeof redriveParams> }>(
    "/v1/queues/:queue/redrives/:redrive",
    {
      schema: {
        operationId: "cancelRedrive",
        summary: "Cancel a redrive that runs",
        description: "What was moved stays moved.",
        tags: ["dead letters"],
        params: redriveParams,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params: { queue, redrive } }, reply) => {
      const result = await broker.cancelRedrive({ queue, redrive });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/queues/:queue/redrives/:redrive", ["GET", "HEAD", "DELETE"]);
}
