/** The state of the rules: the rooms of one partition of the log, who stands in their lines and who holds their slots. */
import { DeadlineHeap } from "./deadline-heap.ts";
import { Line } from "./line.ts";
import { ReleasePace } from "./release-pace.ts";
import type { EndStatus, Session } from "./session.ts";

/** The waiting room of one `event_id`. */
export interface Room {
  readonly eventId: string;
  status: "open" | "closed";
  capacity: number;
  /** The place number given last; also how many ever joined. */
  lastSequence: number;
  readonly line: Line<Session>;
  /** The processing set: who holds a slot. Free slots are capacity minus its size, and there is no other counter. */
  readonly processing: Set<Session>;
  /** The live session of each user. */
  readonly liveByUser: Map<string, Session>;
  /** Sessions that have ended and can still be asked for, the earliest ended first. */
  readonly ended: Set<Session>;
  /** How many ended how, over all time. For people to look at; no rule rests on it. */
  readonly endedCounts: Record<EndStatus, number>;
  readonly pace: ReleasePace;
}

/** All rooms whose `event_id` falls into one partition. */
export interface Rooms {
  readonly byEvent: Map<string, Room>;
  readonly sessions: Map<string, Session>;
  readonly deadlines: DeadlineHeap;
  /** Rooms that have work left which one decision could not hold: somebody to admit, or a closed room to empty. */
  readonly unsettled: Set<Room>;
}

export function emptyRooms(): Rooms {
  return { byEvent: new Map(), sessions: new Map(), deadlines: new DeadlineHeap(), unsettled: new Set() };
}

export function emptyRoom(eventId: string): Room {
  return {
    eventId,
    status: "open",
    capacity: 0,
    lastSequence: 0,
    line: new Line(),
    processing: new Set(),
    liveByUser: new Map(),
    ended: new Set(),
    endedCounts: { completed: 0, failed: 0, expired: 0, left: 0 },
    pace: new ReleasePace(),
  };
}
