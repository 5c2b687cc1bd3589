/**
 * Requests on their way: those that wait for a connection or for room on it, and those that wait for an answer. Bounded in bytes and
 * in time. When a connection ends, what was in flight is asked again on the next one, before everything else and in its order.
 */
import type { Clock } from "./clock.ts";
import { ClientFault } from "./errors.ts";
import {
  type AnswerOf,
  type AnswerVerb,
  Request,
  type RequestOptions,
  type Survives,
  type WriteRequest,
} from "./request.ts";
import type { Session } from "./session.ts";

export interface OutboxOptions {
  readonly clock: Clock;
  readonly outgoingBytesMax: number;
  readonly requestTimeoutMs: number;
}

/** Bytes that wait for the operating system at most; what is more waits here, where it can still be aborted and resent. */
const writeAheadBytesMax = 1024 * 1024;

/**
 * Requests in flight at most: when the connection ends they are asked again, and a server remembers the answers of the last 2 048 of a
 * producer.
 */
const inFlightCountMax = 2_000;

/** Bytes that a request costs beside its bodies. */
const requestBytes = 128;

export class Outbox {
  readonly #options: OutboxOptions;
  #urgent: Request[] = [];
  #waiting: Request[] = [];
  /** Before it, `#waiting` has been sent. */
  #waitingAt = 0;
  readonly #unanswered = new Set<Request>();
  #unansweredBytes = 0;
  #session: Session | undefined;
  #end: Error | undefined;
  #sweep: { readonly dueMs: number; readonly timer: Disposable } | undefined;
  #emptied: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Bytes of the requests without an answer. */
  get bytes(): number {
    return this.#unansweredBytes;
  }

  /** Requests without an answer. */
  get count(): number {
    return this.#unanswered.size;
  }

  /** Resolves when every request has its answer. */
  emptied(): Promise<void> {
    if (this.#unanswered.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /**
   * Asks, and resolves with the answer `expects`.
   * @throws RefusedError; ClientFault `buffer-full`, `request-timeout`, `closed`, `connection-lost` (only when it does not survive),
   * `invalid-request`; the reason of `signal`.
   */
  ask<Verb extends AnswerVerb>(
    expects: Verb,
    write: WriteRequest,
    options: RequestOptions<Verb> = {},
  ): Promise<AnswerOf<Verb>> {
    const { signal, late, urgent = false, survives = true } = options;
    const bytes = requestBytes + (options.bytes ?? 0);
    const problem = this.#problem(bytes, urgent, survives);
    if (problem !== undefined) return Promise.reject(problem);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<AnswerOf<Verb>>((resolve, reject) => {
      const aborted = (): void => {
        if (request.id !== 0) this.#session?.cancel(request.id);
        request.fail(signal?.reason);
      };
      const request = new Request(expects, write, {
        bytes,
        isUrgent: urgent,
        survives,
        dueMs: this.#options.clock.now().monotonicMs + this.#options.requestTimeoutMs + (options.waitMs ?? 0),
        // `Request.answer` hands out nothing but an answer with the verb that was expected.
        resolve: (answer) => resolve(answer as AnswerOf<Verb>),
        reject,
        late: late && ((answer) => late(answer as AnswerOf<Verb>)),
        over: () => {
          signal?.removeEventListener("abort", aborted);
          this.#forget(request);
        },
      });
      signal?.addEventListener("abort", aborted, { once: true });
      this.#unanswered.add(request);
      this.#unansweredBytes += bytes;
      this.#arm(request.dueMs);
      (urgent ? this.#urgent : this.#waiting).push(request);
      this.pump();
    });
  }

  /** A connection is there. */
  attach(session: Session): void {
    this.#session = session;
    this.pump();
  }

  /** It is gone: what was in flight goes first on the next one, and what belonged to it is rejected. */
  detach(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    const lost = new ClientFault("connection-lost", "The connection ended before the answer.");
    const again: Request[] = [];
    for (const request of session.takeInFlight()) {
      if (request.survives === true) again.push(request);
      else request.fail(lost);
    }
    for (const request of [...this.#urgent, ...this.#waiting])
      if (request.survives === false) request.fail(lost);
    this.#urgent = [...again.filter(({ isUrgent }) => isUrgent), ...this.#urgent];
    this.#waiting = [...again.filter(({ isUrgent }) => !isUrgent), ...this.#waiting.slice(this.#waitingAt)];
    this.#waitingAt = 0;
  }

  /** Sends what there is room for. */
  pump(): void {
    const session = this.#session;
    const limits = session?.welcome?.limits;
    if (session === undefined || limits === undefined || session.isOver) return;
    while (this.#urgent.length > 0 && session.inFlightCount < limits.requestCountMax) {
      const request = this.#urgent.shift();
      if (request !== undefined && !request.isOver) session.send(request);
    }
    // What takes long, like a receive that waits, must leave room for what settles.
    const othersMax = Math.max(Math.min(Math.floor(limits.requestCountMax * 0.75), inFlightCountMax), 1);
    while (
      this.#waitingAt < this.#waiting.length &&
      session.goaway === undefined &&
      session.inFlightCount < othersMax &&
      session.bufferedBytes < writeAheadBytesMax
    ) {
      const request = this.#waiting[this.#waitingAt++];
      if (request !== undefined && !request.isOver) session.send(request);
    }
    if (this.#waitingAt === this.#waiting.length) this.#waiting = [];
    else if (this.#waitingAt >= 1_024) this.#waiting = this.#waiting.slice(this.#waitingAt);
    else return;
    this.#waitingAt = 0;
  }

  /** Rejects everything, and whatever is asked from now on. */
  close(error: Error): void {
    this.#end ??= error;
    for (const request of [...this.#unanswered]) request.fail(error);
    this.#urgent = [];
    this.#waiting = [];
    this.#waitingAt = 0;
    this.#sweep?.timer[Symbol.dispose]();
  }

  #problem(bytes: number, urgent: boolean, survives: Survives): Error | undefined {
    if (this.#end !== undefined) return this.#end;
    if (survives === false && this.#session === undefined) {
      return new ClientFault("connection-lost", "There is no connection.");
    }
    const { outgoingBytesMax } = this.#options;
    if (urgent || this.#unansweredBytes + bytes <= outgoingBytesMax) return undefined;
    return new ClientFault(
      "buffer-full",
      `${this.#unansweredBytes} bytes wait for an answer; with ${bytes} more it would be over ${outgoingBytesMax}.`,
    );
  }

  #forget(request: Request): void {
    this.#unanswered.delete(request);
    this.#unansweredBytes -= request.bytes;
    if (this.#unanswered.size > 0) return;
    for (const emptied of this.#emptied.splice(0)) emptied();
  }

  /** One timer for all: armed for the earliest, and most requests are answered long before theirs. */
  #arm(dueMs: number): void {
    if (this.#sweep !== undefined && this.#sweep.dueMs <= dueMs) return;
    this.#sweep?.timer[Symbol.dispose]();
    const { clock } = this.#options;
    const timer = clock.after(dueMs - clock.now().monotonicMs, () => this.#expire());
    this.#sweep = { dueMs, timer };
  }

  #expire(): void {
    this.#sweep = undefined;
    const nowMs = this.#options.clock.now().monotonicMs;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const request of [...this.#unanswered]) {
      if (request.dueMs > nowMs) nextMs = Math.min(nextMs, request.dueMs);
      else request.fail(new ClientFault("request-timeout", "No answer came in time."));
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#arm(nextMs);
  }
}
