/** What Prometheus sees of the waiting room. No label holds an `event_id` or a user: their number has no bound. */
import { Counter, type Registry } from "@sluice/runtime";
import type { WaitroomStore } from "./store/store.ts";

/** The same store, with its requests counted in `registry`. */
export function measured(store: WaitroomStore, registry: Registry): WaitroomStore {
  const requests = new Counter({
    name: "sluice_waitroom_requests_total",
    help: "Requests to the rules of the waiting room, by operation and by what came of them",
    labelNames: ["operation", "outcome"],
    registers: [registry],
  });
  const count = async <Reply extends { readonly ok: boolean }>(operation: string, reply: Promise<Reply>) => {
    try {
      const answer = await reply;
      requests.inc({ operation, outcome: outcomeOf(answer) });
      return answer;
    } catch (error) {
      requests.inc({ operation, outcome: "failed" });
      throw error;
    }
  };
  return {
    join: (eventId, userId) => count("join", store.join(eventId, userId)),
    leave: (eventId, sessionId) => count("leave", store.leave(eventId, sessionId)),
    setCapacity: (eventId, capacity) => count("set-capacity", store.setCapacity(eventId, capacity)),
    close: (eventId) => count("close", store.close(eventId)),
    findSession: (sessionId) => count("find-session", store.findSession(sessionId)),
    findRoom: (eventId) => count("find-room", store.findRoom(eventId)),
    readiness: () => store.readiness(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function outcomeOf(answer: object): string {
  if ("refusal" in answer && typeof answer.refusal === "string") return answer.refusal;
  return "created" in answer && answer.created === true ? "created" : "ok";
}
