/** The only place where rooms change, live and in recovery. */
import { assert } from "./assert.ts";
import type { Holder } from "./deadline-heap.ts";
import type { Admitted, CheckoutEnded, Joined, Left, LineRecord } from "./records.ts";
import { emptyRoom, type Room, type Rooms } from "./room.ts";
import type { EndStatus, Session } from "./session.ts";

/** How long an ended session can still be asked for, by the time of the later records of its room. */
export const endedSessionKeptMs = 60 * 60 * 1000;

/** Makes `record` true. Deterministic; a record that contradicts the state is a bug and fails an assertion. */
export function apply(rooms: Rooms, record: LineRecord): void {
  const room = roomOf(rooms, record);
  switch (record.kind) {
    case "room-set":
      room.status = "open";
      room.capacity = record.capacity;
      break;
    case "room-closed":
      room.status = "closed";
      break;
    case "joined":
      join(rooms, room, record);
      break;
    case "admitted":
      admit(rooms, room, record);
      break;
    case "left":
      end(rooms, room, sessionOf(rooms, record), "left", record.at_ms);
      break;
    case "checkout-ended": {
      const session = sessionOf(rooms, record);
      assert(session.status === "ready", "only who was admitted has a checkout");
      end(rooms, room, session, record.outcome, record.at_ms);
      break;
    }
    default:
      record satisfies never;
  }
  forgetLongEnded(rooms, room, record.at_ms);
  const settled = room.line.size === 0 || (room.status === "open" && room.processing.size >= room.capacity);
  if (settled) rooms.unsettled.delete(room);
  else rooms.unsettled.add(room);
}

function roomOf(rooms: Rooms, record: LineRecord): Room {
  const known = rooms.byEvent.get(record.event_id);
  if (known !== undefined) return known;
  assert(record.kind === "room-set", "a room is made before anything happens in it");
  const room = emptyRoom(record.event_id);
  rooms.byEvent.set(room.eventId, room);
  return room;
}

function sessionOf(rooms: Rooms, record: Admitted | Left | CheckoutEnded): Session {
  const session = rooms.sessions.get(record.session_id);
  assert(session !== undefined && session.eventId === record.event_id, "a session joins its room first");
  return session;
}

function join(rooms: Rooms, room: Room, record: Joined): void {
  assert(record.sequence === room.lastSequence + 1, "place numbers have no gaps");
  assert(!room.liveByUser.has(record.user_id), "a user has one place");
  assert(!rooms.sessions.has(record.session_id), "a session joins once");
  const session: Session = {
    id: record.session_id,
    eventId: record.event_id,
    userId: record.user_id,
    sequence: record.sequence,
    tokenId: record.token_id,
    joinedAtMs: record.at_ms,
    status: "waiting",
    lease: undefined,
    endedAtMs: undefined,
    place: 0,
    heapIndex: -1,
  };
  room.lastSequence = record.sequence;
  room.line.append(session);
  room.liveByUser.set(session.userId, session);
  rooms.sessions.set(session.id, session);
}

function admit(rooms: Rooms, room: Room, record: Admitted): void {
  const session = sessionOf(rooms, record);
  assert(session.status === "waiting", "only who waits is admitted");
  assert(room.processing.size < room.capacity, "nobody is admitted without a free slot");
  room.line.remove(session);
  session.status = "ready";
  session.lease = { admittedAtMs: record.at_ms, expiresAtMs: record.expires_at_ms, keyId: record.key_id };
  room.processing.add(session);
  rooms.deadlines.add(session as Holder);
}

function end(rooms: Rooms, room: Room, session: Session, status: EndStatus, atMs: number): void {
  if (session.status === "waiting") room.line.remove(session);
  else {
    assert(session.status === "ready", "what has ended does not end again");
    rooms.deadlines.remove(session);
    room.processing.delete(session);
    room.pace.add(atMs);
    session.lease = undefined;
  }
  session.status = status;
  session.endedAtMs = atMs;
  room.liveByUser.delete(session.userId);
  room.ended.add(session);
  room.endedCounts[status]++;
}

function forgetLongEnded(rooms: Rooms, room: Room, nowMs: number): void {
  for (const session of room.ended) {
    if (session.endedAtMs === undefined || session.endedAtMs + endedSessionKeptMs > nowMs) return;
    room.ended.delete(session);
    rooms.sessions.delete(session.id);
  }
}
