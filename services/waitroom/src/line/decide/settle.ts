/**
 * Who is admitted, and who leaves a closed room. Every decision that changes a room ends here, so that a slot never stays free
 * while somebody waits for it.
 */
import type { Admitted, Left } from "../records.ts";
import type { Room } from "../room.ts";
import type { Lease } from "../session.ts";
import type { Moment } from "./decision.ts";

/** Whom a slot can be given to: a session in line, or one that is about to join. */
export interface Person {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  readonly tokenId: string;
}

/** A room as it will be once the records decided so far are applied. */
export interface Outlook {
  /** Undefined: the room is about to be made. */
  readonly room: Room | undefined;
  readonly status: "open" | "closed";
  readonly capacity: number;
  /** Slots that will be held. */
  readonly processing: number;
  /** In line now, but about to leave it. */
  readonly leaving?: Person | undefined;
  /** About to stand at the end of the line. */
  readonly joining?: Person;
}

/** The room as it is, for decisions to say what will differ. */
export function outlookOf(room: Room): Outlook {
  return { room, status: room.status, capacity: room.capacity, processing: room.processing.size };
}

/** Admits as many as there are free slots, or lets those leave who wait in a closed room: in the order of the line, at most `max`. */
export function settle(
  outlook: Outlook,
  moment: Moment,
  max = moment.settings.batchMax,
): (Admitted | Left)[] {
  if (outlook.status === "closed")
    return inOrder(outlook, max).map((person) => leave(person, "expired", moment));
  const free = Math.max(outlook.capacity - outlook.processing, 0);
  return inOrder(outlook, Math.min(free, max)).map((person) => admit(person, moment));
}

function inOrder({ room, leaving, joining }: Outlook, count: number): Person[] {
  const people: Person[] = [];
  const waiting = room?.line.size ?? 0;
  for (let position = 1; position <= waiting && people.length < count; position++) {
    const session = room?.line.at(position);
    if (session !== undefined && session !== leaving) people.push(session);
  }
  if (joining !== undefined && people.length < count) people.push(joining);
  return people;
}

/** The lease that an admission at `moment` gives: it ends on a whole second, because the token's `exp` does. */
export function leaseFrom({ settings, atMs }: Moment): Lease {
  const expiresAtMs = Math.floor(atMs / 1000) * 1000 + settings.tokenLifetimeMs;
  return { admittedAtMs: atMs, expiresAtMs, keyId: settings.keyId };
}

function admit(person: Person, moment: Moment): Admitted {
  const lease = leaseFrom(moment);
  return {
    kind: "admitted",
    event_id: person.eventId,
    at_ms: lease.admittedAtMs,
    session_id: person.id,
    user_id: person.userId,
    token_id: person.tokenId,
    key_id: lease.keyId,
    expires_at_ms: lease.expiresAtMs,
  };
}

export function leave(person: Person, reason: Left["reason"], { atMs }: Moment): Left {
  return {
    kind: "left",
    event_id: person.eventId,
    at_ms: atMs,
    session_id: person.id,
    user_id: person.userId,
    reason,
  };
}
