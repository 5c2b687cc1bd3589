/**
 * Rooms in this process: the rules in a sourced state over the topic `waitroom.records`. A join, a leave or a change of capacity writes its
 * records and public events as one transaction; a CHECKOUT event its record, its offset and the next QUEUE_READY.
 */
import { type Answered, type Bus, partitionOf, SourcedState } from "@sluice/bus";
import { assert, type Clock, type Log, type Random, type Readiness, uuidv7 } from "@sluice/runtime";
import type { CheckoutTokens } from "../admission/checkout-token.ts";
import {
  apply,
  decide,
  emptyRooms,
  findRoom,
  findSession,
  type LineCommand,
  type LineRecord,
  type LineReply,
  type LineSettings,
  nextDeadlineMs,
  type Refused,
  type Rooms,
} from "../line/index.ts";
import { newSessionId, partitionOfSession } from "../visitors/session-id.ts";
import { checkoutInputs } from "./inputs.ts";
import { project } from "./projections.ts";
import { lineRecords } from "./records.ts";
import type { WaitroomStore } from "./store.ts";

type LineState = SourcedState<Rooms, LineCommand, LineRecord, LineReply>;

export interface EmbeddedStoreOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: LineSettings;
  readonly tokens: CheckoutTokens;
}

/** The consumer group that owns the rooms. */
const group = "waitroom";

export class EmbeddedStore implements WaitroomStore {
  readonly #state: LineState;
  readonly #options: EmbeddedStoreOptions;

  private constructor(state: LineState, options: EmbeddedStoreOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** Reads the log back and takes over the rooms. Rejects with `topic-differs` when a topic is cut up in another way. */
  static async open(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
    const { bus, clock, log, settings, tokens } = options;
    const state = await SourcedState.open<Rooms, LineCommand, LineRecord, LineReply>({
      bus,
      records: lineRecords,
      group,
      rules: {
        initial: emptyRooms,
        decide: (rooms, command, now) => decide(settings, rooms, command, now),
        apply,
        nextDeadlineMs,
        deadline: () => ({ kind: "deadline" }),
      },
      project: (record, publish) => project(tokens, record, publish),
      inputs: checkoutInputs,
      onInputAnswered: (command, reply) => warnOfRefusal(log, command, reply),
      clock,
      log,
    });
    return new EmbeddedStore(state, options);
  }

  async join(eventId: string, userId: string) {
    const { random, clock } = this.#options;
    const { wallMs } = clock.now();
    const sessionId = newSessionId(random, wallMs, partitionOf(eventId, this.#state.partitionCount));
    const tokenId = uuidv7(random, wallMs);
    return sessionOf(
      await this.#state.submit(eventId, { kind: "join", eventId, userId, sessionId, tokenId }),
    );
  }

  async leave(eventId: string, sessionId: string) {
    return sessionOf(await this.#state.submit(eventId, { kind: "leave", eventId, sessionId }));
  }

  async setCapacity(eventId: string, capacity: number) {
    return roomOf(await this.#state.submit(eventId, { kind: "set-capacity", eventId, capacity }));
  }

  async close(eventId: string) {
    return roomOf(await this.#state.submit(eventId, { kind: "close", eventId }));
  }

  async findSession(sessionId: string) {
    const partition = partitionOfSession(sessionId);
    if (partition === undefined || partition >= this.#state.partitionCount) return unknownSession(sessionId);
    const { wallMs } = this.#options.clock.now();
    const session = await this.#state.readPartition(partition, (rooms) =>
      findSession(rooms, sessionId, wallMs),
    );
    if (session === undefined) return unknownSession(sessionId);
    return { ok: true, session, durability: this.#options.bus.durability } as const;
  }

  async findRoom(eventId: string) {
    const room = await this.#state.read(eventId, (rooms) => findRoom(rooms, eventId));
    if (room === undefined) {
      return { ok: false, refusal: "unknown-room", detail: `no room of ${eventId}` } as const;
    }
    return { ok: true, room, durability: this.#options.bus.durability } as const;
  }

  readiness(): Readiness {
    return this.#state.readiness();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#state[Symbol.asyncDispose]();
  }
}

function sessionOf({ reply, durability }: Answered<LineReply>) {
  if (!reply.ok) return reply;
  assert(reply.kind === "session", "a visitor's command is answered with a session");
  return { ...reply, durability };
}

function roomOf({ reply, durability }: Answered<LineReply>) {
  if (!reply.ok) return reply;
  assert(reply.kind === "room", "an operator's command is answered with a room");
  return { ...reply, durability };
}

function unknownSession(sessionId: string): Refused {
  return { ok: false, refusal: "unknown-session", detail: `no session ${sessionId}` };
}

/** The shop is told by no reply, so the log says what was skipped. */
function warnOfRefusal(log: Log, command: LineCommand, reply: LineReply): void {
  if (reply.ok || command.kind !== "end-checkout") return;
  const { eventId: event_id, sessionId: session_id, orderId: order_id, outcome } = command;
  log.warn(
    { event_id, session_id, order_id, outcome, refusal: reply.refusal },
    `a checkout event is skipped: ${reply.detail}`,
  );
}
