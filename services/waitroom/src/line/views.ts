/** What can be seen of a session and a room, copied out of the state so that it stays true while the state goes on. */
import type { Room, Rooms } from "./room.ts";
import type { EndStatus, Lease, Session, SessionStatus } from "./session.ts";

export interface SessionView {
  readonly sessionId: string;
  readonly eventId: string;
  readonly userId: string;
  readonly tokenId: string;
  readonly status: SessionStatus;
  /** From 1 while waiting; 0 once admitted or ended. */
  readonly position: number;
  readonly joinedAtMs: number;
  /** Undefined while too little is known to estimate it. */
  readonly estimatedWaitSeconds: number | undefined;
  /** Set while `ready`. */
  readonly lease: Lease | undefined;
}

export interface RoomView {
  readonly eventId: string;
  readonly status: "open" | "closed";
  readonly capacity: number;
  /** Sessions in line. */
  readonly waiting: number;
  /** Sessions that hold a slot. */
  readonly processing: number;
  /** Sessions ever made: waiting + processing + all that have ended. */
  readonly joined: number;
  readonly ended: Readonly<Record<EndStatus, number>>;
}

/** A session as it stands at `wallMs`. */
export function viewSession(room: Room, session: Session, wallMs: number): SessionView {
  const waiting = session.status === "waiting";
  const position = waiting ? room.line.position(session) : 0;
  return {
    sessionId: session.id,
    eventId: session.eventId,
    userId: session.userId,
    tokenId: session.tokenId,
    status: session.status,
    position,
    joinedAtMs: session.joinedAtMs,
    estimatedWaitSeconds: waiting ? room.pace.estimateSeconds(position, wallMs) : 0,
    lease: session.lease,
  };
}

export function viewRoom(room: Room): RoomView {
  return {
    eventId: room.eventId,
    status: room.status,
    capacity: room.capacity,
    waiting: room.line.size,
    processing: room.processing.size,
    joined: room.lastSequence,
    ended: { ...room.endedCounts },
  };
}

/** The session with this id as it stands at `wallMs`, wherever it is in the partition. */
export function findSession(rooms: Rooms, sessionId: string, wallMs: number): SessionView | undefined {
  const session = rooms.sessions.get(sessionId);
  if (session === undefined) return undefined;
  const room = rooms.byEvent.get(session.eventId);
  return room && viewSession(room, session, wallMs);
}

export function findRoom(rooms: Rooms, eventId: string): RoomView | undefined {
  const room = rooms.byEvent.get(eventId);
  return room && viewRoom(room);
}
