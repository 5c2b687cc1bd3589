/** Taking messages from a queue: what is asked, and what a delivery looks like. Over HTTP and over WebSocket. */
import Type, { type Static } from "typebox";
import type { QueueDelivery, ReceiveRequest } from "../../broker/api.ts";
import { encodeContent, encodedContentFields } from "./content.ts";
import { defaultName, instant, instantField, milliseconds, queueField, textOrNull } from "./fields.ts";
import { answerBytesMax, answerCountMax, hideSecondsMax, waitSecondsMax } from "./limits.ts";
import { movedFromOf, movedFromSchema } from "./moved-from.ts";

export const hideField = Type.Optional(
  Type.Number({
    minimum: 0,
    maximum: hideSecondsMax,
    description: "How long the messages are hidden from others. Default: the queue's.",
  }),
);

export const dequeueSchema = Type.Object(
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
    visibilityTimeoutSeconds: hideField,
  },
  { additionalProperties: false },
);

const deliverySchema = Type.Object({
  messageId: Type.String(),
  receipt: Type.String(),
  ...encodedContentFields,
  receiveCount: Type.Integer({ description: "1 at the first delivery." }),
  enqueuedAt: instantField(),
  priority: Type.Integer(),
  groupId: textOrNull("Of its message group."),
  movedFrom: movedFromSchema,
});

export const dequeueAnswer = Type.Object({ messages: Type.Array(deliverySchema) });

/** What the broker is asked. */
export function receiveRequest({
  queue = defaultName,
  max = 1,
  waitSeconds = 0,
  visibilityTimeoutSeconds,
}: Static<typeof dequeueSchema>): ReceiveRequest {
  return {
    queue,
    max,
    bytesMax: answerBytesMax,
    waitMs: milliseconds(waitSeconds),
    ...hidden(visibilityTimeoutSeconds),
  };
}

/** How long what is received is hidden, when the client says so. */
export const hidden = (
  visibilityTimeoutSeconds: number | undefined,
): Pick<ReceiveRequest, "visibilityTimeoutMs"> =>
  visibilityTimeoutSeconds === undefined
    ? {}
    : { visibilityTimeoutMs: milliseconds(visibilityTimeoutSeconds) };

export const deliveryOf = (delivery: QueueDelivery): Static<typeof deliverySchema> => ({
  messageId: delivery.messageId,
  receipt: delivery.receipt,
  ...encodeContent(delivery.body, delivery.attributes),
  receiveCount: delivery.receiveCount,
  enqueuedAt: instant(delivery.enqueuedAtMs),
  priority: delivery.priority,
  groupId: delivery.groupId ?? null,
  movedFrom: movedFromOf(delivery.movedFrom),
});
