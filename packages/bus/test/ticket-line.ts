/**
 * A small waiting line, as rules for a sourced state: rooms with a capacity, visitors who wait, are admitted for a while, and leave. Every
 * record says which command it came from, so that a test can look for it in the log.
 */
import { type Static, Type } from "typebox";
import { event } from "../src/event.ts";
import type { Decision, ProjectPublish, Rules } from "../src/rules.ts";

/** How long an admitted visitor may stay. */
export const stayMs = 40;

const recordSchema = Type.Object({
  room: Type.String(),
  kind: Type.Union([
    Type.Literal("joined"),
    Type.Literal("admitted"),
    Type.Literal("gone"),
    Type.Literal("resized"),
    Type.Literal("noted"),
  ]),
  visitor: Type.String(),
  /** The command, which of its records this is, and how many there are. */
  by: Type.String(),
  index: Type.Integer(),
  of: Type.Integer(),
  /** Until when an admitted visitor may stay; the new capacity of a resized room; 0 otherwise. */
  value: Type.Number(),
});
export type LineRecord = Static<typeof recordSchema>;

export const lineRecord = event({
  type: "line.record",
  topic: "line.records",
  schema: recordSchema,
  key: (record) => record.room,
});

/** What the world is told: one for each record. */
export const lineAnnounced = event({
  type: "line.announced",
  topic: "line.announced",
  schema: Type.Object({ room: Type.String(), by: Type.String(), index: Type.Integer() }),
  key: (announced) => announced.room,
});

/** A visitor is done, says somebody else. The visitor `nobody` decides nothing. */
export const visitEnded = event({
  type: "visit.ended",
  topic: "visits.ended",
  schema: Type.Object({ room: Type.String(), visitor: Type.String(), by: Type.String() }),
  key: (ended) => ended.room,
});

export type LineCommand =
  | { readonly kind: "join" | "end"; readonly room: string; readonly visitor: string; readonly by: string }
  | { readonly kind: "resize"; readonly room: string; readonly capacity: number; readonly by: string }
  | { readonly kind: "deadline" };

interface Room {
  capacity: number;
  readonly waiting: string[];
  /** Who is inside, and until when. */
  readonly inside: Map<string, number>;
}

export interface LineState {
  readonly partition: number;
  readonly rooms: Map<string, Room>;
  /** How many records made this state: which prefix of the log it is the fold of. */
  applied: number;
}

function roomOf(state: LineState, name: string): Room {
  let room = state.rooms.get(name);
  if (room === undefined) {
    room = { capacity: 2, waiting: [], inside: new Map() };
    state.rooms.set(name, room);
  }
  return room;
}

/** Collects the records of one command. */
class Facts {
  readonly #records: Omit<LineRecord, "of">[] = [];
  readonly #by: string;

  constructor(by: string) {
    this.#by = by;
  }

  add(kind: LineRecord["kind"], room: string, visitor: string, value = 0): void {
    this.#records.push({ kind, room, visitor, value, by: this.#by, index: this.#records.length });
  }

  get records(): LineRecord[] {
    return this.#records.map((record) => ({ ...record, of: this.#records.length }));
  }

  /** Fills `free` places from the head of the line. */
  admit(room: string, waiting: readonly string[], free: number, nowMs: number): void {
    for (const visitor of waiting.slice(0, Math.max(free, 0)))
      this.add("admitted", room, visitor, nowMs + stayMs);
  }
}

function decideOne(
  state: LineState,
  command: Exclude<LineCommand, { kind: "deadline" }>,
  nowMs: number,
): LineRecord[] {
  const facts = new Facts(command.by);
  const known = state.rooms.get(command.room);
  const { capacity, waiting, inside } = known ?? {
    capacity: 2,
    waiting: [],
    inside: new Map<string, number>(),
  };
  if (command.kind === "resize") {
    facts.add("resized", command.room, "", command.capacity);
    facts.admit(command.room, waiting, command.capacity - inside.size, nowMs);
  } else if (command.kind === "join") {
    facts.add("joined", command.room, command.visitor);
    facts.admit(command.room, [...waiting, command.visitor], capacity - inside.size, nowMs);
  } else if (inside.has(command.visitor)) {
    facts.add("gone", command.room, command.visitor);
    facts.admit(command.room, waiting, capacity - inside.size + 1, nowMs);
  } else if (command.visitor !== "nobody") {
    facts.add("noted", command.room, command.visitor);
  }
  return facts.records;
}

function decideDeadlines(state: LineState, nowMs: number): LineRecord[] {
  const facts = new Facts(`deadline ${nowMs} after ${state.applied} in ${state.partition}`);
  for (const [name, { capacity, waiting, inside }] of state.rooms) {
    const late = [...inside].filter(([, untilMs]) => untilMs <= nowMs);
    for (const [visitor] of late) facts.add("gone", name, visitor);
    if (late.length > 0) facts.admit(name, waiting, capacity - inside.size + late.length, nowMs);
  }
  return facts.records;
}

/** Up to which record the log has to go for the reply to be true, and how many of those are the command's own. */
export interface LineReply {
  readonly applied: number;
  readonly recordCount: number;
}

export const lineRules: Rules<LineState, LineCommand, LineRecord, LineReply> = {
  initial: (partition) => ({ partition, rooms: new Map(), applied: 0 }),
  decide(state, command, now): Decision<LineRecord, LineReply> {
    const records =
      command.kind === "deadline"
        ? decideDeadlines(state, now.wallMs)
        : decideOne(state, command, now.wallMs);
    return { records, reply: { applied: state.applied + records.length, recordCount: records.length } };
  },
  apply(state, { room: name, kind, visitor, value }) {
    const room = roomOf(state, name);
    state.applied++;
    if (kind === "joined") room.waiting.push(visitor);
    else if (kind === "resized") room.capacity = value;
    else if (kind === "gone") room.inside.delete(visitor);
    else if (kind === "admitted") {
      room.waiting.splice(room.waiting.indexOf(visitor), 1);
      room.inside.set(visitor, value);
    }
  },
  nextDeadlineMs(state) {
    const untils = [...state.rooms.values()].flatMap(({ inside }) => [...inside.values()]);
    return untils.length === 0 ? undefined : Math.min(...untils);
  },
  deadline: () => ({ kind: "deadline" }),
};

export function announce(record: LineRecord, publish: ProjectPublish): void {
  publish(lineAnnounced, { room: record.room, by: record.by, index: record.index });
}

/** The state as text: equal for equal states. */
export function dump(state: LineState): string {
  const rooms = [...state.rooms].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    state.applied,
    rooms.map(([name, { capacity, waiting, inside }]) => [name, capacity, waiting, [...inside].sort()]),
  ]);
}
