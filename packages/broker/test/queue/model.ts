/** A queue as simple as it can be said: a sorted list of messages, looked through from the start each time. Slow, and obviously right. */
import type { Now, QueueSettings, Receipt } from "../../src/queue/index.ts";

export interface ModelMessage {
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly enqueuedAtMs: number;
  /** Name of where it was first sent, `queue/sequence`. */
  readonly origin: string;
  readonly from: number | undefined;
  phase: "ready" | "delayed" | "in-flight";
  dueMs: number;
  receiveCount: number;
  lease: number;
}

export class ModelQueue {
  readonly number: number;
  settings: QueueSettings;
  nextSequence = 1;
  nextLease = 1;
  messages: ModelMessage[] = [];
  readonly #others: (number: number) => ModelQueue | undefined;

  constructor(number: number, settings: QueueSettings, others: (number: number) => ModelQueue | undefined) {
    this.number = number;
    this.settings = settings;
    this.#others = others;
  }

  send(bodies: readonly Uint8Array[], now: Now): "queue-full" | undefined {
    if (bodies.length === 0) return undefined;
    const bytes = [...this.messages, ...bodies.map((body) => ({ body }))].reduce(
      (sum, { body }) => sum + body.length,
      0,
    );
    if (this.messages.length + bodies.length > this.settings.messageCountMax) return "queue-full";
    if (bytes > this.settings.bodyBytesMax) return "queue-full";
    for (const body of bodies) this.#add(body, now, `${this.number}/${this.nextSequence}`, undefined);
    return undefined;
  }

  receive(max: number, timeoutMs: number, now: Now): readonly Receipt[] {
    const given: Receipt[] = [];
    for (const message of this.messages.filter(({ phase }) => phase === "ready")) {
      if (given.length === max) break;
      if (this.#dies(message)) {
        this.#bury(message, now);
        continue;
      }
      message.phase = "in-flight";
      message.dueMs = now.monotonicMs + timeoutMs;
      message.receiveCount++;
      message.lease = this.nextLease++;
      given.push({ sequence: message.sequence, lease: message.lease });
    }
    return given;
  }

  ack(receipt: Receipt, now: Now): string | undefined {
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    this.#drop(message);
    return undefined;
  }

  nack(receipt: Receipt, delayMs: number, counts: boolean, now: Now): string | undefined {
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    if (counts && this.#dies(message)) this.#bury(message, now);
    else {
      if (!counts) message.receiveCount--;
      message.phase = delayMs > 0 ? "delayed" : "ready";
      message.dueMs = now.monotonicMs + delayMs;
    }
    return undefined;
  }

  extend(receipt: Receipt, timeoutMs: number, now: Now): string | undefined {
    if (timeoutMs === 0) return this.nack(receipt, 0, true, now);
    const message = this.#held(receipt, now);
    if (typeof message === "string") return message;
    message.dueMs = now.monotonicMs + timeoutMs;
    return undefined;
  }

  /** When the next message falls due. */
  get nextDueMs(): number {
    return Math.min(
      ...this.messages.map(({ phase, dueMs }) => (phase === "ready" ? Number.POSITIVE_INFINITY : dueMs)),
    );
  }

  /** Does everything that is due, the earliest first. */
  fallDue(now: Now): void {
    const due = this.messages.filter(({ phase, dueMs }) => phase !== "ready" && dueMs <= now.monotonicMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence);
    for (const message of due) {
      if (message.phase === "in-flight" && this.#dies(message)) this.#bury(message, now);
      else message.phase = "ready";
    }
  }

  #dies({ receiveCount }: ModelMessage): boolean {
    const { deadLetter } = this.settings;
    return (
      deadLetter !== undefined &&
      this.#others(deadLetter.queue) !== undefined &&
      receiveCount >= deadLetter.receiveCountMax
    );
  }

  #bury(message: ModelMessage, now: Now): void {
    this.#drop(message);
    const target = this.#others(this.settings.deadLetter?.queue ?? 0);
    if (target !== undefined) target.#add(message.body, now, message.origin, this.number);
  }

  #drop(message: ModelMessage): void {
    this.messages = this.messages.filter((other) => other !== message);
  }

  #held({ sequence, lease }: Receipt, now: Now): ModelMessage | "unknown-message" | "stale-receipt" {
    if (sequence >= this.nextSequence || lease >= this.nextLease) return "unknown-message";
    const message = this.messages.find((one) => one.sequence === sequence);
    const holds =
      message?.phase === "in-flight" && message.lease === lease && message.dueMs > now.monotonicMs;
    return holds ? message : "stale-receipt";
  }

  #add(body: Uint8Array, now: Now, origin: string, from: number | undefined): void {
    const sequence = this.nextSequence++;
    const enqueuedAtMs = now.wallMs;
    this.messages.push({
      sequence,
      body,
      enqueuedAtMs,
      origin,
      from,
      phase: "ready",
      dueMs: 0,
      receiveCount: 0,
      lease: 0,
    });
  }
}
