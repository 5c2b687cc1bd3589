/** Standing in line: one live place for each user of a room, admitted at once when there is room. */
import type { Join } from "../commands.ts";
import type { Joined, LineRecord } from "../records.ts";
import { refuse } from "../refusals.ts";
import type { Rooms } from "../room.ts";
import { viewSession } from "../views.ts";
import type { Decision, Moment } from "./decision.ts";
import { leaseFrom, type Outlook, type Person, settle } from "./settle.ts";

export function decideJoin(rooms: Rooms, command: Join, moment: Moment): Decision {
  const room = rooms.byEvent.get(command.eventId);
  const live = room?.liveByUser.get(command.userId);
  if (room !== undefined && live !== undefined) {
    const session = viewSession(room, live, moment.atMs);
    return { records: [], reply: { ok: true, kind: "session", created: false, session } };
  }
  if (room?.status === "closed") {
    return { records: [], reply: refuse("room-closed", `the room of ${command.eventId} is closed`) };
  }

  const capacity = room?.capacity ?? moment.settings.capacityDefault;
  const waitingBefore = room?.line.size ?? 0;
  const joined: Joined = {
    kind: "joined",
    event_id: command.eventId,
    at_ms: moment.atMs,
    session_id: command.sessionId,
    user_id: command.userId,
    sequence: (room?.lastSequence ?? 0) + 1,
    position: waitingBefore + 1,
    token_id: command.tokenId,
  };
  const records: LineRecord[] = [joined];
  if (room === undefined) {
    records.unshift({ kind: "room-set", event_id: command.eventId, at_ms: moment.atMs, capacity });
  }

  const person: Person = {
    id: command.sessionId,
    eventId: command.eventId,
    userId: command.userId,
    tokenId: command.tokenId,
  };
  const processing = room?.processing.size ?? 0;
  const outlook: Outlook = { room, status: "open", capacity, processing, joining: person };
  const admitted = settle(outlook, moment);
  records.push(...admitted);

  const ready = admitted.some((record) => record.session_id === person.id);
  const position = ready ? 0 : joined.position - admitted.length;
  return {
    records,
    reply: {
      ok: true,
      kind: "session",
      created: true,
      session: {
        sessionId: person.id,
        eventId: person.eventId,
        userId: person.userId,
        tokenId: person.tokenId,
        status: ready ? "ready" : "waiting",
        position,
        joinedAtMs: moment.atMs,
        estimatedWaitSeconds: ready ? 0 : room?.pace.estimateSeconds(position, moment.atMs),
        lease: ready ? leaseFrom(moment) : undefined,
      },
    },
  };
}
