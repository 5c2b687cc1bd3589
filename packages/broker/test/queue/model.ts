/** A queue as simple as it can be said: a list of messages, looked through from the start each time. Slow, and obviously right. */
import type { Now, QueueSettings, Receipt } from "../../src/queue/index.ts";
import type { ModelMessage, ModelMove, ModelSend } from "./model-message.ts";
import { lineOf, roomFor } from "./model-order.ts";
import { type ModelRedrive, redriveStep } from "./model-redrive.ts";

const never = Number.POSITIVE_INFINITY;

const wasReceived = ({ receiveCount, lease }: ModelMessage): boolean => receiveCount > 0 || lease > 0;

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
    const doomed = roomFor(this, taken);
    if (doomed === undefined) return "queue-full";
    for (const message of doomed) this.drop(message);
    for (const { body, delayMs, timeToLiveMs, priority = 0, groupId, deduplicationId } of taken) {
      const startMs = delayMs ?? settings.delayMs;
      const message = this.#new(body, now, { priority, groupId, moved: undefined, origin: undefined });
      message.availableAtMs += startMs;
      message.timeToLiveMs = timeToLiveMs ?? settings.timeToLiveMs;
      message.expiresAtMs = now.monotonicMs + startMs + message.timeToLiveMs;
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
    const expired: ModelMessage[] = [];
    const spent: ModelMessage[] = [];
    const given: ModelMessage[] = [];
    let bytes = 0;
    for (const message of lineOf(this, now)) {
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
    if (message.expiresAtMs <= now.monotonicMs) return "unknown-message";
    if (!wasReceived(message)) {
      message.availableAtMs = now.wallMs + delayMs;
      message.expiresAtMs = now.monotonicMs + delayMs + message.timeToLiveMs;
    }
    const wasReady = message.phase === "ready";
    message.dueMs = delayMs > 0 ? now.monotonicMs + delayMs : 0;
    if (message.phase === "behind") return undefined;
    if (delayMs > 0) message.phase = "delayed";
    else if (!wasReady) this.becomeReady(message);
    return undefined;
  }

  purge(): number {
    const purged = this.messages.length;
    this.messages = [];
    this.parked = [];
    this.groups.clear();
    return purged;
  }

  /** The ids that would be found, the oldest first. */
  remembered({ monotonicMs }: Now) {
    const sinceMs = monotonicMs - this.settings.deduplicationWindowMs;
    return [...this.ids]
      .filter(([, { atMs }]) => atMs > sinceMs)
      .map(([id, { sequence, atMs }]) => ({ id, sequence, ageMs: monotonicMs - atMs }));
  }

  /** The clock runs on from another number. What was overdue is due now: how long it had been is not carried over. */
  restart(before: Now, shiftMs: number, fromCheckpoint: boolean): void {
    if (fromCheckpoint) {
      this.forget(before);
      this.starts = never;
      if (this.running !== undefined) this.running.dueMs = before.monotonicMs;
    }
    const shifted = (ms: number): number => Math.max(ms, before.monotonicMs) + shiftMs;
    for (const message of this.messages) {
      if (message.dueMs > 0 || message.phase === "in-flight") message.dueMs = shifted(message.dueMs);
      message.expiresAtMs = shifted(message.expiresAtMs);
    }
    this.ids = new Map([...this.ids].map(([id, one]) => [id, { ...one, atMs: one.atMs + shiftMs }]));
    this.startsAtMs += shiftMs;
    if (this.running !== undefined) this.running.dueMs = shifted(this.running.dueMs);
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
      entered.timeToLiveMs = this.settings.timeToLiveMs;
      entered.expiresAtMs = now.monotonicMs + entered.timeToLiveMs;
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
    message.place =
      wasReceived(message) && message.groupId === undefined
        ? [message.sequence, 0]
        : [this.nextSequence - 1, ++this.#turn];
  }

  drop(message: ModelMessage): void {
    this.messages = this.messages.filter((one) => one !== message);
    this.parked = this.parked.filter((one) => one !== message);
    this.#leaveGroup(message);
  }

  /** Moves or drops those that are expired; those that were received too often only when there are none of them. */
  #go(expired: readonly ModelMessage[], spent: readonly ModelMessage[], now: Now): void {
    if (expired.length === 0) this.#bury(spent, "max-receives", now);
    else if (this.settings.onExpiry === "dead-letter") this.#bury(expired, "expired", now);
    else for (const message of expired) this.drop(message);
  }

  get #deadLetterQueue(): ModelQueue | undefined {
    const { deadLetter } = this.settings;
    return deadLetter && this.#others(deadLetter.queue);
  }

  #isSpent({ receiveCount }: ModelMessage): boolean {
    const { deadLetter, parkAfterReceives } = this.settings;
    const most = this.#deadLetterQueue === undefined ? parkAfterReceives : deadLetter?.receiveCountMax;
    return receiveCount >= (most ?? never);
  }

  #bury(messages: readonly ModelMessage[], reason: "max-receives" | "expired", now: Now): void {
    const target = this.#deadLetterQueue;
    if (target !== undefined) target.take(this, messages, reason, now);
    else for (const message of messages) this.#park(message, reason, now);
  }

  /** The first of its group keeps its place, so that the others wait; one behind is waited for by nobody. */
  #park(message: ModelMessage, reason: "max-receives" | "expired", now: Now): void {
    if (message.phase === "behind") this.#leaveGroup(message);
    message.phase = "parked";
    message.parked = { reason, atWallMs: now.wallMs };
    message.timeToLiveMs = never;
    message.expiresAtMs = never;
    this.parked.push(message);
  }

  #giveBack(message: ModelMessage, delayMs: number, now: Now): void {
    if (delayMs === 0) {
      this.becomeReady(message);
      return;
    }
    message.phase = "delayed";
    message.dueMs = now.monotonicMs + delayMs;
  }

  /** Without jitter. */
  #retryMs({ receiveCount }: ModelMessage): number {
    const { minDelayMs, maxDelayMs, factor } = this.settings.retry;
    return Math.min(maxDelayMs, minDelayMs * factor ** (receiveCount - 1));
  }

  #held({ sequence, lease }: Receipt, now: Now): ModelMessage | "unknown-message" | "stale-receipt" {
    if (sequence >= this.nextSequence || lease >= this.nextLease) return "unknown-message";
    const message = this.find(sequence);
    const holds =
      message?.phase === "in-flight" && message.lease === lease && message.dueMs > now.monotonicMs;
    return holds ? message : "stale-receipt";
  }

  #group(id: string): ModelMessage[] {
    const group = this.groups.get(id) ?? [];
    this.groups.set(id, group);
    return group;
  }

  #leaveGroup(message: ModelMessage): void {
    const group = this.#group(message.groupId ?? "");
    const at = group.indexOf(message);
    if (at >= 0) group.splice(at, 1);
    const [next] = group;
    if (next === undefined) this.groups.delete(message.groupId ?? "");
    else if (at === 0 && next.dueMs > 0) next.phase = "delayed";
    else if (at === 0) this.becomeReady(next);
  }

  #enter(message: ModelMessage, dueMs: number | undefined): void {
    this.messages.push(message);
    message.dueMs = dueMs ?? 0;
    if (dueMs !== undefined) message.phase = "delayed";
    if (message.groupId === undefined) return;
    const group = this.#group(message.groupId);
    group.push(message);
    if (group.length > 1) message.phase = "behind";
  }

  #new(
    body: Uint8Array,
    now: Now,
    given: Pick<ModelMessage, "priority" | "groupId" | "moved"> & { readonly origin: string | undefined },
  ): ModelMessage {
    const sequence = this.nextSequence++;
    return {
      ...given,
      sequence,
      body,
      origin: given.origin ?? `${this.number}/${sequence}`,
      enqueuedAtMs: now.wallMs,
      phase: "ready",
      place: [sequence, 0],
      dueMs: 0,
      availableAtMs: now.wallMs,
      timeToLiveMs: never,
      expiresAtMs: never,
      receiveCount: 0,
      lease: 0,
      lastError: "",
      parked: undefined,
    };
  }

  #remembered(id: string, { monotonicMs }: Now): number | undefined {
    const found = this.ids.get(id);
    const isInWindow = found !== undefined && found.atMs > monotonicMs - this.settings.deduplicationWindowMs;
    return isInWindow ? found.sequence : undefined;
  }

  get #forgetMs(): number {
    const [oldest] = this.ids.values();
    return oldest === undefined ? never : oldest.atMs + this.settings.deduplicationWindowMs * 1.1;
  }

  #startsAllowed({ monotonicMs }: Now): number {
    const { startsPerSecondMax } = this.settings;
    if (startsPerSecondMax === never) return never;
    const most = Math.max(1, startsPerSecondMax / 10);
    const filled = ((monotonicMs - this.startsAtMs) / 1000) * startsPerSecondMax;
    this.starts = Math.min(most, this.starts + filled);
    this.startsAtMs = monotonicMs;
    return Math.floor(this.starts + 1e-6);
  }
}
