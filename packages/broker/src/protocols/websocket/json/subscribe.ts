/** `subscribe`, `credit` and `unsubscribe`: what a client wants pushed, how much of it, and no more of it. */
import { type Problem, problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import { hidden, hideField } from "../../http/dequeue.ts";
import { defaultName } from "../../http/fields.ts";
import { answered, failed, type Outcome, refusedBy } from "../../http/outcome.ts";
import { defaultJsonLimits } from "../limits.ts";
import { QueueSubscription } from "./queue-subscription.ts";
import type { Answer, JsonSession } from "./session.ts";
import { TopicSubscription } from "./topic-subscription.ts";

/** What a client that says nothing of it gets. */
const creditDefault = 100;
const bufferCountDefault = 1_000;

const creditField = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });

export const subscribeSchema = Type.Object(
  {
    queue: Type.Optional(Type.String()),
    topic: Type.Optional(Type.String()),
    mode: Type.Optional(Type.Enum(["round-robin", "broadcast"])),
    credit: Type.Optional(creditField),
    visibilityTimeoutSeconds: hideField,
    bufferCountMax: Type.Optional(Type.Integer({ minimum: 1, maximum: defaultJsonLimits.bufferCountMax })),
    overflow: Type.Optional(Type.Enum(["drop", "block", "end"])),
  },
  { additionalProperties: false },
);

type Subscribe = Static<typeof subscribeSchema>;

/** A subscription to a queue answers when it has begun; any other outcome is said at once. */
export function subscribe(
  session: JsonSession,
  request: Subscribe,
  answer: Answer,
): Outcome<object> | undefined {
  const { standing, limits } = session;
  const wrong = wrongIn(request);
  if (wrong !== undefined) return failed(wrong);
  if (standing.size >= limits.subscriptionCountMax) {
    const detail = `The connection has ${standing.size} subscriptions, as many as it may.`;
    return failed(problem(400, "limit-exceeded", detail));
  }
  if (request.topic !== undefined) return subscribeTopic(session, request, request.topic);
  const { queue = defaultName, credit = creditDefault, visibilityTimeoutSeconds } = request;
  const { visibilityTimeoutMs } = hidden(visibilityTimeoutSeconds);
  const number = session.nextNumber();
  new QueueSubscription(session, { number, queue, visibilityTimeoutMs, credit, answer }).start();
  return undefined;
}

function subscribeTopic(session: JsonSession, request: Subscribe, topic: string): Outcome<object> {
  const { credit = creditDefault, bufferCountMax = bufferCountDefault, overflow = "drop" } = request;
  const number = session.nextNumber();
  const result = new TopicSubscription(session, {
    number,
    topic,
    credit,
    bufferCountMax,
    overflow: overflow === "end" ? "disconnect" : overflow,
  }).start();
  return result.ok ? answered({ subscription: number }) : refusedBy(result);
}

/** Fields that do not go together. What is not said would not be done, and nobody would notice. */
function wrongIn({ queue, topic, mode, ...rest }: Subscribe): Problem | undefined {
  if (queue !== undefined && topic !== undefined) return notBoth("topic", "queue");
  if (topic === undefined) {
    if (mode === "broadcast") {
      return invalid(
        "mode",
        "A queue hands each message to one: its mode is round-robin. All hear what is published to a topic.",
      );
    }
    if (rest.bufferCountMax !== undefined) return notBoth("bufferCountMax", "queue");
    if (rest.overflow !== undefined) return notBoth("overflow", "queue");
    return undefined;
  }
  if (mode === "round-robin") {
    return invalid(
      "mode",
      "A topic is heard by all: its mode is broadcast. To share work among consumers, use a queue or, over SLUICE/1, a consumer group.",
    );
  }
  if (rest.visibilityTimeoutSeconds !== undefined) return notBoth("visibilityTimeoutSeconds", "topic");
  return undefined;
}

const invalid = (field: string, detail: string): Problem => problem(400, "invalid-field", detail, field);
const notBoth = (field: string, other: string): Problem =>
  invalid(field, `The field ${field} does not go together with ${other}.`);

const subscriptionField = Type.Integer({ minimum: 0 });

export const creditSchema = Type.Object(
  { subscription: subscriptionField, credit: creditField },
  { additionalProperties: false },
);

export function credit({ standing }: JsonSession, request: Static<typeof creditSchema>): Outcome<object> {
  const found = standing.get(request.subscription);
  if (found === undefined) return unknown(request.subscription);
  found.credit(request.credit);
  return answered({});
}

export const unsubscribeSchema = Type.Object(
  { subscription: subscriptionField },
  { additionalProperties: false },
);

/** What was delivered stays with the connection until it is settled. */
export function unsubscribe(
  { standing }: JsonSession,
  { subscription }: Static<typeof unsubscribeSchema>,
): Outcome<object> {
  const found = standing.get(subscription);
  if (found === undefined) return unknown(subscription);
  found.end();
  return answered({});
}

const unknown = (subscription: number): Outcome<never> =>
  failed(problem(404, "unknown-subscription", `This connection has no subscription ${subscription}.`));
