/** `POST /v1/transactions`: several things at once, or none of them. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { sendOutcome } from "./outcome.ts";
import { transact, transactAnswer, transactSchema } from "./transact.ts";

export function transactionRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof transactSchema> }>(
    "/v1/transactions",
    {
      schema: {
        operationId: "transact",
        summary: "Ack these, send those and publish that, all of it or nothing",
        description:
          "Whatever is refused, nothing has happened: one receipt that does not hold keeps everything back.",
        tags: ["transactions"],
        body: transactSchema,
        response: { 200: transactAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 200, await transact(broker, body)),
  );
  allowOnly(app, "/v1/transactions", ["POST"]);
}
