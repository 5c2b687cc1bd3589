/** A queue as simple as it can be said: a list of messages, looked through from the start each time. Slow, and obviously right. */
import type { Now, QueueSettings, Receipt } from "../../src/queue/index.ts";
import {
  dueMsOf,
  type ModelMessage,
  type ModelMove,
  type ModelPlan,
  type ModelSend,
  newMessage,
  retryMs,
  shiftTimes,
  wasReceived,
} from "./model-message.ts";
import { lineOf, roomFor } from "./model-order.ts";
import { heldBy } from "./model-receipt.ts";
import { type ModelRedrive, redriveStep } from "./model-redrive.ts";
import { ModelBucket, ModelWindow } from "./model-window.ts";

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
  readonly ids = new ModelWindow();
  redrives: ModelRedrive[] = [];
  readonly starts = new ModelBucket();
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
    const plan = this.planSend(sends, now);
    if (plan !== "queue-full") this.carryOut(plan, now);
    return plan === "queue-full" ? plan : plan.sequences;
  }

  /** What a send will do, when nothing comes between. */
  planSend(sends: readonly ModelSend[], now: Now, leaving: ModelMessage[] = []): ModelPlan | "queue-full" {
    const { settings } = this;
    const own = new Map<string, number>();
    const taken: ModelSend[] = [];
    const sequences = sends.map((send) => {
      const { deduplicationId: id } = send;
      const found =
        id === undefined
          ? undefined
          : (own.get(id) ?? this.ids.find(id, settings.deduplicationWindowMs, now));
      if (found !== undefined) return found;
      const sequence = this.nextSequence + taken.length;
      taken.push(send);
      if (id !== undefined) own.set(id, sequence);
      return sequence;
    });
    const doomed = taken.length === 0 ? [] : roomFor(this, taken, leaving);
    return doomed === undefined ? "queue-full" : { sequences, taken, doomed };
  }

  carryOut({ taken, doomed }: ModelPlan, now: Now): void {
    const { settings } = this;
    for (const message of doomed) this.drop(message);
    for (const { body, delayMs, timeToLiveMs, priority = 0, groupId, deduplicationId } of taken) {
      const startMs = delayMs ?? settings.delayMs;
      const message = newMessage(this.number, this.nextSequence++, body, now, {
        priority,
        groupId,
        moved: undefined,
        origin: undefined,
      });
      message.availableAtMs += startMs;
      message.timeToLiveMs = timeToLiveMs ?? settings.timeToLiveMs;
      message.expiresAtMs = now.monotonicMs + startMs + message.timeToLiveMs;
      if (deduplicationId !== undefined) {
        this.ids.add(deduplicationId, message.sequence, now);
      }
      this.#enter(message, startMs > 0 ? now.monotonicMs + startMs : undefined);
    }
  }

  receive(max: number, bytesMax: number, timeoutMs: number, now: Now): readonly Receipt[] {
    const inFlight = this.messages.filter(({ phase }) => phase === "in-flight").length;
    const most = Math.min(
      max,
      this.settings.inFlightMax - inFlight,
      this.starts.allowed(this.settings.startsPerSecondMax, now),
    );
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
    this.starts.count -= given.length;
    return given.map((message) => {
      message.phase = "in-flight";
      message.dueMs = now.monotonicMs + timeoutMs;
      message.receiveCount++;
      message.lease = this.nextLease++;
      return { sequence: message.sequence, lease: message.lease };
    });
  }

  ack(receipt: Receipt, now: Now): string | undefined {
    const message = heldBy(this, receipt, now);
    if (typeof message === "string") return message;
    this.drop(message);
    return undefined;
  }

  nack(
    receipt: Receipt,
    { delayMs, counts, error }: { delayMs: number | undefined; counts: boolean; error: string },
    now: Now,
  ): string | undefined {
    const message = heldBy(this, receipt, now);
    if (typeof message === "string") return message;
    if (counts && error !== "") message.lastError = error;
    if (counts && this.#isSpent(message)) this.#bury([message], "max-receives", now);
    else {
      const policyMs = counts ? retryMs(this.settings.retry, message) : 0;
      if (!counts) message.receiveCount--;
      this.#giveBack(message, delayMs ?? policyMs, now);
    }
    return undefined;
  }

  extend(receipt: Receipt, timeoutMs: number, now: Now): string | undefined {
    if (timeoutMs === 0) return this.nack(receipt, { delayMs: 0, counts: true, error: "" }, now);
    const message = heldBy(this, receipt, now);
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

  /** The clock runs on from another number. What was overdue is due now: how long it had been is not carried over. */
  restart(before: Now, shiftMs: number, fromCheckpoint: boolean): void {
    if (fromCheckpoint) {
      this.ids.forget(this.settings.deduplicationWindowMs, before);
      this.starts.count = never;
      if (this.running !== undefined) this.running.dueMs = before.monotonicMs;
    }
    const shifted = (ms: number): number => Math.max(ms, before.monotonicMs) + shiftMs;
    for (const message of this.messages) shiftTimes(message, shifted);
    this.ids.shift(shiftMs);
    this.starts.atMs += shiftMs;
    if (this.running !== undefined) this.running.dueMs = shifted(this.running.dueMs);
  }

  find(sequence: number): ModelMessage | undefined {
    return this.messages.find((message) => message.sequence === sequence);
  }

  /** When time alone brings something about next. */
  get nextDueMs(): number {
    return Math.min(
      never,
      ...this.messages.map(dueMsOf),
      this.running?.dueMs ?? never,
      this.ids.forgetMs(this.settings.deduplicationWindowMs),
    );
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
    for (const message of returned) this.#giveBack(message, retryMs(this.settings.retry, message), now);
    const { deduplicationWindowMs } = this.settings;
    const forgets = this.ids.forgetMs(deduplicationWindowMs) <= now.monotonicMs;
    if (forgets) this.ids.forget(deduplicationWindowMs, now);
    const deadLettered = expired.length > 0 ? 0 : spent.length;
    const did = readied.length + returned.length + deadLettered + expired.length;
    if (did === 0 && !forgets) redriveStep(this, now);
    return { readied: readied.length, returned: returned.length, deadLettered, expired: expired.length };
  }

  /** Puts messages that `from` gives away at the end of this queue. */
  take(from: ModelQueue, messages: readonly ModelMessage[], reason: ModelMove["reason"], now: Now): void {
    for (const message of messages) {
      const { receiveCount, lastError, priority, groupId, origin, body } = message;
      from.drop(message);
      const moved = { from: from.number, reason, receiveCount, lastError };
      const entered = newMessage(this.number, this.nextSequence++, body, now, {
        priority,
        groupId,
        moved,
        origin,
      });
      entered.timeToLiveMs = this.settings.timeToLiveMs;
      entered.expiresAtMs = now.monotonicMs + entered.timeToLiveMs;
      this.#enter(entered, undefined);
    }
  }

  /** In its order; the first one is the one that the others wait for. */
  group(id: string): ModelMessage[] {
    const group = this.groups.get(id) ?? [];
    this.groups.set(id, group);
    return group;
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
    message.dueMs = now.monotonicMs + delayMs;
    if (delayMs === 0) this.becomeReady(message);
    else message.phase = "delayed";
  }

  #leaveGroup(message: ModelMessage): void {
    const group = this.group(message.groupId ?? "");
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
    const group = this.group(message.groupId);
    group.push(message);
    if (group.length > 1) message.phase = "behind";
  }
}
