/** Conversations over HTTP. */
import type { Clock, Random } from "@sluice/runtime";
import { uuidv7 } from "@sluice/runtime";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import { fail, failureSchema, succeed, successSchema } from "../http/answer.ts";
import { InvalidRequest } from "../http/validation.ts";
import { messageViewSchema, viewOf } from "../messages/message.ts";
import type { MessageStore } from "../messages/message-store.ts";
import { unknownConversation } from "../refusals.ts";
import {
  type CreateConversation,
  conversationViewOf,
  conversationViewSchema,
  createConversationSchema,
  faultOf,
  isSame,
  type NewConversation,
} from "./conversation.ts";
import type { ConversationStore } from "./conversation-store.ts";

const pageLimitDefault = 50;
const pageLimitMax = 200;

const pageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageLimitMax, default: pageLimitDefault })),
  before: Type.Optional(Type.Integer({ minimum: 1, description: "A seq: only older messages" })),
});

const pageSchema = Type.Object({
  messages: Type.Array(messageViewSchema),
  nextBefore: Type.Union([Type.Integer(), Type.Null()]),
});

export interface ConversationRoutes {
  readonly store: ConversationStore & Pick<MessageStore, "history"> & { readonly durability: string };
  readonly clock: Clock;
  readonly random: Random;
}

type ById = { readonly Params: { readonly id: string } };

/** Adds `POST`, `GET /:id` and `GET /:id/messages`. */
export function addConversationRoutes(
  http: FastifyInstance,
  { store, clock, random }: ConversationRoutes,
): void {
  const view = successSchema(conversationViewSchema);
  http.post<{ readonly Body: CreateConversation }>(
    "",
    {
      schema: {
        tags: ["chat"],
        body: createConversationSchema,
        response: { 200: view, 201: view, "4xx": failureSchema },
      },
    },
    async (request, reply) => {
      const fault = faultOf(request.body);
      if (fault !== undefined) throw new InvalidRequest(fault);
      const { wallMs } = clock.now();
      const wanted: NewConversation = {
        conversationId: request.body.conversationId ?? uuidv7(random, wallMs),
        type: request.body.type,
        classId: request.body.classId ?? null,
        members: request.body.members,
        createdAtMs: wallMs,
      };
      const { isNew, conversation } = await store.createConversation(wanted);
      if (!isSame(conversation, wanted)) {
        const sentence = `The conversation '${wanted.conversationId}' exists with another type, class or members.`;
        return fail(reply, "conversation-differs", sentence);
      }
      reply.header("sluice-durability", store.durability);
      return succeed(reply, isNew ? 201 : 200, conversationViewOf(conversation));
    },
  );

  http.get<ById>(
    "/:id",
    { schema: { tags: ["chat"], response: { 200: view, "4xx": failureSchema } } },
    async (request, reply) => {
      const conversation = await store.conversation(request.params.id);
      if (conversation === undefined) return refuseUnknown(reply, request.params.id);
      return succeed(reply, 200, conversationViewOf(conversation));
    },
  );

  http.get<ById & { readonly Querystring: Static<typeof pageQuery> }>(
    "/:id/messages",
    {
      schema: {
        tags: ["chat"],
        querystring: pageQuery,
        response: { 200: successSchema(pageSchema), "4xx": failureSchema },
      },
    },
    async (request, reply) => {
      const { limit = pageLimitDefault, before } = request.query;
      const messages = await store.history(request.params.id, {
        limit,
        ...(before !== undefined && { beforeSeq: before }),
      });
      if (messages.length === 0 && (await store.conversation(request.params.id)) === undefined) {
        return refuseUnknown(reply, request.params.id);
      }
      const oldestSeq = messages.at(-1)?.seq ?? 1;
      return succeed(reply, 200, {
        messages: messages.map(viewOf),
        nextBefore: oldestSeq > 1 ? oldestSeq : null,
      });
    },
  );
}

function refuseUnknown(reply: Parameters<typeof fail>[0], conversationId: string) {
  const { refusal, sentence } = unknownConversation(conversationId);
  return fail(reply, refusal, sentence);
}
