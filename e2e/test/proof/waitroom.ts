/** The waiting room under load: its clients, and at the end the six topics folded by somebody else and compared with what it says. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Load } from "../../src/load.ts";
import type { LogLine } from "../../src/sluice-process.ts";
import { until } from "../../src/until.ts";
import { readTopic } from "./records.ts";
import {
  capacities,
  checkCapacities,
  checkInputsTakenOnce,
  foldTopics,
  type Room,
  rooms,
  type Seen,
} from "./rooms.ts";
import { Shop } from "./shop.ts";
import { heldRoom, path, type Session, Visitors } from "./visitors.ts";
import { checkoutTopics } from "./waitroom-events.ts";

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
  async settle(
    http: HttpClient,
    log: () => readonly LogLine[],
    deadLetters: Readonly<Record<string, number>>,
  ): Promise<{ readonly sessions: number }> {
    await this.#visitors.finish(http);
    for (const room of rooms.filter((each) => each !== heldRoom)) {
      await until(`${room} is empty`, async () => {
        await this.#shop.serve(http);
        const view = await lookAt(http, room);
        return view === undefined || view.waiting + view.processing === 0;
      });
    }
    for (const topic of Object.keys(checkoutTopics)) {
      equal(
        (await readTopic(http, `${topic}.dlq`)).length,
        deadLetters[topic] ?? 0,
        `dead letters of ${topic}`,
      );
    }
    const seen = await foldTopics(http);
    this.#compareJoins(seen);
    await this.#compareSessions(http, seen);
    await compareRooms(http, seen);
    await checkCapacities(http);
    await checkInputsTakenOnce(http, log());
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
async function lookAt(http: HttpClient, room: Room): Promise<RoomView | undefined> {
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
