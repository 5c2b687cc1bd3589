/** What happens when something is asked: reads the rooms and answers with records and a reply, and changes nothing. */
import { assert } from "./assert.ts";
import type { LineCommand, LineReply } from "./commands.ts";
import { decideClose, decideSetCapacity } from "./decide/capacity.ts";
import { decideEndCheckout } from "./decide/checkout.ts";
import { decideDeadline } from "./decide/deadline.ts";
import type { Decision, Moment } from "./decide/decision.ts";
import { decideJoin } from "./decide/join.ts";
import { decideLeave } from "./decide/leave.ts";
import type { Now } from "./now.ts";
import type { LineRecord } from "./records.ts";
import type { Rooms } from "./room.ts";
import type { LineSettings } from "./settings.ts";

export type { Decision } from "./decide/decision.ts";

/** Decides `command` as of `now`. The records are to be appended whole or not at all, and then applied in order. */
export function decide(settings: LineSettings, rooms: Rooms, command: LineCommand, now: Now): Decision {
  const moment: Moment = { settings, atMs: Math.floor(now.wallMs) };
  switch (command.kind) {
    case "join":
      return decideJoin(rooms, command, moment);
    case "leave":
      return decideLeave(rooms, command, moment);
    case "set-capacity":
      return decideSetCapacity(rooms, command, moment);
    case "close":
      return decideClose(rooms, command, moment);
    case "end-checkout":
      return decideEndCheckout(rooms, command, moment);
    case "deadline":
      return decideDeadline(rooms, moment);
    default:
      command satisfies never;
      return unheardOf();
  }
}

/** The wall-clock instant at which a `deadline` command is due: at once while work is left, else the end of the next lease. */
export function nextDeadlineMs(rooms: Rooms): number | undefined {
  return rooms.unsettled.size > 0 ? 0 : rooms.deadlines.first?.lease.expiresAtMs;
}

function unheardOf(): { records: LineRecord[]; reply: LineReply } {
  assert(false, "a command of an unknown kind");
  return { records: [], reply: { ok: true, kind: "settled" } };
}
