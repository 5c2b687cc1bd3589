/** Sending messages to a queue: one, or several with one answer each. Offered over HTTP and over WebSocket. */
import { type Problem, problem } from "@sluice/http-edge";
import { formatUuid } from "@sluice/runtime";
import Type, { type Static } from "typebox";
import type { BrokerApi, OutgoingMessage, QueueBatchApi, Result, SentBatch } from "../../broker/api.ts";
import { defaultName, durabilityField, queueField, refusedEntry } from "./fields.ts";
import { batchCountMax } from "./limits.ts";
import { decodeMessage, type MessageFields, messageFields, messageSchema } from "./message-fields.ts";
import { answered, failed, type Outcome, refusedBy } from "./outcome.ts";

export const enqueueSchema = Type.Object(
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
  { additionalProperties: false, examples: [{ queue: "orders", body: "resize photo 7" }] },
);

const sentSchema = Type.Object({ messageId: Type.String(), durability: durabilityField });
export const enqueueAnswer = Type.Object({
  messageId: Type.Optional(Type.String()),
  durability: Type.Optional(durabilityField),
  messages: Type.Optional(
    Type.Array(
      Type.Object({ ...Type.Partial(sentSchema).properties, ...Type.Partial(refusedEntry).properties }),
    ),
  ),
});

type Entry = Static<typeof sentSchema> | Static<typeof refusedEntry>;

type Answer = Static<typeof enqueueAnswer>;

/** Answered when the messages rest on what `durability` says. */
export async function enqueue(
  broker: BrokerApi & QueueBatchApi,
  { queue = defaultName, messages, atomic, ...single }: Static<typeof enqueueSchema>,
): Promise<Outcome<Answer>> {
  if (messages !== undefined) {
    const beside = Object.keys(single)[0];
    if (beside !== undefined) return failed(notBoth(beside, "messages"));
    return sendSeveral(broker, { queue, messages, atomic: atomic ?? false });
  }
  const { body } = single;
  if (body === undefined) return failed(missingBody);
  if (atomic !== undefined) return failed(notBoth("atomic", "body"));
  return sendOne(broker, queue, { ...single, body });
}

const missingBody = problem(
  400,
  "missing-field",
  "The field body is missing; or send several as messages.",
  "body",
);
const notBoth = (field: string, other: string): Problem =>
  problem(400, "invalid-field", `The field ${field} does not go together with ${other}.`, field);

async function sendOne(broker: BrokerApi, queue: string, given: MessageFields): Promise<Outcome<Answer>> {
  const decoded = decodeMessage(given, "");
  if (!decoded.ok) return failed(decoded.problem);
  const result = await broker.send({ queue, messages: [decoded.message] });
  if (!result.ok) return refusedBy(result);
  return answered({ messageId: result.messageIds[0] ?? "", durability: result.durability });
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
): Promise<Outcome<Answer>> {
  const decoded = messages.map((message, i) => decodeMessage(message, `messages[${i}].`));
  const good: OutgoingMessage[] = [];
  for (const each of decoded) {
    if (each.ok) good.push(each.message);
    else if (atomic) return failed(each.problem);
  }
  const result: Result<SentBatch> =
    good.length === 0 ? nothingSent : await broker.sendBatch({ queue, messages: good, atomic });
  if (!result.ok) return refusedBy(result);
  const { ids, refusals, durability } = result;
  const [first] = refusals.values();
  if (first !== undefined && refusals.size === good.length) return refusedBy({ ok: false, ...first });
  let place = 0;
  const answers = decoded.map((each): Entry => {
    if (!each.ok) return { code: each.problem.code, detail: each.problem.detail };
    const at = place++;
    const refused = refusals.get(at);
    if (refused !== undefined) return { code: refused.refusal, detail: refused.detail };
    return { messageId: formatUuid(ids.subarray(at * idBytes, (at + 1) * idBytes)), durability };
  });
  return answered({ messages: answers });
}

const idBytes = 16;
const nothingSent = { ok: true, ids: new Uint8Array(), refusals: new Map(), durability: "memory" } as const;
