/** Giving up: the place in line, or the slot, which the next one gets in the same decision. */
import type { Leave } from "../commands.ts";
import { refuse } from "../refusals.ts";
import type { Rooms } from "../room.ts";
import { viewSession } from "../views.ts";
import type { Decision, Moment } from "./decision.ts";
import { leave, outlookOf, settle } from "./settle.ts";

export function decideLeave(rooms: Rooms, command: Leave, moment: Moment): Decision {
  const room = rooms.byEvent.get(command.eventId);
  const session = rooms.sessions.get(command.sessionId);
  if (room === undefined || session?.eventId !== command.eventId) {
    return { records: [], reply: refuse("unknown-session", `no session ${command.sessionId}`) };
  }
  const view = viewSession(room, session, moment.atMs);
  if (session.status !== "waiting" && session.status !== "ready") {
    return { records: [], reply: { ok: true, kind: "session", created: false, session: view } };
  }

  const freed = session.status === "ready" ? 1 : 0;
  const outlook = { ...outlookOf(room), processing: room.processing.size - freed, leaving: session };
  return {
    records: [leave(session, "user_left", moment), ...settle(outlook, moment)],
    reply: {
      ok: true,
      kind: "session",
      created: false,
      session: { ...view, status: "left", position: 0, estimatedWaitSeconds: 0, lease: undefined },
    },
  };
}
