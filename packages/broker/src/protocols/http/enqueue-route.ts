/** `POST /enqueue`: one message, or several with one answer each. */
import { allowOnly, type Problem, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import type { FastifyInstance, FastifyReply } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, OutgoingMessage } from "../../broker/api.ts";
import { type Content, contentFields, decodeContent } from "./content.ts";
import { defaultName, durabilityField, queueField, refusedEntry } from "./fields.ts";
import { batchCountMax } from "./limits.ts";
import { sendRefusal } from "./refusals.ts";

const bodySchema = Type.Object(
  {
    queue: queueField,
    ...contentFields,
    body: Type.Optional(contentFields.body),
    messages: Type.Optional(
      Type.Array(Type.Object(contentFields, { additionalProperties: false }), {
        minItems: 1,
        maxItems: batchCountMax,
        description: "Instead of `body`: several messages, sent together in this order.",
      }),
    ),
    atomic: Type.Optional(
      Type.Boolean({
        description:
          "With `messages`: refuse all when one cannot be taken. Default false: the others are sent.",
      }),
    ),
  },
  { additionalProperties: false },
);

const sentSchema = Type.Object({ messageId: Type.String(), durability: durabilityField });
const answerSchema = Type.Object({
  messageId: Type.Optional(Type.String()),
  durability: Type.Optional(durabilityField),
  messages: Type.Optional(
    Type.Array(
      Type.Object({ ...Type.Partial(sentSchema).properties, ...Type.Partial(refusedEntry).properties }),
    ),
  ),
});

type Entry = Static<typeof sentSchema> | Static<typeof refusedEntry>;

export function enqueueRoute(app: FastifyInstance, { broker }: { readonly broker: BrokerApi }): void {
  app.post<{ Body: Static<typeof bodySchema> }>(
    "/enqueue",
    {
      schema: {
        summary: "Send one message or several to a queue",
        description: "Answered when the messages rest on what `durability` says.",
        tags: ["queues"],
        body: bodySchema,
        response: { 201: answerSchema, ...problemResponses },
      },
    },
    async ({ body: { queue = defaultName, messages, atomic, ...single } }, reply) => {
      if (messages === undefined) {
        const { body } = single;
        if (body === undefined) return sendProblem(reply, missingBody);
        if (atomic !== undefined) return sendProblem(reply, notBoth("atomic", "body"));
        return sendOne(broker, queue, { ...single, body }, reply);
      }
      const beside = (["body", "bodyEncoding", "attributes"] as const).find(
        (name) => single[name] !== undefined,
      );
      if (beside !== undefined) return sendProblem(reply, notBoth(beside, "messages"));
      return sendSeveral(broker, queue, messages, atomic ?? false, reply);
    },
  );
  allowOnly(app, "/enqueue", ["POST"]);
}

const missingBody = problem(
  400,
  "missing-field",
  "The field body is missing; or send several as messages.",
  "body",
);
const notBoth = (field: string, other: string): Problem =>
  problem(400, "invalid-field", `The field ${field} does not go together with ${other}.`, field);

async function sendOne(
  broker: BrokerApi,
  queue: string,
  content: Content,
  reply: FastifyReply,
): Promise<unknown> {
  const decoded = decodeContent(content, "");
  if (!decoded.ok) return sendProblem(reply, decoded.problem);
  const result = await broker.send({ queue, messages: [decoded.message] });
  if (!result.ok) return sendRefusal(reply, result);
  reply.code(201);
  return { messageId: result.messageIds[0], durability: result.durability };
}

/** What was wrong with a message is told in its place; the others are one send. */
async function sendSeveral(
  broker: BrokerApi,
  queue: string,
  contents: readonly Content[],
  atomic: boolean,
  reply: FastifyReply,
): Promise<unknown> {
  const decoded = contents.map((content, i) => decodeContent(content, `messages[${i}].`));
  const good: OutgoingMessage[] = [];
  for (const each of decoded) {
    if (each.ok) good.push(each.message);
    else if (atomic) return sendProblem(reply, each.problem);
  }
  const result = good.length === 0 ? nothingSent : await broker.send({ queue, messages: good });
  if (!result.ok) return sendRefusal(reply, result);
  const ids = result.messageIds.values();
  const messages = decoded.map((each): Entry => {
    if (!each.ok) return { code: each.problem.code, detail: each.problem.detail };
    return { messageId: ids.next().value ?? "", durability: result.durability };
  });
  reply.code(201);
  return { messages };
}

const nothingSent = { ok: true, messageIds: [], durability: "memory" } as const;
