/** `/v1/queues/<queue>/messages`: looks at messages without receiving them, and cancels or reschedules single ones. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi } from "../../broker/api.ts";
import { browsedOf, browsedSchema } from "./browsed-message.ts";
import { durableAnswer, milliseconds } from "./fields.ts";
import { answerBytesMax, answerCountMax, delaySecondsMax } from "./limits.ts";
import { maxOf, nextField, pageQuery } from "./pages.ts";
import { sendRefusal } from "./refusals.ts";

const queueParams = Type.Object({ queue: Type.String() });
const messageParams = Type.Object({ queue: Type.String(), messageId: Type.String() });
type MessageParams = Static<typeof messageParams>;

const listQuery = Type.Object(
  {
    ...pageQuery(answerCountMax),
    what: Type.Optional(
      Type.Enum(["all", "dead-letters"], {
        default: "all",
        description: "dead-letters: parked messages, and dead letters of other queues.",
      }),
    ),
  },
  { additionalProperties: false },
);

const rescheduleSchema = Type.Object(
  {
    delaySeconds: Type.Number({
      minimum: 0,
      maximum: delaySecondsMax,
      description: "From now until it can be received, whatever was said before. 0: at once.",
    }),
  },
  { additionalProperties: false, examples: [{ delaySeconds: 60 }] },
);

export function messageResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Params: Static<typeof queueParams>; Querystring: Static<typeof listQuery> }>(
    "/v1/queues/:queue/messages",
    {
      schema: {
        operationId: "listMessages",
        summary: "Look at the messages of a queue",
        description:
          "In the order in which they came. Nothing is received by it. A page ends early when it is full of bytes.",
        tags: ["messages"],
        params: queueParams,
        querystring: listQuery,
        response: {
          200: Type.Object({ messages: Type.Array(browsedSchema), next: nextField }),
          ...problemResponses,
        },
      },
    },
    async ({ params: { queue }, query }, reply) => {
      const { after, what = "all" } = query;
      const result = await broker.browseQueue({
        queue,
        after,
        max: maxOf(query),
        bytesMax: answerBytesMax,
        what,
      });
      if (!result.ok) return sendRefusal(reply, result);
      return { messages: result.messages.map(browsedOf), next: result.next ?? null };
    },
  );
  allowOnly(app, "/v1/queues/:queue/messages", ["GET", "HEAD"]);

  app.get<{ Params: MessageParams }>(
    "/v1/queues/:queue/messages/:messageId",
    {
      schema: {
        operationId: "describeMessage",
        summary: "Look at one message",
        tags: ["messages"],
        params: messageParams,
        response: { 200: browsedSchema, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.browseMessage(params);
      return result.ok ? browsedOf(result.message) : sendRefusal(reply, result);
    },
  );

  app.patch<{ Params: MessageParams; Body: Static<typeof rescheduleSchema> }>(
    "/v1/queues/:queue/messages/:messageId",
    {
      schema: {
        operationId: "rescheduleMessage",
        summary: "Reschedule a message",
        description: "One that waits or is delayed. One that a consumer holds is refused.",
        tags: ["messages"],
        params: messageParams,
        body: rescheduleSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params, body }, reply) => {
      const result = await broker.rescheduleMessage({ ...params, delayMs: milliseconds(body.delaySeconds) });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );

  app.delete<{ Params: MessageParams }>(
    "/v1/queues/:queue/messages/:messageId",
    {
      schema: {
        operationId: "cancelMessage",
        summary: "Cancel a message",
        description: "One that waits, is delayed or is parked. One that a consumer holds is refused.",
        tags: ["messages"],
        params: messageParams,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params }, reply) => {
      const result = await broker.cancelMessage(params);
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/queues/:queue/messages/:messageId", ["GET", "HEAD", "PATCH", "DELETE"]);
}
