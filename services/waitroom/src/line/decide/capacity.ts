/** Opening, resizing and closing a room. */
import type { Close, SetCapacity } from "../commands.ts";
import type { LineRecord } from "../records.ts";
import { refuse } from "../refusals.ts";
import { emptyRoom, type Rooms } from "../room.ts";
import { type RoomView, viewRoom } from "../views.ts";
import type { Decision, Moment } from "./decision.ts";
import { type Outlook, outlookOf, settle } from "./settle.ts";

/** More slots admit as many at once; fewer end nobody's checkout, but admit nobody until enough have ended. */
export function decideSetCapacity(rooms: Rooms, command: SetCapacity, moment: Moment): Decision {
  const { eventId, capacity } = command;
  const room = rooms.byEvent.get(eventId);
  if (room?.status === "closed" && room.line.size > 0) {
    return {
      records: [],
      reply: refuse(
        "room-closing",
        `${room.line.size} sessions are still leaving the closed room of ${eventId}`,
      ),
    };
  }
  if (room?.status === "open" && room.capacity === capacity) {
    return { records: [], reply: { ok: true, kind: "room", created: false, room: viewRoom(room) } };
  }
  const processing = room?.processing.size ?? 0;
  const outlook: Outlook = { room, status: "open", capacity, processing };
  const records: LineRecord[] = [
    { kind: "room-set", event_id: eventId, at_ms: moment.atMs, capacity },
    ...settle(outlook, moment),
  ];
  const view = seenAfter(viewRoom(room ?? emptyRoom(eventId)), capacity, records);
  return { records, reply: { ok: true, kind: "room", created: room === undefined, room: view } };
}

export function decideClose(rooms: Rooms, command: Close, moment: Moment): Decision {
  const room = rooms.byEvent.get(command.eventId);
  if (room === undefined) {
    return { records: [], reply: refuse("unknown-room", `no room of ${command.eventId}`) };
  }
  if (room.status === "closed") {
    return { records: [], reply: { ok: true, kind: "room", created: false, room: viewRoom(room) } };
  }
  const records: LineRecord[] = [
    { kind: "room-closed", event_id: room.eventId, at_ms: moment.atMs },
    ...settle({ ...outlookOf(room), status: "closed" }, moment),
  ];
  const view = seenAfter(viewRoom(room), room.capacity, records);
  return { records, reply: { ok: true, kind: "room", created: false, room: view } };
}

/** The room as it will be seen when `records` are applied: those who are admitted, or leave, leave the line. */
function seenAfter(before: RoomView, capacity: number, records: readonly LineRecord[]): RoomView {
  const admitted = records.filter((record) => record.kind === "admitted").length;
  const left = records.filter((record) => record.kind === "left").length;
  const closed = records.some((record) => record.kind === "room-closed");
  return {
    ...before,
    status: closed ? "closed" : "open",
    capacity,
    waiting: before.waiting - admitted - left,
    processing: before.processing + admitted,
    ended: { ...before.ended, left: before.ended.left + left },
  };
}
