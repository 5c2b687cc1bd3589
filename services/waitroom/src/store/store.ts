/**
 * Where rooms are kept, as the routes see it. Each method answers when what it says rests on the log; while the log cannot be reached or
 * is being read back it rejects with a `Fault` (`state-unavailable`), and what was asked may or may not have happened: asking again is safe.
 */
import type { Durability } from "@sluice/bus";
import type { Readiness } from "@sluice/runtime";
import type { Refused, RoomView, SessionView } from "../line/index.ts";

/** An answer with what it rests on. */
export type Answer<Value> = ({ readonly ok: true; readonly durability: Durability } & Value) | Refused;

export interface WaitroomStore extends AsyncDisposable {
  /** The live session of the user in the room, made (`created`) if there is none. */
  join(
    eventId: string,
    userId: string,
  ): Promise<Answer<{ readonly created: boolean; readonly session: SessionView }>>;
  /** Ends the session; an ended one stays as it ended. */
  leave(eventId: string, sessionId: string): Promise<Answer<{ readonly session: SessionView }>>;
  /** Makes the room, opens it again, or resizes it. */
  setCapacity(
    eventId: string,
    capacity: number,
  ): Promise<Answer<{ readonly created: boolean; readonly room: RoomView }>>;
  /** Closes the room and lets all leave who wait. */
  close(eventId: string): Promise<Answer<{ readonly room: RoomView }>>;
  findSession(sessionId: string): Promise<Answer<{ readonly session: SessionView }>>;
  findRoom(eventId: string): Promise<Answer<{ readonly room: RoomView }>>;
  readiness(): Readiness;
}
