/** `/v1/dead-letters`: what was given up, in all queues: why, after what, and what becomes of it. */
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, BrowsedMessage, Result } from "../../broker/api.ts";
import { browsedOf, browsedSchema } from "./browsed-message.ts";
import { durableAnswer, instant, instantField, textOrNull } from "./fields.ts";
import { answerBytesMax, answerCountMax } from "./limits.ts";
import { maxOf, nextField, pageQuery } from "./pages.ts";
import { targetField } from "./redrive-resource.ts";
import { sendRefusal } from "./refusals.ts";

const { movedFrom: _movedFrom, receiveCount: _receiveCount, ...shared } = browsedSchema.properties;

const deadLetterSchema = Type.Object({
  queue: Type.String({ description: "Where it is: a dead-letter queue, or the queue that it is parked in." }),
  reason: Type.Enum(["max-receives", "expired"], { description: "Why it was given up." }),
  givenUpBy: textOrNull("The queue that gave it up; null when that is there no more."),
  givenUpAt: instantField(),
  originQueue: textOrNull("The queue that it was first sent to; null when that is there no more."),
  receiveCount: Type.Integer({ description: "How often it had been received when it was given up." }),
  ...shared,
});

type DeadLetter = Static<typeof deadLetterSchema>;

const listQuery = Type.Object(
  {
    queue: Type.Optional(Type.String({ description: "Only what is in this queue." })),
    ...pageQuery(answerCountMax),
  },
  { additionalProperties: false },
);

const oneParams = Type.Object({ messageId: Type.String() });
const oneQuery = Type.Object(
  { queue: Type.String({ description: "The queue that it is in." }) },
  { additionalProperties: false },
);
const redriveSchema = Type.Object(
  { queue: Type.String({ description: "The queue that it is in." }), to: targetField },
  { additionalProperties: false, examples: [{ queue: "orders-dead" }] },
);

/** Undefined for a message that nobody gave up. */
function deadLetterOf(queue: string, message: BrowsedMessage): DeadLetter | undefined {
  const { receiveCount, movedFrom: _, ...fields } = browsedOf(message);
  const { parked, movedFrom } = message;
  if (parked !== undefined) {
    const originQueue = movedFrom === undefined ? queue : movedFrom.originQueue || null;
    const givenUpAt = instant(parked.atMs);
    return {
      ...fields,
      queue,
      reason: parked.reason,
      givenUpBy: queue,
      givenUpAt,
      originQueue,
      receiveCount,
    };
  }
  if (movedFrom === undefined || movedFrom.reason === "redrive") return undefined;
  return {
    ...fields,
    queue,
    reason: movedFrom.reason,
    givenUpBy: movedFrom.queue || null,
    givenUpAt: instant(movedFrom.movedAtMs),
    originQueue: movedFrom.originQueue || null,
    receiveCount: movedFrom.receiveCount,
    lastError: movedFrom.lastError || null,
  };
}

export function deadLetterResource(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.get<{ Querystring: Static<typeof listQuery> }>(
    "/v1/dead-letters",
    {
      schema: {
        operationId: "listDeadLetters",
        summary: "What was given up, in all queues",
        description:
          "Messages that were received as often as allowed, or waited too long: parked in their queue, or moved to a dead-letter queue. By queue, in each in the order in which they came. A page ends early when it is full of bytes.",
        tags: ["dead letters"],
        querystring: listQuery,
        response: {
          200: Type.Object({ deadLetters: Type.Array(deadLetterSchema), next: nextField }),
          ...problemResponses,
        },
      },
    },
    async ({ query }, reply) => {
      const result = await page(broker, query);
      return result.ok ? { deadLetters: result.deadLetters, next: result.next } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/dead-letters", ["GET", "HEAD"]);

  app.get<{ Params: Static<typeof oneParams>; Querystring: Static<typeof oneQuery> }>(
    "/v1/dead-letters/:messageId",
    {
      schema: {
        operationId: "describeDeadLetter",
        summary: "One dead letter",
        tags: ["dead letters"],
        params: oneParams,
        querystring: oneQuery,
        response: { 200: deadLetterSchema, ...problemResponses },
      },
    },
    async ({ params: { messageId }, query: { queue } }, reply) => {
      const found = await one(broker, queue, messageId);
      return found.ok ? found.deadLetter : sendRefusal(reply, found);
    },
  );

  app.delete<{ Params: Static<typeof oneParams>; Querystring: Static<typeof oneQuery> }>(
    "/v1/dead-letters/:messageId",
    {
      schema: {
        operationId: "deleteDeadLetter",
        summary: "Delete a dead letter",
        description: "A message that is no dead letter is not deleted by it.",
        tags: ["dead letters"],
        params: oneParams,
        querystring: oneQuery,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params: { messageId }, query: { queue } }, reply) => {
      const found = await one(broker, queue, messageId);
      if (!found.ok) return sendRefusal(reply, found);
      const result = await broker.cancelMessage({ queue, messageId });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/dead-letters/:messageId", ["GET", "HEAD", "DELETE"]);

  app.post<{ Params: Static<typeof oneParams>; Body: Static<typeof redriveSchema> }>(
    "/v1/dead-letters/:messageId/redrive",
    {
      schema: {
        operationId: "redriveDeadLetter",
        summary: "Redrive one dead letter",
        description:
          "At once: to the queue that gave it up, or to another one. All of a queue: see its redrives.",
        tags: ["dead letters"],
        params: oneParams,
        body: redriveSchema,
        response: { 200: durableAnswer, ...problemResponses },
      },
    },
    async ({ params, body }, reply) => {
      const result = await broker.redriveMessage({ ...params, ...body });
      return result.ok ? { durability: result.durability } : sendRefusal(reply, result);
    },
  );
  allowOnly(app, "/v1/dead-letters/:messageId/redrive", ["POST"]);
}

async function one(
  broker: BrokerApi,
  queue: string,
  messageId: string,
): Promise<Result<{ readonly deadLetter: DeadLetter }>> {
  const result = await broker.browseMessage({ queue, messageId });
  if (!result.ok) return result;
  const deadLetter = deadLetterOf(queue, result.message);
  if (deadLetter !== undefined) return { ok: true, deadLetter };
  return { ok: false, refusal: "unknown-message", detail: `The message is no dead letter of '${queue}'.` };
}

type Page = { readonly deadLetters: readonly DeadLetter[]; readonly next: string | null };

/** The name of a queue, and where to go on in it; nothing there: from its beginning. Names have no slash. */
const cursor = /^([^/]*)\/(\d*)$/;

async function page(broker: BrokerApi, query: Static<typeof listQuery>): Promise<Result<Page>> {
  const max = maxOf(query);
  const place = cursor.exec(query.after ?? "/");
  if (place === null) {
    const detail = `'${query.after?.slice(0, 60)}' is no place in the list to go on from.`;
    return { ok: false, refusal: "invalid-setting", detail };
  }
  const [, startQueue = "", startAfter = ""] = place;
  const queues = query.queue === undefined ? broker.listQueues() : [query.queue];
  const deadLetters: DeadLetter[] = [];
  let bytes = 0;
  for (const queue of queues) {
    if (queue < startQueue) continue;
    if (deadLetters.length >= max || bytes >= answerBytesMax) {
      return { ok: true, deadLetters, next: `${queue}/` };
    }
    let after = queue === startQueue && startAfter !== "" ? startAfter : undefined;
    do {
      const seen = await broker.browseQueue({
        queue,
        after,
        max: max - deadLetters.length,
        bytesMax: answerBytesMax - bytes,
        what: "dead-letters",
      });
      if (!seen.ok) {
        // Deleted since the queues were listed.
        if (seen.refusal === "unknown-queue" && query.queue === undefined) break;
        return seen;
      }
      for (const message of seen.messages) {
        bytes += message.body.byteLength;
        const deadLetter = deadLetterOf(queue, message);
        if (deadLetter !== undefined) deadLetters.push(deadLetter);
      }
      after = seen.next;
      if (after !== undefined && (deadLetters.length >= max || bytes >= answerBytesMax)) {
        return { ok: true, deadLetters, next: `${queue}/${after}` };
      }
    } while (after !== undefined);
  }
  return { ok: true, deadLetters, next: null };
}
