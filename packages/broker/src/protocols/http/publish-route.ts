/** `POST /publish`: one record to a topic. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { sendOutcome } from "./outcome.ts";
import { publish, publishAnswer, publishSchema } from "./publish.ts";

export function publishRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof publishSchema> }>(
    "/publish",
    {
      schema: {
        operationId: "publish",
        summary: "Publish a record to a topic",
        description: "Answered when the record rests on what `durability` says.",
        tags: ["topics"],
        body: publishSchema,
        response: { 201: publishAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 201, await publish(broker, body)),
  );
  allowOnly(app, "/publish", ["POST"]);
}
