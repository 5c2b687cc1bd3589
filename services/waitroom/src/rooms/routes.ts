/** The operators' side: open a room, resize it, look at it, close it. */
import type { Durability } from "@sluice/bus";
import { allowOnly, problemResponses } from "@sluice/http-edge";
import type { Log } from "@sluice/runtime";
import type { FastifyInstance } from "fastify";
import Type, { type Static } from "typebox";
import { durability, foreignId } from "../http/fields.ts";
import { sendRefusal } from "../http/refusals.ts";
import type { RoomView } from "../line/index.ts";
import type { WaitroomStore } from "../store/store.ts";

/** Sessions that may hold a slot at the same time, at most, in any room. */
const capacityMax = 1_000_000;

const roomParams = Type.Object({ event_id: foreignId });
/** 0 holds everybody in line. */
const roomRequest = Type.Object({ capacity: Type.Integer({ minimum: 0, maximum: capacityMax }) });
const count = Type.Integer({ minimum: 0 });

const roomAnswer = Type.Object({
  event_id: Type.String(),
  status: Type.Union([Type.Literal("open"), Type.Literal("closed")]),
  capacity: count,
  /** Sessions in line. */
  waiting: count,
  /** Sessions that hold a slot. */
  processing: count,
  /** All sessions ever: waiting + processing + completed + failed + expired + left. */
  joined: count,
  completed: count,
  failed: count,
  expired: count,
  left: count,
  durability,
});

type RoomParams = Static<typeof roomParams>;

/** Adds `PUT`, `GET` and `DELETE /events/:event_id` to `scope`. */
export function addRoomRoutes(scope: FastifyInstance, store: WaitroomStore, log: Log): void {
  scope.put<{ Params: RoomParams; Body: Static<typeof roomRequest> }>(
    "/events/:event_id",
    {
      schema: {
        summary: "Make a room, open it again, or resize it",
        tags: ["waiting room"],
        params: roomParams,
        body: roomRequest,
        response: { 200: roomAnswer, 201: roomAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { event_id } = request.params;
      const answer = await store.setCapacity(event_id, request.body.capacity);
      if (!answer.ok) return sendRefusal(reply, answer.refusal, answer.detail);
      log.info({ event_id, capacity: answer.room.capacity }, "room set");
      return reply.status(answer.created ? 201 : 200).send(describe(answer.room, answer.durability));
    },
  );

  scope.get<{ Params: RoomParams }>(
    "/events/:event_id",
    {
      schema: {
        summary: "Look at a room",
        tags: ["waiting room"],
        params: roomParams,
        response: { 200: roomAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const answer = await store.findRoom(request.params.event_id);
      if (!answer.ok) return sendRefusal(reply, answer.refusal, answer.detail);
      return describe(answer.room, answer.durability);
    },
  );

  scope.delete<{ Params: RoomParams }>(
    "/events/:event_id",
    {
      schema: {
        summary: "Close a room",
        tags: ["waiting room"],
        params: roomParams,
        response: { 200: roomAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { event_id } = request.params;
      const answer = await store.close(event_id);
      if (!answer.ok) return sendRefusal(reply, answer.refusal, answer.detail);
      log.info({ event_id }, "room closed");
      return describe(answer.room, answer.durability);
    },
  );

  allowOnly(scope, "/events/:event_id", ["GET", "HEAD", "PUT", "DELETE"]);
}

function describe(room: RoomView, rests: Durability) {
  return {
    event_id: room.eventId,
    status: room.status,
    capacity: room.capacity,
    waiting: room.waiting,
    processing: room.processing,
    joined: room.joined,
    ...room.ended,
    durability: rests,
  };
}
