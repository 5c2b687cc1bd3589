/**
 * The invariants of the waiting room, kept by somebody who sees only the records and the views: a small second bookkeeping that shares
 * no code with the rules. The numbers are those of the list in docs/waiting-room.md.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { LineRecord, RoomView, SessionView } from "../src/line/index.ts";

type State = "waiting" | "ready" | "completed" | "failed" | "expired" | "left";

interface Entry {
  readonly sessionId: string;
  readonly userId: string;
  readonly sequence: number;
  readonly tokenId: string;
  state: State;
  position: number;
  admissions: number;
  ends: number;
}

interface RoomBook {
  capacity: number;
  open: boolean;
  readonly entries: Map<string, Entry>;
}

export class Ledger {
  readonly #rooms = new Map<string, RoomBook>();

  /** Takes one record, and fails if it may not follow those before it. */
  write(record: LineRecord): void {
    const book = this.#book(record.event_id);
    switch (record.kind) {
      case "room-set":
        book.capacity = record.capacity;
        book.open = true;
        return;
      case "room-closed":
        book.open = false;
        return;
      case "joined": {
        ok(book.open, "nobody joins a closed room");
        const live = [...book.entries.values()].filter(isLive);
        ok(!live.some(({ userId }) => userId === record.user_id), "WR-2: one place per person");
        equal(
          record.sequence,
          book.entries.size + 1,
          "WR-6: a place number is never given twice, none is lost",
        );
        const waiting = live.filter(({ state }) => state === "waiting");
        equal(record.position, waiting.length + 1, "WR-6: the rank at joining");
        ok(!book.entries.has(record.session_id), "WR-11: one joined per session");
        book.entries.set(record.session_id, {
          sessionId: record.session_id,
          userId: record.user_id,
          sequence: record.sequence,
          tokenId: record.token_id,
          state: "waiting",
          position: Number.POSITIVE_INFINITY,
          admissions: 0,
          ends: 0,
        });
        return;
      }
      case "admitted": {
        const entry = this.#entry(book, record.session_id);
        equal(entry.state, "waiting", "WR-1: only who waits is admitted");
        ok(book.open && this.#holding(book) < book.capacity, "WR-3: nobody is admitted over the capacity");
        const ahead = [...book.entries.values()].filter(
          (other) => other.state === "waiting" && other.sequence < entry.sequence,
        );
        deepEqual(ahead, [], "WR-5: nobody is passed over");
        equal(record.token_id, entry.tokenId, "WR-8: one token id per admission");
        equal(record.expires_at_ms - Math.floor(record.at_ms / 1000) * 1000, 900_000, "WR-8: 15 minutes");
        equal(++entry.admissions, 1, "WR-11: admitted at most once");
        entry.state = "ready";
        return;
      }
      case "left":
        this.#end(book, record.session_id, "left");
        return;
      case "checkout-ended":
        equal(this.#entry(book, record.session_id).state, "ready", "WR-1: a checkout needs an admission");
        this.#end(book, record.session_id, record.outcome);
        return;
      default:
        record satisfies never;
    }
  }

  /** Compares the room that the rules show with what stands here. `settled`: nothing is left to do in any room. */
  compare(room: RoomView, settled: boolean): void {
    const book = this.#book(room.eventId);
    const count = (state: State): number =>
      [...book.entries.values()].filter((e) => e.state === state).length;
    deepEqual(
      [room.joined, room.waiting, room.processing, room.capacity],
      [book.entries.size, count("waiting"), count("ready"), book.capacity],
      "WR-4: conservation",
    );
    deepEqual(
      room.ended,
      {
        completed: count("completed"),
        failed: count("failed"),
        expired: count("expired"),
        left: count("left"),
      },
      "WR-4: conservation",
    );
    if (!settled) return;
    if (book.open) ok(room.waiting === 0 || room.processing >= room.capacity, "WR-20: a free slot is given");
    else equal(room.waiting, 0, "a closed room empties");
  }

  /** Compares one session as the rules show it with what stands here. */
  compareSession(session: SessionView): void {
    const book = this.#book(session.eventId);
    const entry = this.#entry(book, session.sessionId);
    equal(session.status, entry.state, "WR-1: one state");
    const ahead = [...book.entries.values()].filter(
      (other) => other.state === "waiting" && other.sequence < entry.sequence,
    );
    const position = entry.state === "waiting" ? ahead.length + 1 : 0;
    equal(session.position, position, "WR-6: the position is the rank");
    ok(position <= entry.position, "WR-6: a position never rises");
    entry.position = position;
  }

  /** Sessions of all rooms, in no particular order. */
  get sessions(): readonly { readonly eventId: string; readonly sessionId: string; readonly state: State }[] {
    return [...this.#rooms].flatMap(([eventId, { entries }]) =>
      Array.from(entries.values(), ({ sessionId, state }) => ({ eventId, sessionId, state })),
    );
  }

  #end(book: RoomBook, sessionId: string, state: State): void {
    const entry = this.#entry(book, sessionId);
    ok(isLive(entry), "WR-1: an end absorbs");
    equal(++entry.ends, 1, "WR-9: a slot is given back once");
    entry.state = state;
  }

  #holding({ entries }: RoomBook): number {
    return [...entries.values()].filter(({ state }) => state === "ready").length;
  }

  #entry(book: RoomBook, sessionId: string): Entry {
    const entry = book.entries.get(sessionId);
    ok(entry, "WR-11: a session joins before anything happens to it");
    return entry;
  }

  #book(eventId: string): RoomBook {
    let book = this.#rooms.get(eventId);
    if (book === undefined) {
      book = { capacity: 0, open: true, entries: new Map() };
      this.#rooms.set(eventId, book);
    }
    return book;
  }
}

function isLive({ state }: Entry): boolean {
  return state === "waiting" || state === "ready";
}
