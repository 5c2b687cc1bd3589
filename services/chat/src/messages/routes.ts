/** Sending over HTTP. */
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import { fail, failureSchema, succeed, successSchema } from "../http/answer.ts";
import { InvalidRequest } from "../http/validation.ts";
import { conversationIdSchema, nameSchema } from "../ids.ts";
import { timeOf } from "./message.ts";
import type { Accepted, Sending } from "./sending.ts";

/** Longest content, as UTF-8. */
const contentBytesMax = 16 * 1024;
const mentionsMax = 100;

const sendTextSchema = Type.Object({
  conversationId: conversationIdSchema,
  senderId: nameSchema,
  senderName: Type.String({ pattern: "\\S", maxLength: 256 }),
  content: Type.String({ pattern: "\\S", description: `At most ${contentBytesMax} bytes as UTF-8` }),
  mentions: Type.Optional(Type.Array(nameSchema, { maxItems: mentionsMax, default: [] })),
  replyToId: Type.Optional(Type.Union([nameSchema, Type.Null()])),
  clientMessageId: Type.Optional(Type.Union([nameSchema, Type.Null()])),
});

type SendText = Static<typeof sendTextSchema>;

const acceptedSchema = Type.Object({
  messageId: Type.String(),
  status: Type.Literal("Sending"),
  sentAt: Type.String({ format: "date-time" }),
});

/** W3C Trace Context §3.2.2, any version. */
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/;

export interface MessageRoutes {
  readonly sending: Sending;
  readonly onAccepted: (accepted: Accepted) => void;
}

/** Adds `POST /text`. */
export function addMessageRoutes(http: FastifyInstance, { sending, onAccepted }: MessageRoutes): void {
  http.post<{ readonly Body: SendText }>(
    "/text",
    {
      schema: {
        tags: ["chat"],
        body: sendTextSchema,
        response: { 202: successSchema(acceptedSchema), "4xx": failureSchema, "5xx": failureSchema },
      },
    },
    async (request, reply) => {
      const { conversationId, senderId, senderName, content, mentions, replyToId, clientMessageId } =
        request.body;
      checkText("content", content);
      checkText("senderName", senderName);
      const { traceparent } = request.headers;
      const answer = await sending.send(
        {
          conversationId,
          senderId,
          senderName,
          content,
          mentions: mentions ?? [],
          replyToId: replyToId ?? null,
          clientMessageId: clientMessageId ?? null,
        },
        typeof traceparent === "string" && traceparentPattern.test(traceparent) ? traceparent : undefined,
      );
      if (!answer.ok) return fail(reply, answer.refusal, answer.sentence);
      onAccepted(answer);
      const { messageId, sentAtMs, durability } = answer;
      reply.header("sluice-durability", durability);
      return succeed(reply, 202, { messageId, status: "Sending", sentAt: timeOf(sentAtMs) });
    },
  );
}

/** What a schema cannot say of a text. Half a surrogate pair would not survive UTF-8, and a repeat would then seem to differ. */
function checkText(field: string, text: string): void {
  if (!text.isWellFormed())
    throw new InvalidRequest(`${field}: holds half a character (an unpaired surrogate)`);
  if (Buffer.byteLength(text) > contentBytesMax) {
    throw new InvalidRequest(`${field}: has more than ${contentBytesMax} bytes as UTF-8`);
  }
}
