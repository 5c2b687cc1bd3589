/** Random days in two rooms: after each step the invariants hold, and the log alone gives the same state. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Ledger } from "../../test/ledger.ts";
import {
  apply,
  type Decision,
  decide,
  emptyRooms,
  findRoom,
  findSession,
  type LineCommand,
  type LineRecord,
  type LineSettings,
  lineDefaults,
  nextDeadlineMs,
} from "./index.ts";

const eventId = fc.constantFrom("concert", "derby");
const userId = fc.constantFrom("ann", "ben", "cleo", "dan", "eve", "fay");
const which = fc.nat(30);

type Step =
  | { readonly kind: "join"; readonly eventId: string; readonly userId: string }
  | { readonly kind: "capacity"; readonly eventId: string; readonly capacity: number }
  | { readonly kind: "close"; readonly eventId: string }
  | { readonly kind: "leave" | "checkout"; readonly which: number; readonly eventId?: string }
  | { readonly kind: "deadlines" }
  | { readonly kind: "time"; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("join" as const), eventId, userId }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("capacity" as const), eventId, capacity: fc.nat(4) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), eventId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("leave" as const), which }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("checkout" as const), which }) },
  // A checkout or a leave that names the wrong room.
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "checkout" as const), which, eventId }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "deadlines" as const }) },
  // The wall clock goes back as well: a correction of up to an hour either way.
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      seconds: fc.integer({ min: -3600, max: 3600 }),
    }),
  },
);

class World {
  readonly rooms = emptyRooms();
  /** Fed with nothing but the records, as they come out of JSON. */
  readonly twin = emptyRooms();
  readonly ledger = new Ledger();
  readonly #settings: LineSettings;
  #wallMs = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
  #joins = 0;

  constructor(batchMax: number) {
    this.#settings = { ...lineDefaults, keyId: "key", batchMax, capacityDefault: 2 };
  }

  take(next: Step): void {
    if (next.kind === "time") this.#wallMs += next.seconds * 1000;
    else if (next.kind === "deadlines") this.settle();
    else this.submit(this.#command(next));
  }

  submit(command: LineCommand): Decision {
    const before = JSON.stringify(shown(this.rooms));
    const decision = decide(this.#settings, this.rooms, command, { wallMs: this.#wallMs, monotonicMs: 0 });
    equal(JSON.stringify(shown(this.rooms)), before, "a decision changes nothing");
    const { batchMax } = this.#settings;
    const count = (kind: LineRecord["kind"]): number =>
      decision.records.filter((record) => record.kind === kind).length;
    ok(count("admitted") <= batchMax, "a decision stays small");
    ok(
      count("left") <= 2 * batchMax,
      "a decision stays small: leases that end, and a closed room that empties",
    );
    for (const record of decision.records) {
      apply(this.rooms, record);
      apply(this.twin, JSON.parse(JSON.stringify(record)));
      this.ledger.write(record);
    }
    this.#checkReply(decision);
    this.#checkState();
    return decision;
  }

  /** Lets the deadlines run that are due, as the shell does. WR-21: that comes to an end. */
  settle(): void {
    for (let turns = 0; (nextDeadlineMs(this.rooms) ?? Number.POSITIVE_INFINITY) <= this.#wallMs; turns++) {
      ok(turns < 200, "the deadlines come to an end");
      ok(this.submit({ kind: "deadline" }).records.length > 0, "a deadline that is due does something");
    }
  }

  passMinutes(minutes: number): void {
    this.#wallMs += minutes * 60_000;
  }

  #command(next: Exclude<Step, { kind: "time" | "deadlines" }>): LineCommand {
    if (next.kind === "join") {
      const number = ++this.#joins;
      return { ...next, sessionId: `session-${number}`, tokenId: `token-${number}` };
    }
    if (next.kind === "capacity") return { ...next, kind: "set-capacity" };
    if (next.kind === "close") return next;
    const { sessions } = this.ledger;
    const found = sessions[next.which % Math.max(sessions.length, 1)];
    const sessionId = found?.sessionId ?? "nobody";
    const inRoom = next.eventId ?? found?.eventId ?? "concert";
    if (next.kind === "leave") return { kind: "leave", eventId: inRoom, sessionId };
    return { kind: "end-checkout", eventId: inRoom, sessionId, orderId: "order", outcome: "completed" };
  }

  /** What the reply says is what is then seen. */
  #checkReply({ reply }: Decision): void {
    if (!reply.ok || reply.kind === "settled") return;
    if (reply.kind === "room") deepEqual(findRoom(this.rooms, reply.room.eventId), reply.room);
    else deepEqual(findSession(this.rooms, reply.session.sessionId, this.#wallMs), reply.session);
  }

  #checkState(): void {
    const settled = this.rooms.unsettled.size === 0;
    for (const room of this.rooms.byEvent.keys()) {
      const view = findRoom(this.rooms, room);
      ok(view);
      this.ledger.compare(view, settled);
    }
    for (const { sessionId } of this.ledger.sessions) {
      const view = findSession(this.rooms, sessionId, this.#wallMs);
      // What ended long ago is forgotten; what lives never is.
      if (view !== undefined) this.ledger.compareSession(view);
      else ok(this.ledger.sessions.find((each) => each.sessionId === sessionId)?.state !== "waiting");
    }
    deepEqual(shown(this.twin), shown(this.rooms), "WR-13: the fold of the log is the state");
  }
}

/** All of the state that decides anything, as plain data. */
function shown(rooms: ReturnType<typeof emptyRooms>): unknown {
  return {
    rooms: Array.from(rooms.byEvent.values(), (room) => ({
      ...room,
      line: Array.from({ length: room.line.size }, (_, index) => room.line.at(index + 1)?.id),
      processing: Array.from(room.processing, ({ id }) => id),
      liveByUser: Array.from(room.liveByUser, ([user, { id }]) => [user, id]),
      ended: Array.from(room.ended, ({ id }) => id),
      pace: room.pace.estimateSeconds(1, Number.MAX_SAFE_INTEGER),
    })),
    sessions: [...rooms.sessions.values()],
    firstDeadline: rooms.deadlines.first?.id,
    leases: rooms.deadlines.size,
    unsettled: Array.from(rooms.unsettled, (room) => room.eventId),
  };
}

for (const batchMax of [1, 2, 1000]) {
  test(`the invariants hold after every step, ${batchMax} at a time`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        const world = new World(batchMax);
        for (const next of steps) world.take(next);
        // WR-21: when nobody comes any more, everybody is served or gone, room for room.
        for (let turn = 0; turn < 12; turn++) {
          world.passMinutes(180);
          world.settle();
        }
        for (const room of world.rooms.byEvent.values()) {
          equal(room.processing.size, 0);
          ok(room.line.size === 0 || room.capacity === 0);
        }
      }),
      { numRuns: 300 },
    );
  });
}

test("10,000 join one room, ask where they stand and pass through it, quickly", () => {
  const rooms = emptyRooms();
  const settings = { ...lineDefaults, keyId: "key" };
  const now = { wallMs: Date.UTC(2026, 0, 1), monotonicMs: 0 };
  const submit = (command: LineCommand): Decision => {
    const decision = decide(settings, rooms, command, now);
    for (const record of decision.records) apply(rooms, record);
    return decision;
  };
  const people = 10_000;
  for (let n = 1; n <= people; n++) {
    submit({ kind: "join", eventId: "sale", userId: `user-${n}`, sessionId: `s-${n}`, tokenId: `t-${n}` });
  }
  for (let n = 101; n <= people; n++) equal(findSession(rooms, `s-${n}`, now.wallMs)?.position, n - 100);
  for (let n = 1; n <= people; n++) {
    const end = {
      kind: "end-checkout",
      eventId: "sale",
      sessionId: `s-${n}`,
      orderId: "o",
      outcome: "completed",
    };
    const { records } = submit(end as LineCommand);
    equal(records.length, n <= people - 100 ? 2 : 1);
  }
  deepEqual(findRoom(rooms, "sale")?.ended, { completed: people, failed: 0, expired: 0, left: 0 });
});
