/** The waiting room under load: its clients, and at the end the six topics folded by somebody else and compared with what it says. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Load } from "../../src/load.ts";
import { readTopic } from "./records.ts";
import { Shop } from "./shop.ts";
import { heldRoom, path, type Session, Visitors } from "./visitors.ts";
import { checkoutTopics, type QueueJoined, type QueueLeft, type QueueReady } from "./waitroom-events.ts";

/** Capacities; the last is what a room gets that nobody has opened. */
const capacities = { small: 3, middle: 10, [heldRoom]: 0, unopened: 100 };
const rooms = Object.keys(capacities) as (keyof typeof capacities)[];

interface RoomView {
  readonly capacity: number;
  readonly waiting: number;
  readonly processing: number;
  readonly joined: number;
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  readonly left: number;
}

interface Seen {
  readonly event: QueueJoined;
  status: string;
}

export class WaitroomProof {
  readonly #visitors = new Visitors();
  readonly #shop = new Shop();

  /** Opens the rooms, and lets a few in: the topics of the waiting room begin with their first event. */
  async open(http: HttpClient): Promise<void> {
    for (const room of rooms.filter((each) => each !== "unopened")) {
      equal((await http.put(`${path}/events/${room}`, { capacity: capacities[room] })).status, 201);
    }
    await this.#visitors.visit(http);
  }

  addClients(load: Load): void {
    this.#visitors.addClients(load, rooms);
    this.#shop.addClients(load);
    load.add("room observer", async ({ http }, done) => {
      for (;;) {
        for (const room of rooms) await lookAt(http, room);
        done();
      }
    });
  }

  /** Lets everybody finish, then compares. */
  async settle(http: HttpClient): Promise<{ readonly sessions: number }> {
    await this.#visitors.finish(http);
    for (const room of rooms.filter((each) => each !== heldRoom)) {
      for (;;) {
        await this.#shop.serve(http);
        const view = await lookAt(http, room);
        if (view === undefined || view.waiting + view.processing === 0) break;
      }
    }
    for (const topic of Object.keys(checkoutTopics)) {
      deepEqual(await readTopic(http, `${topic}.dlq`), [], "no event of the shop is a dead letter");
    }
    const seen = await fold(http);
    this.#compareJoins(seen);
    await this.#compareSessions(http, seen);
    await compareRooms(http, seen);
    await checkCapacities(http);
    return { sessions: seen.size };
  }

  #compareJoins(seen: ReadonlyMap<string, Seen>): void {
    const { joined, users } = this.#visitors;
    for (const [id, { room, user, session }] of joined) {
      const event = seen.get(id)?.event;
      deepEqual([event?.event_id, event?.user_id], [room, user], `the join of ${user} is lost`);
      ok(session.position <= (event?.position ?? 0), "nobody stands behind the place of joining");
    }
    for (const [id, token] of this.#visitors.tokens) {
      equal(
        this.#shop.ready.get(id)?.checkout_token,
        token,
        "a session has one checkout token, whoever tells it",
      );
    }
    for (const { event } of seen.values()) ok(users.has(event.user_id), `${event.user_id} never joined`);
    // Whoever was answered before another one asked stands before that one.
    for (const room of rooms) {
      let firstAnswer = Number.POSITIVE_INFINITY;
      for (const id of [...seen.keys()].toReversed()) {
        const join = joined.get(id);
        if (join?.room !== room) continue;
        ok(join.askedAt < firstAnswer, `${join.user} stands before somebody who was there earlier`);
        firstAnswer = Math.min(firstAnswer, join.answeredAt);
      }
    }
  }

  async #compareSessions(http: HttpClient, seen: ReadonlyMap<string, Seen>): Promise<void> {
    const { joined, left } = this.#visitors;
    const lines = new Map(rooms.map((room) => [room as string, 0]));
    for (const [id, { event, status }] of seen) {
      const position = status === "waiting" ? (lines.get(event.event_id) ?? 0) + 1 : 0;
      if (status === "waiting") lines.set(event.event_id, position);
      const token = joined.get(id)?.session.session_token;
      if (token === undefined) continue;
      const headers = { authorization: `Bearer ${token}` };
      const { body } = await http.get<Session>(`${path}/sessions/${id}`, headers);
      deepEqual([body.status, body.position], [status, position], `${event.user_id} in ${event.event_id}`);
      if (left.has(id)) equal(status, "left");
    }
  }
}

/** Looks at a room and at the promises that hold at every moment. Undefined: there is none yet. */
async function lookAt(http: HttpClient, room: keyof typeof capacities): Promise<RoomView | undefined> {
  const { status, body } = await http.get<RoomView>(`${path}/events/${room}`);
  if (status === 404 && room === "unopened") return undefined;
  equal(status, 200);
  equal(body.capacity, capacities[room]);
  ok(
    body.processing <= body.capacity,
    `${room} lets ${body.processing} in and has room for ${body.capacity}`,
  );
  const ended = body.completed + body.failed + body.expired + body.left;
  equal(body.joined, body.waiting + body.processing + ended, `everybody in ${room} is somewhere`);
  return body;
}

/** The sessions as the six public topics tell of them, in the order of joining. */
async function fold(http: HttpClient): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>();
  for (const { body } of await readTopic(http, "QUEUE_JOINED")) {
    const event = JSON.parse(body) as QueueJoined;
    ok(!seen.has(event.session_id), `${event.session_id} joined twice`);
    seen.set(event.session_id, { event, status: "waiting" });
  }
  const order = new Map([...seen.keys()].map((id, i) => [id, i]));
  const lastReady = new Map<string, number>();
  for (const { body } of await readTopic(http, "QUEUE_READY")) {
    const { session_id, event_id } = JSON.parse(body) as QueueReady;
    const entry = seen.get(session_id);
    equal(entry?.status, "waiting", `${session_id} is ready once, after it joined`);
    const place = order.get(session_id) ?? -1;
    ok(place > (lastReady.get(event_id) ?? -1), "nobody is passed over");
    lastReady.set(event_id, place);
    if (entry !== undefined) entry.status = "ready";
  }
  for (const [topic, outcome] of Object.entries(checkoutTopics)) {
    for (const { body } of await readTopic(http, topic)) {
      const { session_id } = JSON.parse(body) as QueueReady;
      const entry = seen.get(session_id);
      if (entry === undefined) continue;
      ok(["ready", outcome].includes(entry.status), `${session_id} is ${entry.status} and ${outcome}`);
      entry.status = outcome;
    }
  }
  for (const { body } of await readTopic(http, "QUEUE_LEFT")) {
    const { session_id, reason } = JSON.parse(body) as QueueLeft;
    const entry = seen.get(session_id);
    ok(
      entry && ["waiting", "ready"].includes(entry.status),
      `${session_id} left once, and before any other end`,
    );
    equal(reason, "user_left");
    entry.status = "left";
  }
  return seen;
}

async function compareRooms(http: HttpClient, seen: ReadonlyMap<string, Seen>): Promise<void> {
  for (const room of rooms) {
    const statuses = [...seen.values()]
      .filter(({ event }) => event.event_id === room)
      .map(({ status }) => status);
    const count = (status: string): number => statuses.filter((each) => each === status).length;
    const view = await lookAt(http, room);
    deepEqual(
      [
        view?.joined,
        view?.waiting,
        view?.processing,
        view?.completed,
        view?.failed,
        view?.expired,
        view?.left,
      ],
      [statuses.length, ...["waiting", "ready", "completed", "failed", "expired", "left"].map(count)],
      `the room ${room} is what its topics tell`,
    );
  }
}

interface LineRecord {
  readonly kind: string;
  readonly event_id: string;
  readonly session_id: string;
}

/** Reads the log of the rooms: at no moment held more sessions a slot than there were, and each slot came back once. */
async function checkCapacities(http: HttpClient): Promise<void> {
  const holding = new Map(rooms.map((room) => [room as string, new Set<string>()]));
  for (const { body } of await readTopic(http, "waitroom.records")) {
    const { kind, event_id, session_id } = JSON.parse(body) as LineRecord;
    const slots = holding.get(event_id);
    ok(slots, event_id);
    if (kind === "admitted") slots.add(session_id);
    else if (kind === "checkout-ended")
      ok(slots.delete(session_id), `${session_id} gave its slot back twice`);
    else if (kind === "left") slots.delete(session_id);
    ok(
      slots.size <= (capacities[event_id as keyof typeof capacities] ?? 0),
      `${event_id} was over its capacity`,
    );
  }
}
