/** Pushes messages of a queue to a connection, as far as there is credit and as fast as its socket takes them. */
import {
  deliveryBytes,
  type SubscribeRequest,
  writeDeliver,
  writeEnded,
  writeSubscribed,
} from "@sluice/protocol/full";
import type { TakenMessage } from "../../../broker/api.ts";
import { fitting } from "./frame-room.ts";
import { wireRefusal } from "./refusals.ts";
import { refuseAs, type Session, type Standing } from "./session.ts";

/** How long one request to the broker waits; then it asks again. */
const waitMs = 60_000;

export class QueueSubscription implements Standing {
  readonly #session: Session;
  readonly #request: SubscribeRequest;
  readonly #stopped = new AbortController();
  #credit: number;
  #room: PromiseWithResolvers<void> | undefined;
  /** What the client is told when the subscription ends before its connection does. */
  #why: { readonly code: string; readonly sentence: string } | undefined;
  readonly #working: Promise<void>;

  /** Begins at once. */
  constructor(session: Session, request: SubscribeRequest) {
    this.#session = session;
    this.#request = request;
    this.#credit = Math.min(request.credit, session.limits.creditMax);
    this.#working = this.#work();
  }

  credit(add: number): void {
    this.#credit = Math.min(this.#credit + add, this.#session.limits.creditMax);
    this.#room?.resolve();
  }

  cancel(): void {
    this.#endFor("cancelled", "The client ended the subscription.");
  }

  drain(): void {
    this.#endFor("shutting-down", "The server is shutting down.");
  }

  /** What was delivered is held by the connection, which waits for it. */
  get unfinished(): boolean {
    return false;
  }

  pump(): void {
    if (!this.#session.congested) this.#room?.resolve();
  }

  close(): Promise<void> {
    this.#stopped.abort();
    this.#room?.resolve();
    return this.#working;
  }

  async #work(): Promise<void> {
    const { id, queue, visibilityTimeoutMs } = this.#request;
    const session = this.#session;
    const { pushCountMax, pushBytesMax } = session.limits;
    const signal = this.#stopped.signal;
    let answered = this.#credit === 0;
    if (answered) this.#answer();
    while (!signal.aborted) {
      if (this.#credit === 0 || session.congested) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
        continue;
      }
      const result = await session.broker
        .take({
          queue,
          max: Math.min(this.#credit, pushCountMax),
          bytesMax: pushBytesMax,
          // The first one tells whether there is such a queue, and must not keep the answer waiting.
          waitMs: answered ? waitMs : 0,
          ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }),
          signal,
        })
        .catch(unlessAborted(signal));
      if (result === undefined) break;
      if (!result.ok) {
        session.standing.delete(id);
        if (answered) this.#end(wireRefusal(result).code, result.detail);
        else refuseAs(session, id, result);
        return;
      }
      if (!answered) {
        answered = true;
        this.#answer();
      }
      if (signal.aborted) await this.#giveBack(result.messages);
      else this.#push(result.messages);
    }
    session.standing.delete(id);
    if (this.#why !== undefined) this.#end(this.#why.code, this.#why.sentence);
  }

  #endFor(code: string, sentence: string): void {
    this.#why ??= { code, sentence };
    void this.close();
  }

  #answer(): void {
    writeSubscribed(this.#session.to, this.#request.id);
    this.#session.answered();
  }

  #push(messages: readonly TakenMessage[]): void {
    const session = this.#session;
    const { id, queue } = this.#request;
    this.#credit -= messages.length;
    for (let from = 0; from < messages.length; ) {
      const count = fitting(messages, deliveryBytes, from);
      const group = { queue, receipts: messages.slice(from, from + count) };
      from += count;
      session.held.add(group);
      writeDeliver(session.to, id, group.receipts);
      session.answered(() => session.held.sent(group));
    }
  }

  /** Taken in the same step in which the subscription ended: as if it had never been handed out. */
  async #giveBack(receipts: readonly TakenMessage[]): Promise<void> {
    const { queue } = this.#request;
    await this.#session.broker.nackBatch({ queue, receipts, delayMs: 0, counts: false });
  }

  #end(code: string, sentence: string): void {
    writeEnded(this.#session.to, { id: this.#request.id, code, sentence });
    this.#session.answered();
  }
}

/** A wait that we ended ourselves has no answer; any other rejection is a bug and goes on. */
const unlessAborted =
  (signal: AbortSignal) =>
  (error: unknown): undefined => {
    if (!signal.aborted) throw error;
  };
