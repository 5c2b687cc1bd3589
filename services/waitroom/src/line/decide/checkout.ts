/** The end of a checkout: frees the slot once, however often and in whatever order the shop says it. */
import type { EndCheckout } from "../commands.ts";
import { refuse } from "../refusals.ts";
import type { Rooms } from "../room.ts";
import type { Decision, Moment } from "./decision.ts";
import { outlookOf, settle } from "./settle.ts";

export function decideEndCheckout(rooms: Rooms, command: EndCheckout, moment: Moment): Decision {
  const { eventId, sessionId, orderId, outcome } = command;
  const room = rooms.byEvent.get(eventId);
  const session = rooms.sessions.get(sessionId);
  if (room === undefined || session?.eventId !== eventId) {
    return {
      records: [],
      reply: refuse("unknown-session", `no session ${sessionId} in the room of ${eventId}`),
    };
  }
  if (session.status === "waiting") {
    return { records: [], reply: refuse("session-not-ready", `session ${sessionId} was not admitted yet`) };
  }
  if (session.status !== "ready") {
    return {
      records: [],
      reply: refuse("session-ended", `session ${sessionId} is ${session.status} already`),
    };
  }
  const outlook = { ...outlookOf(room), processing: room.processing.size - 1 };
  return {
    records: [
      {
        kind: "checkout-ended",
        event_id: eventId,
        at_ms: moment.atMs,
        session_id: sessionId,
        order_id: orderId,
        outcome,
      },
      ...settle(outlook, moment),
    ],
    reply: { ok: true, kind: "settled" },
  };
}
