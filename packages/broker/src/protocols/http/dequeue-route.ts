/** `GET /dequeue`: takes messages, waiting for the first if asked to. What a client that has gone does not get goes back. */

import type { ServerResponse } from "node:http";
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, QueueDelivery } from "../../broker/api.ts";
import { encodeContent, encodedContentFields } from "./content.ts";
import { defaultName, instant, instantField, milliseconds, queueField, textOrNull } from "./fields.ts";
import { answerBytesMax, answerCountMax, hideSecondsMax, waitSecondsMax } from "./limits.ts";
import { movedFromOf, movedFromSchema } from "./moved-from.ts";
import { sendRefusal } from "./refusals.ts";

const querySchema = Type.Object(
  {
    queue: queueField,
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: answerCountMax, default: 1 })),
    waitSeconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: waitSecondsMax,
        default: 0,
        description: "How long to wait for a first message.",
      }),
    ),
    visibilityTimeoutSeconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: hideSecondsMax,
        description: "How long the messages are hidden from others. Default: the queue's.",
      }),
    ),
  },
  { additionalProperties: false },
);

const answerSchema = Type.Object({
  messages: Type.Array(
    Type.Object({
      messageId: Type.String(),
      receipt: Type.String(),
      ...encodedContentFields,
      receiveCount: Type.Integer({ description: "1 at the first delivery." }),
      enqueuedAt: instantField(),
      priority: Type.Integer(),
      groupId: textOrNull("Of its message group."),
      movedFrom: movedFromSchema,
    }),
  ),
});

export function dequeueRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Querystring: Static<typeof querySchema> }>(
    "/dequeue",
    {
      // A HEAD would receive messages and throw them away.
      exposeHeadRoute: false,
      schema: {
        summary: "Receive messages from a queue",
        description:
          "Each message is hidden until its visibility timeout has passed; ack it before, or it comes again. " +
          "The list is empty when there is no message.",
        tags: ["queues"],
        querystring: querySchema,
        response: { 200: answerSchema, ...problemResponses },
      },
    },
    async ({ query: { queue = defaultName, max = 1, waitSeconds = 0, visibilityTimeoutSeconds } }, reply) => {
      const giveBack = (deliveries: readonly QueueDelivery[]): void => {
        for (const { receipt } of deliveries) void broker.nack({ queue, receipt, delayMs: 0, counts: false });
      };
      const client = new Client(reply.raw);
      const result = await broker
        .receive({
          queue,
          max,
          waitMs: milliseconds(waitSeconds),
          ...(visibilityTimeoutSeconds === undefined
            ? {}
            : { visibilityTimeoutMs: milliseconds(visibilityTimeoutSeconds) }),
          signal: client.gone,
        })
        .catch((error: unknown) => {
          if (!client.gone.aborted) throw error;
        });
      if (result === undefined) return reply.hijack();
      if (!result.ok) return sendRefusal(reply, result);
      const count = fitting(result.deliveries);
      giveBack(result.deliveries.slice(count));
      const deliveries = result.deliveries.slice(0, count);
      client.whenGone(() => giveBack(deliveries));
      reply.header("cache-control", "no-store");
      return { messages: deliveries.map(messageOf) };
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

/** How many of the first deliveries fit into one answer; at least one. */
function fitting(deliveries: readonly QueueDelivery[]): number {
  let bytes = 0;
  const over = deliveries.findIndex((delivery) => {
    bytes += delivery.body.length;
    return bytes > answerBytesMax;
  });
  return over === -1 ? deliveries.length : Math.max(1, over);
}

const messageOf = (delivery: QueueDelivery): Static<typeof answerSchema>["messages"][number] => ({
  messageId: delivery.messageId,
  receipt: delivery.receipt,
  ...encodeContent(delivery.body, delivery.attributes),
  receiveCount: delivery.receiveCount,
  enqueuedAt: instant(delivery.enqueuedAtMs),
  priority: delivery.priority,
  groupId: delivery.groupId ?? null,
  movedFrom: movedFromOf(delivery.movedFrom),
});
