/** The rules of the waiting room, as its shell sees them. */
export { apply, endedSessionKeptMs } from "./apply.ts";
export type * from "./commands.ts";
export { type Decision, decide, nextDeadlineMs } from "./decide.ts";
export type { Now } from "./now.ts";
export type * from "./records.ts";
export { type LineRefusal, lineRefusals, type Refused } from "./refusals.ts";
export { emptyRooms, type Rooms } from "./room.ts";
export type { EndStatus, Lease, SessionStatus } from "./session.ts";
export { sessionStatuses } from "./session.ts";
export { type LineSettings, lineDefaults } from "./settings.ts";
export { findRoom, findSession, type RoomView, type SessionView } from "./views.ts";
