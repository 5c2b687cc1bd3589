/** Visitors of the waiting room and what they were told: who joined, where they stood, who left. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Load } from "../../src/load.ts";

export const path = "/api/v1/waitroom";

/** In this room nobody is ever admitted, so that positions are ranks and sessions stay. */
export const heldRoom = "held";

export interface Session {
  readonly session_id: string;
  readonly position: number;
  readonly status: string;
  readonly joined_at: string;
  readonly session_token: string;
  readonly checkout_token?: string;
}

/** A join that was answered. The counts order all joins: one that was asked after another was answered stands behind it. */
export interface Joined {
  readonly room: string;
  readonly user: string;
  readonly session: Session;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Leavers go away by themselves; the shop leaves them alone. */
export const isLeaver = (user: string): boolean => user.startsWith("leaver");

export class Visitors {
  /** By session id. */
  readonly joined = new Map<string, Joined>();
  /** Every user that ever asked, answered or not. */
  readonly users = new Set<string>();
  readonly left = new Set<string>();
  /** Checkout tokens that visitors saw, by session id. */
  readonly tokens = new Map<string, string>();
  readonly #visitors: Visitor[] = [];
  #moments = 0;

  addClients(load: Load, rooms: readonly string[]): void {
    for (let i = 0; i < 4; i++) {
      const visitor = new Visitor(this, `${i}`, rooms);
      this.#visitors.push(visitor);
      load.add("visitor", async ({ http }, done) => {
        await visitor.joinAgain(http);
        await visitor.finish(http);
        for (;;) {
          await visitor.visit(http);
          done();
        }
      });
    }
  }

  /** Lets every visitor visit once. */
  async visit(http: HttpClient): Promise<void> {
    for (const visitor of this.#visitors) await visitor.visit(http);
  }

  /** Lets every visitor finish what a kill has cut off. */
  async finish(http: HttpClient): Promise<void> {
    for (const visitor of this.#visitors) await visitor.finish(http);
  }

  /** A moment after all before. */
  moment(): number {
    return ++this.#moments;
  }
}

interface Visit {
  readonly room: string;
  readonly user: string;
  readonly askedAt: number;
  session?: Session;
}

class Visitor {
  readonly #all: Visitors;
  readonly #name: string;
  readonly #rooms: readonly string[];
  #count = 0;
  /** What is under way, also across a kill. */
  #visit: Visit | undefined;
  /** The last join in the room where sessions stay. */
  #held: Joined | undefined;

  constructor(all: Visitors, name: string, rooms: readonly string[]) {
    this.#all = all;
    this.#name = name;
    this.#rooms = rooms;
  }

  /** Joins the next room, looks, and leaves again if this is one who leaves. */
  async visit(http: HttpClient): Promise<void> {
    const count = ++this.#count;
    const room = this.#rooms[count % this.#rooms.length] ?? heldRoom;
    const user = `${count % 5 === 0 ? "leaver" : "user"}-${this.#name}-${count}`;
    this.#all.users.add(user);
    this.#visit = { room, user, askedAt: this.#all.moment() };
    await this.finish(http);
  }

  async finish(http: HttpClient): Promise<void> {
    const visit = this.#visit;
    if (visit === undefined) return;
    visit.session ??= await this.#join(http, visit);
    const { session } = visit;
    const headers = { authorization: `Bearer ${session.session_token}` };
    const at = `${path}/sessions/${session.session_id}`;
    const seen = await http.get<Session>(at, headers);
    equal(seen.status, 200);
    equal(seen.body.joined_at, session.joined_at);
    ok(seen.body.position <= session.position, "a position never rises");
    const { checkout_token } = seen.body;
    if (checkout_token !== undefined) this.#all.tokens.set(session.session_id, checkout_token);
    if (isLeaver(visit.user)) {
      const left = await http.delete<Session>(at, headers);
      deepEqual([left.status, left.body.status, left.body.position], [200, "left", 0]);
      this.#all.left.add(session.session_id);
    }
    this.#visit = undefined;
  }

  /** Who joined before a kill gets the same session after it. */
  async joinAgain(http: HttpClient): Promise<void> {
    if (this.#held === undefined) return;
    const { room, user, session } = this.#held;
    const { status, body } = await http.post<Session>(`${path}/join`, { event_id: room, user_id: user });
    equal(status, 200);
    const { session_id, joined_at, session_token } = session;
    deepEqual([body.session_id, body.joined_at, body.session_token], [session_id, joined_at, session_token]);
    ok(body.position <= session.position && body.position > 0, "the place in line is kept");
  }

  async #join(http: HttpClient, { room, user, askedAt }: Visit): Promise<Session> {
    const { status, body: session } = await http.post<Session>(`${path}/join`, {
      event_id: room,
      user_id: user,
    });
    ok(status === 201 || status === 200, JSON.stringify(session));
    const joined = { room, user, session, askedAt, answeredAt: this.#all.moment() };
    this.#all.joined.set(session.session_id, joined);
    if (room === heldRoom && !isLeaver(user)) this.#held = joined;
    return session;
  }
}
