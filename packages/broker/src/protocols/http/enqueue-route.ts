/** `POST /enqueue`: one message, or several with one answer each. */
import { allowOnly, type Problem, problem, problemResponses, sendProblem } from "@sluice/http-edge";
import { formatUuid } from "@sluice/runtime";
import type { FastifyInstance, FastifyReply } from "fastify";
import Type, { type Static } from "typebox";
import type { BrokerApi, OutgoingMessage, QueueBatchApi, Result, SentBatch } from "../../broker/api.ts";
import { defaultName, durabilityField, queueField, refusedEntry } from "./fields.ts";
import { batchCountMax } from "./limits.ts";
import { decodeMessage, type MessageFields, messageFields, messageSchema } from "./message-fields.ts";
import { sendRefusal } from "./refusals.ts";

const bodySchema = Type.Object(
  {
    queue: queueField,
    ...messageFields,
    body: Type.Optional(messageFields.body),
    messages: Type.Optional(
      Type.Array(messageSchema, {
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

export function enqueueRoute(
  app: FastifyInstance,
  { broker }: { readonly broker: BrokerApi & QueueBatchApi },
): void {
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
      if (messages !== undefined) {
        const beside = Object.keys(single)[0];
        if (beside !== undefined) return sendProblem(reply, notBoth(beside, "messages"));
        return sendSeveral(broker, { queue, messages, atomic: atomic ?? false }, reply);
      }
      const { body } = single;
      if (body === undefined) return sendProblem(reply, missingBody);
      if (atomic !== undefined) return sendProblem(reply, notBoth("atomic", "body"));
      return sendOne(broker, queue, { ...single, body }, reply);
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
  given: MessageFields,
  reply: FastifyReply,
): Promise<unknown> {
  const decoded = decodeMessage(given, "");
  if (!decoded.ok) return sendProblem(reply, decoded.problem);
  const result = await broker.send({ queue, messages: [decoded.message] });
  if (!result.ok) return sendRefusal(reply, result);
  reply.code(201);
  return { messageId: result.messageIds[0], durability: result.durability };
}

interface Several {
  readonly queue: string;
  readonly messages: readonly MessageFields[];
  readonly atomic: boolean;
}

/** What was wrong with a message is told in its place. Refused as a whole when nothing was sent because of the queue or the broker. */
async function sendSeveral(
  broker: QueueBatchApi,
  { queue, messages, atomic }: Several,
  reply: FastifyReply,
): Promise<unknown> {
  const decoded = messages.map((message, i) => decodeMessage(message, `messages[${i}].`));
  const good: OutgoingMessage[] = [];
  for (const each of decoded) {
    if (each.ok) good.push(each.message);
    else if (atomic) return sendProblem(reply, each.problem);
  }
  const result: Result<SentBatch> =
    good.length === 0 ? nothingSent : await broker.sendBatch({ queue, messages: good, atomic });
  if (!result.ok) return sendRefusal(reply, result);
  const { ids, refusals, durability } = result;
  const [first] = refusals.values();
  if (first !== undefined && refusals.size === good.length)
    return sendRefusal(reply, { ok: false, ...first });
  let place = 0;
  const answers = decoded.map((each): Entry => {
    if (!each.ok) return { code: each.problem.code, detail: each.problem.detail };
    const at = place++;
    const refused = refusals.get(at);
    if (refused !== undefined) return { code: refused.refusal, detail: refused.detail };
    return { messageId: formatUuid(ids.subarray(at * idBytes, (at + 1) * idBytes)), durability };
  });
  reply.code(201);
  return { messages: answers };
}

const idBytes = 16;
const nothingSent = { ok: true, ids: new Uint8Array(), refusals: new Map(), durability: "memory" } as const;
