/** `GET /dequeue`: takes messages, waiting for the first if asked to. What a client that has gone does not get goes back. */

import type { ServerResponse } from "node:http";
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { deliveryOf, dequeueAnswer, dequeueSchema, receiveRequest } from "./dequeue.ts";
import { sendRefusal } from "./refusals.ts";

export function dequeueRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Querystring: Static<typeof dequeueSchema> }>(
    "/dequeue",
    {
      // A HEAD would receive messages and throw them away.
      exposeHeadRoute: false,
      schema: {
        operationId: "dequeue",
        summary: "Receive messages from a queue",
        description:
          "Each message is hidden until its visibility timeout has passed; ack it before, or it comes again. " +
          "The list is empty when there is no message.",
        tags: ["queues"],
        querystring: dequeueSchema,
        response: { 200: dequeueAnswer, ...problemResponses },
      },
    },
    async ({ query }, reply) => {
      const client = new Client(reply.raw);
      const request = receiveRequest(query);
      const result = await broker.receive({ ...request, signal: client.gone }).catch((error: unknown) => {
        if (!client.gone.aborted) throw error;
      });
      if (result === undefined) return reply.hijack();
      if (!result.ok) return sendRefusal(reply, result);
      const { queue } = request;
      client.whenGone(() => {
        for (const { receipt } of result.deliveries)
          void broker.nack({ queue, receipt, delayMs: 0, counts: false });
      });
      reply.header("cache-control", "no-store");
      return { messages: result.deliveries.map(deliveryOf) };
    },
  );
  allowOnly(app, "/dequeue", ["GET"]);
}

/** Notices that the client closed its connection before the whole answer was handed to the system. */
class Client {
  readonly #gone = new AbortController();

  constructor(response: ServerResponse) {
    let handedOver = false;
    response.once("finish", () => {
      handedOver = true;
    });
    // Not at once: an answer that was given without a network closes before it finishes.
    response.once("close", () => {
      setImmediate(() => {
        if (!handedOver) this.#gone.abort();
      });
    });
    if (response.destroyed) this.#gone.abort();
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Calls `then` when the client is gone, also when it has gone already. */
  whenGone(then: () => void): void {
    if (this.gone.aborted) then();
    else this.gone.addEventListener("abort", then, { once: true });
  }
}
