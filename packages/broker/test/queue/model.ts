/** A queue as simple as it can be said: a list of messages, looked through from the start each time. Slow, and obviously right. */
import type { MessageOptions, Now, QueueSettings, Receipt } from "../../src/queue/index.ts";
import { movesBetween, type ModelRedrive, redriveStep } from "./model-redrive.ts";

export interface ModelMessage {
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly enqueuedAtMs: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  /** Name of where it was first sent, `queue/sequence`. */
  readonly origin: string;
  readonly moved: ModelMove | undefined;
  phase: "ready" | "delayed" | "in-flight" | "behind" | "parked";
  /** Where it stands among the ready messages: by the first number, then by the second. */
  place: readonly [number, number];
  /** When its delay or its lease ends; of one behind, when its delay does, if it has one. */
  dueMs: number;
  /** Since when it could be received, by the wall clock. */
  availableAtMs: number;
  expiresAtMs: number;
  receiveCount: number;
  lease: number;
  lastError: string;
  parked: { readonly reason: "max-receives" | "expired"; readonly atWallMs: number } | undefined;
}

export interface ModelMove {
  readonly from: number;
  readonly reason: "max-receives" | "expired" | "redrive";
  readonly receiveCount: number;
  readonly lastError: string;
}

export type ModelSend = Partial<MessageOptions> & { readonly body: Uint8Array };

const never = Number.POSITIVE_INFINITY;

export class ModelQueue {
  readonly number: number;
  settings: QueueSettings;
  nextSequence = 1;
  nextLease = 1;
  paused = false;
  messages: ModelMessage[] = [];
  /** The messages of each group in their order; all wait for the first. */
  readonly groups = new Map<string, ModelMessage[]>();
  /** In the order in which they were parked. */
  parked: ModelMessage[] = [];
  ids = new Map<string, { readonly sequence: number; readonly atMs: number }>();
  redrives: ModelRedrive[] = [];
  /** What may still be handed out now, as a bucket that fills again. */
  starts = never;
  startsAtMs = 0;
  #turn = 0;
  readonly #others: (number: number) => ModelQueue | undefined;

  constructor(number: number, settings: QueueSettings, others: (number: number) => ModelQueue | undefined) {
    this.number = number;
    this.settings = settings;
    this.#others = others;
  }

  other(number: number): ModelQueue | undefined {
    return number === this.number ? this : this.#others(number);
  }

  /** The sequence of each message, its own or that of the one that it repeats. */
  send(sends: readonly ModelSend[], now: Now): readonly number[] | "queue-full" {
    const { settings } = this;
    const own = new Map<string, number>();
    const taken: ModelSend[] = [];
    const sequences = sends.map((send) => {
      const { deduplicationId: id } = send;
      const found = id === undefined ? undefined : (own.get(id) ?? this.#remembered(id, now));
      if (found !== undefined) return found;
      const sequence = this.nextSequence + taken.length;
      taken.push(send);
      if (id !== undefined) own.set(id, sequence);
      return sequence;
    });
    if (taken.length === 0) return sequences;
    const doomed = this.#roomFor(taken);
    if (doomed === undefined) return "queue-full";
    for (const message of doomed) this.drop(message);
    for (const { body, delayMs, timeToLiveMs, priority = 0, groupId, deduplicationId } of taken) {
      const startMs = delayMs ?? settings.delayMs;
      const message = this.#new(body, now, { priority, groupId, moved: undefined, origin: undefined });
      message.availableAtMs += startMs;
      message.expiresAtMs = now.monotonicMs + startMs + (timeToLiveMs ?? settings.timeToLiveMs);
      if (deduplicationId !== undefined) {
        this.ids.delete(deduplicationId);
        this.ids.set(deduplicationId, { sequence: message.sequence, atMs: now.monotonicMs });
      }
      this.#enter(message, startMs > 0 ? now.monotonicMs + startMs : undefined);
    }
    return sequences;
  }

  receive(max: number, bytesMax: number, timeoutMs: number, now: Now): readonly Receipt[] {
    const inFlight = this.messages.filter(({ phase }) => phase === "in-flight").length;
    const most = Math.min(max, this.settings.inFlightMax - inFlight, this.#startsAllowed(now));
    if (this.paused || most < 1) return [];
    const [expired, spent, given]: ModelMessage[][] = [[], [], []];
    let bytes = 0;
    for (const message of this.line(now)) {
      if (given.length === most) break;
      if (message.expiresAtMs <= now.monotonicMs) expired.push(message);
      else if (this.#isSpent(message)) spent.push(message);
      else {
        bytes += message.body.length;
        if (bytes > bytesMax && given.length > 0) break;
        given.push(message);
      }
    }
    this.#go(expired, spent, now);
    this.starts -= given.length;
    return given.map((message) => {
      message.phase = "in-flight";
      message.dueMs = now.monotonicMs + timeoutMs;
      message.receiveCount++;
      message.lease = this.nextLease++;
      return { sequence: message.sequence, lease: message.lease };
    });
  }

  /** The ready messages in the order in which they are received. */
  line({ wallMs }: Now): readonly ModelMessage[] {
    const lanes = Array.from({ length: 10 }, (_, priority) => this.#lane(9 - priority));
    const line: ModelMessage[] = [];
    for (;;) {
      const heads = lanes.flatMap(([head]) => head ?? []);
      const aged = heads.filter((head) => head.availableAtMs <= wallMs - this.settings.priorityAgingMs);
      aged.sort((a, b) => a.availableAtMs - b.availableAtMs);
      const next = aged[0] ?? heads[0];
      if (next === undefined) return line;
      line.push(next);
      lanes[9 - next.priority]?.shift();
    }
  }

  ack(receipt: Receipt, now: Now): string | undefined {
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    this.drop(message);
    return undefined;
  }

  nack(
    receipt: Receipt,
    { delayMs, counts, error }: { delayMs: number | undefined; counts: boolean; error: string },
    now: Now,
  ): string | undefined {
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    if (counts && error !== "") message.lastError = error;
    if (counts && this.#isSpent(message)) this.#bury([message], "max-receives", now);
    else {
      const policyMs = counts ? this.#retryMs(message) : 0;
      if (!counts) message.receiveCount--;
      this.#giveBack(message, delayMs ?? policyMs, now);
    }
    return undefined;
  }

  extend(receipt: Receipt, timeoutMs: number, now: Now): string | undefined {
    if (timeoutMs === 0) return this.nack(receipt, { delayMs: 0, counts: true, error: "" }, now);
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    message.dueMs = now.monotonicMs + timeoutMs;
    return undefined;
  }

  cancel(sequence: number): string | undefined {
    const message = this.find(sequence);
    if (message === undefined) return "unknown-message";
    if (message.phase === "in-flight") return "message-in-flight";
    this.drop(message);
    return undefined;
  }

  reschedule(sequence: number, delayMs: number, now: Now): string | undefined {
    const message = this.find(sequence);
    if (message?.phase === "in-flight") return "message-in-flight";
    if (message === undefined || message.phase === "parked") return "unknown-message";
    message.availableAtMs = now.wallMs + delayMs;
    const wasReady = message.phase === "ready";
    message.dueMs = delayMs > 0 ? now.monotonicMs + delayMs : 0;
    if (message.phase === "behind") return undefined;
    if (delayMs > 0) message.phase = "delayed";
    else if (!wasReady) this.becomeReady(message);
    return undefined;
  }

  purge(): void {
    this.messages = [];
    this.parked = [];
    this.groups.clear();
  }

  find(sequence: number): ModelMessage | undefined {
    return this.messages.find((message) => message.sequence === sequence);
  }

  /** When time alone brings something about next. */
  get nextDueMs(): number {
    const due = this.messages.flatMap(({ phase, dueMs, expiresAtMs }) => [
      phase === "delayed" || phase === "in-flight" ? dueMs : never,
      phase === "in-flight" || phase === "parked" ? never : expiresAtMs,
    ]);
    return Math.min(never, ...due, this.running?.dueMs ?? never, this.#forgetMs);
  }

  get running(): ModelRedrive | undefined {
    return this.redrives.find(({ status }) => status === "running");
  }

  /** Does what is due: what is expired or spent goes, delays and leases end, ids are forgotten. Only when there was none of that, a redrive goes on. */
  fallDue(now: Now) {
    const isDue = ({ dueMs }: ModelMessage) => dueMs <= now.monotonicMs;
    const byDue = (a: ModelMessage, b: ModelMessage) => a.dueMs - b.dueMs || a.sequence - b.sequence;
    const waiting = this.messages.filter(({ phase }) => phase !== "in-flight" && phase !== "parked");
    const expired = waiting.filter(({ expiresAtMs }) => expiresAtMs <= now.monotonicMs);
    expired.sort((a, b) => a.expiresAtMs - b.expiresAtMs || a.sequence - b.sequence);
    const due = this.messages.filter(isDue).sort(byDue);
    const readied = due.filter((message) => message.phase === "delayed" && !expired.includes(message));
    const over = due.filter(({ phase }) => phase === "in-flight");
    const spent = over.filter((message) => this.#isSpent(message));
    const returned = over.filter((message) => !spent.includes(message));
    this.#go(expired, spent, now);
    for (const message of readied) this.becomeReady(message);
    for (const message of returned) this.#giveBack(message, this.#retryMs(message), now);
    const forgets = this.#forgetMs <= now.monotonicMs;
    if (forgets) this.forget(now);
    const deadLettered = expired.length > 0 ? 0 : spent.length;
    const did = readied.length + returned.length + deadLettered + expired.length;
    if (did === 0 && !forgets) redriveStep(this, now);
    return { readied: readied.length, returned: returned.length, deadLettered, expired: expired.length };
  }

  forget({ monotonicMs }: Now): void {
    const sinceMs = monotonicMs - this.settings.deduplicationWindowMs;
    this.ids = new Map([...this.ids].filter(([, { atMs }]) => atMs > sinceMs));
  }

  /** Puts messages that `from` gives away at the end of this queue. */
  take(from: ModelQueue, messages: readonly ModelMessage[], reason: ModelMove["reason"], now: Now): void {
    for (const message of messages) {
      const { receiveCount, lastError, priority, groupId, origin, body } = message;
      from.drop(message);
      const moved = { from: from.number, reason, receiveCount, lastError };
      const entered = this.#new(body, now, { priority, groupId, moved, origin });
      entered.expiresAtMs = now.monotonicMs + this.settings.timeToLiveMs;
      this.#enter(entered, undefined);
    }
  }

  /** Parked no longer, as if it had never been received. */
  unpark(message: ModelMessage): void {
    this.parked = this.parked.filter((one) => one !== message);
    message.parked = undefined;
    message.receiveCount = 0;
    const group = message.groupId === undefined ? [message] : this.#group(message.groupId);
    if (!group.includes(message)) group.push(message);
    if (group[0] === message) this.becomeReady(message);
    else {
      message.phase = "behind";
      message.dueMs = 0;
    }
  }

  /** It was away; one that somebody had takes its old place, unless it is of a group. */
  becomeReady(message: ModelMessage): void {
    message.phase = "ready";
    const wasReceived = message.receiveCount > 0 || message.lease > 0;
    message.place =
      wasReceived && message.groupId === undefined
        ? [message.sequence, 0]
        : [this.nextSequence - 1, ++this.#turn];
  }

  drop(message: ModelMessage): void {
    this.messages = this.messages.filter((one) => one !== message);
    this.parked = this.parked.filter((one) => one !== message);
    this.#leaveGroup(message);
  }
}
