/** Time has passed: leases that are due end, and rooms with work left get on with it. */
import type { LineRecord } from "../records.ts";
import type { Room, Rooms } from "../room.ts";
import type { Session } from "../session.ts";
import type { Decision, Moment } from "./decision.ts";
import { leave, outlookOf, settle } from "./settle.ts";

export function decideDeadline(rooms: Rooms, moment: Moment): Decision {
  const dueByRoom = new Map<Room, Session[]>();
  for (const session of rooms.deadlines.due(moment.atMs, moment.settings.batchMax)) {
    const room = rooms.byEvent.get(session.eventId);
    if (room === undefined) continue;
    const due = dueByRoom.get(room);
    if (due === undefined) dueByRoom.set(room, [session]);
    else due.push(session);
  }
  for (const room of rooms.unsettled) if (!dueByRoom.has(room)) dueByRoom.set(room, []);

  const records: LineRecord[] = [];
  let settleMax = moment.settings.batchMax;
  for (const [room, due] of dueByRoom) {
    for (const session of due) records.push(leave(session, "expired", moment));
    const outlook = { ...outlookOf(room), processing: room.processing.size - due.length };
    const settled = settle(outlook, moment, settleMax);
    settleMax -= settled.length;
    records.push(...settled);
  }
  return { records, reply: { ok: true, kind: "settled" } };
}
