/** `POST /ack`, `/nack`, `/extend`: what a consumer says about a delivery, by its receipt. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { durableAnswer } from "./fields.ts";
import { sendOutcome } from "./outcome.ts";
import { ack, ackAnswer, ackSchema, extend, extendSchema, nack, nackSchema } from "./settle.ts";

export function ackRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof ackSchema> }>(
    "/ack",
    {
      schema: {
        operationId: "ack",
        summary: "Delete received messages",
        description:
          "A receipt that no longer holds is refused as stale-receipt: the message may be with someone else.",
        tags: ["queues"],
        body: ackSchema,
        response: { 200: ackAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 200, await ack(broker, body)),
  );
  allowOnly(app, "/ack", ["POST"]);
}

export function nackRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof nackSchema> }>(
    "/nack",
    {
      schema: {
        operationId: "nack",
        summary: "Give a received message back",
        description:
          "It returns to its place in the queue, and its receive count stays. One that was received as often as the queue allows becomes a dead letter.",
        tags: ["queues"],
        body: nackSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 200, await nack(broker, body)),
  );
  allowOnly(app, "/nack", ["POST"]);
}

export function extendRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof extendSchema> }>(
    "/extend",
    {
      schema: {
        operationId: "extend",
        summary: "Hide a received message for longer",
        tags: ["queues"],
        body: extendSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ body }, reply) => sendOutcome(reply, 200, await extend(broker, body)),
  );
  allowOnly(app, "/extend", ["POST"]);
}
