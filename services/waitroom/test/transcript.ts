/**
 * Runs the rules from a transcript: `command -> reply | records`, in virtual time. Names stand for user and session alike;
 * a user's second session is `ann'`. After each line the deadlines that are due are decided, as the shell would; in a transcript that
 * has the verb `deadline` only where it stands, so that other commands can come in between.
 */
import { equal } from "node:assert/strict";
import {
  apply,
  type CheckoutOutcome,
  decide,
  emptyRooms,
  type LineCommand,
  type LineRecord,
  type LineReply,
  type LineSettings,
  lineDefaults,
  nextDeadlineMs,
  type Rooms,
} from "../src/line/index.ts";

const startMs = Date.UTC(2026, 0, 1, 12);
const eventId = "concert";

class Script {
  readonly rooms: Rooms = emptyRooms();
  readonly #settings: LineSettings;
  #wallMs = startMs;
  readonly #joins = new Map<string, number>();
  readonly #byHand: boolean;

  constructor(settings: Partial<LineSettings>, byHand: boolean) {
    this.#byHand = byHand;
    this.#settings = { ...lineDefaults, keyId: "k1", ...settings };
  }

  run(line: string): string {
    const [verb = "", ...rest] = line.split(/\s+/);
    if (verb === "advance") {
      this.#wallMs += seconds(rest[0]) * 1000;
      return [...this.#deadlines()].join(", ") || "nothing";
    }
    const { reply, said } = this.#submit(this.#command(verb, rest));
    const records = [...said, ...this.#deadlines()].join(", ") || "nothing";
    return `${spoken(reply)} | ${records}`;
  }

  #command(verb: string, [first = "", second = ""]: string[]): LineCommand {
    switch (verb) {
      case "capacity":
        return { kind: "set-capacity", eventId, capacity: Number(first) };
      case "close":
        return { kind: "close", eventId };
      case "join": {
        const times = this.#joins.get(first) ?? 0;
        this.#joins.set(first, times + 1);
        const sessionId = first + "'".repeat(times);
        return { kind: "join", eventId, userId: first, sessionId, tokenId: `token-of-${sessionId}` };
      }
      case "leave":
        return { kind: "leave", eventId, sessionId: first };
      case "deadline":
        return { kind: "deadline" };
      case "checkout":
        return {
          kind: "end-checkout",
          eventId,
          sessionId: first,
          orderId: "o1",
          outcome: second as CheckoutOutcome,
        };
      default:
        throw new Error(`the transcript has no verb ${verb}`);
    }
  }

  #submit(command: LineCommand): { reply: LineReply; said: string[] } {
    const { records, reply } = decide(this.#settings, this.rooms, command, {
      wallMs: this.#wallMs,
      monotonicMs: 0,
    });
    for (const record of records) apply(this.rooms, record);
    return { reply, said: records.map(told) };
  }

  *#deadlines(): Generator<string> {
    if (this.#byHand) return;
    for (let dueMs = nextDeadlineMs(this.rooms); dueMs !== undefined && dueMs <= this.#wallMs; ) {
      yield `[${this.#submit({ kind: "deadline" }).said.join(", ")}]`;
      dueMs = nextDeadlineMs(this.rooms);
    }
  }
}

/** Checks every line of `text`; blank lines and those that begin with `#` are for the reader. */
export function transcript(text: string, settings: Partial<LineSettings> = {}): void {
  const script = new Script(settings, /^\s*deadline\b/m.test(text));
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [command = "", expected = ""] = line.split("->").map((each) => each.trim());
    equal(script.run(command), expected.replaceAll(/\s+/g, " "), command);
  }
}

function seconds(text = ""): number {
  const factor = { s: 1, m: 60, h: 3600 }[text.at(-1) ?? ""];
  if (factor === undefined) throw new Error(`the transcript has no duration ${text}`);
  return Number.parseFloat(text) * factor;
}

function spoken(reply: LineReply): string {
  if (!reply.ok) return reply.refusal;
  if (reply.kind === "settled") return "ok";
  if (reply.kind === "session") {
    const { sessionId, status, position, estimatedWaitSeconds } = reply.session;
    const wait =
      estimatedWaitSeconds === undefined || status !== "waiting" ? "" : ` about ${estimatedWaitSeconds}s`;
    return `${sessionId} ${status} ${position}${wait}`;
  }
  const { status, capacity, waiting, processing } = reply.room;
  return `${status} ${processing}/${capacity} and ${waiting} waiting`;
}

function told(record: LineRecord): string {
  switch (record.kind) {
    case "room-set":
      return `capacity ${record.capacity}`;
    case "room-closed":
      return "closed";
    case "joined":
      return `joined ${record.session_id} #${record.sequence} at ${record.position}`;
    case "admitted":
      return `admitted ${record.session_id}`;
    case "left":
      return `left ${record.session_id} ${record.reason}`;
    case "checkout-ended":
      return `${record.outcome} ${record.session_id}`;
    default:
      return record satisfies never;
  }
}
