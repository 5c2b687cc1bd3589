/** The rooms of the proof, and what the topics of the waiting room tell of them, folded by somebody who knows only the topics. */
import { equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { LogLine } from "../../src/sluice-process.ts";
import { readTopic } from "./records.ts";
import { heldRoom } from "./visitors.ts";
import { checkoutTopics, type QueueJoined, type QueueLeft, type QueueReady } from "./waitroom-events.ts";

/** How many each room lets in; the last is what a room gets that nobody has opened. */
export const capacities = { small: 3, middle: 10, [heldRoom]: 0, unopened: 100 };
export type Room = keyof typeof capacities;
export const rooms = Object.keys(capacities) as Room[];

/** A session, and what became of it. */
export interface Seen {
  readonly event: QueueJoined;
  status: string;
}

interface OfRoom {
  readonly event_id: Room;
  readonly session_id: string;
}

/** The events of our rooms, in the order of their partitions. Others may use the same topics, also for what is no event. */
async function eventsOf<Event>(http: HttpClient, topic: string): Promise<(Event & OfRoom)[]> {
  const records = await readTopic(http, topic);
  return records
    .filter(({ key }) => rooms.some((room) => room === key))
    .flatMap(({ body }) => {
      try {
        return [JSON.parse(body) as Event & OfRoom];
      } catch {
        return [];
      }
    });
}

/** The sessions as the six public topics tell of them, in the order of joining. */
export async function foldTopics(http: HttpClient): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>();
  for (const event of await eventsOf<QueueJoined>(http, "QUEUE_JOINED")) {
    ok(!seen.has(event.session_id), `${event.session_id} joined twice`);
    seen.set(event.session_id, { event, status: "waiting" });
  }
  const order = new Map([...seen.keys()].map((id, i) => [id, i]));
  const lastReady = new Map<string, number>();
  for (const { session_id, event_id } of await eventsOf<QueueReady>(http, "QUEUE_READY")) {
    const entry = seen.get(session_id);
    ok(entry, `${session_id} is ready and never joined`);
    equal(entry.status, "waiting", `${session_id} is ready once`);
    const place = order.get(session_id) ?? -1;
    ok(place > (lastReady.get(event_id) ?? -1), "nobody is passed over");
    lastReady.set(event_id, place);
    entry.status = "ready";
  }
  for (const [topic, outcome] of Object.entries(checkoutTopics)) {
    for (const { session_id } of await eventsOf<object>(http, topic)) {
      const entry = seen.get(session_id);
      if (entry === undefined) continue;
      ok(["ready", outcome].includes(entry.status), `${session_id} is ${entry.status} and ${outcome}`);
      entry.status = outcome;
    }
  }
  for (const { session_id, reason } of await eventsOf<QueueLeft>(http, "QUEUE_LEFT")) {
    const entry = seen.get(session_id);
    ok(entry, `${session_id} left and never joined`);
    ok(["waiting", "ready"].includes(entry.status), `${session_id} left once, and before any other end`);
    equal(reason, "user_left");
    entry.status = "left";
  }
  return seen;
}

/** Reads the log of the rooms: at no moment held more sessions a slot than there were, and each slot came back once. */
export async function checkCapacities(http: HttpClient): Promise<void> {
  const holding = new Map(rooms.map((room) => [room, new Set<string>()]));
  for (const { kind, event_id, session_id } of await eventsOf<{ readonly kind: string }>(
    http,
    "waitroom.records",
  )) {
    const slots = holding.get(event_id) ?? new Set();
    if (kind === "admitted") slots.add(session_id);
    else if (kind === "checkout-ended")
      ok(slots.delete(session_id), `${session_id} gave its slot back twice`);
    else if (kind === "left") slots.delete(session_id);
    ok(slots.size <= capacities[event_id], `${event_id} was over its capacity`);
  }
}

/**
 * An event of the shop is taken once, also over kills: its offset is committed with what it did. The log says of each event that changed
 * nothing that it is skipped, so more such lines than superfluous events would be events that were taken again.
 */
export async function checkInputsTakenOnce(http: HttpClient, log: readonly LogLine[]): Promise<void> {
  const topics = await Promise.all(Object.keys(checkoutTopics).map((topic) => eventsOf<object>(http, topic)));
  const records = await eventsOf<{ readonly kind: string }>(http, "waitroom.records");
  const effective = records.filter(({ kind }) => kind === "checkout-ended").length;
  const superfluous = topics.flat().length - effective;
  const skipped = log.filter(
    ({ msg = "", event_id }) =>
      msg.startsWith("a checkout event is skipped") && rooms.some((room) => room === event_id),
  );
  ok(skipped.length <= superfluous, `${skipped.length} events were skipped, of ${superfluous}`);
}
