/** `POST /enqueue`: one message, or several with one answer each. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import type { BrokerApi, QueueBatchApi } from "../../broker/api.ts";
import { enqueue, enqueueAnswer, enqueueSchema } from "./enqueue.ts";
import { sendOutcome } from "./outcome.ts";

export function enqueueRoute(
  app: FastifyInstance,
  { broker }: { readonly broker: BrokerApi & QueueBatchApi },
): void {
  app.post<{ Body: Static<typeof enqueueSchema> }>(
    "/enqueue",
    {
      schema: {
        operationId: "enqueue",
        summary: "Send one message or several to a queue",
        description: "Answered when the messages rest on what `durability` says.",
        tags: ["queues"],
        body: enqueueSchema,
        response: { 201: enqueueAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 201, await enqueue(broker, body)),
  );
  allowOnly(app, "/enqueue", ["POST"]);
}
