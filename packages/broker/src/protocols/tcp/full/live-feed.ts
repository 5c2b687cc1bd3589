/** Pushes what is published to a topic from now on, as far as there is credit; what must wait, waits in the broker's bounded buffer. */
import {
  type ListenRequest,
  recordBytes,
  writeEnded,
  writeListening,
  writeRecords,
} from "@sluice/protocol/full";
import type { LiveSubscription, Overflow } from "../../../broker/api.ts";
import { fitting } from "./frame-room.ts";
import { refuseAs, type Session, type Standing } from "./session.ts";

const overflowOf = { drop: "drop", block: "block", end: "disconnect" } as const satisfies Record<
  ListenRequest["overflow"],
  Overflow
>;

/** Records of one push: enough to fill a write, few enough that subscribers at the same pace take the same ones. */
const pushCountMax = 256;

export class LiveFeed implements Standing {
  readonly #session: Session;
  readonly #request: ListenRequest;
  #subscription: LiveSubscription | undefined;
  #credit: number;
  #scheduled = false;
  #over = false;

  constructor(session: Session, request: ListenRequest) {
    this.#session = session;
    this.#request = request;
    this.#credit = Math.min(request.credit, session.limits.creditMax);
  }

  /** Answers the request; false when it was refused. */
  start(): boolean {
    const { id, topic, bufferCountMax, overflow } = this.#request;
    const { broker, limits, to } = this.#session;
    const result = broker.subscribeLive({
      topic,
      bufferCountMax: Math.min(Math.max(bufferCountMax, 1), limits.bufferCountMax),
      overflow: overflowOf[overflow],
      subscriberCountMax: limits.subscriberCountMax,
      onReadable: () => this.#pumpSoon(),
      // In one turn of the loop more may be published than the buffer holds: who keeps up must lose nothing by our order of doing things.
      onFilling: () => this.pump(),
      onClosed: (why) =>
        this.#end(
          why === "overflow" ? "slow-consumer" : why,
          why === "unknown-topic" ? "The topic was deleted." : "The broker ended the live subscription.",
        ),
    });
    if (!result.ok) {
      refuseAs(this.#session, id, result);
      return false;
    }
    this.#subscription = result.subscription;
    writeListening(to, id);
    this.#session.answered();
    return true;
  }

  credit(add: number): void {
    this.#credit = Math.min(this.#credit + add, this.#session.limits.creditMax);
    this.pump();
  }

  cancel(): void {
    this.#end("cancelled", "The client ended the subscription.");
  }

  drain(): void {
    this.pump();
  }

  get unfinished(): boolean {
    return false;
  }

  close(): Promise<void> {
    this.#over = true;
    this.#subscription?.[Symbol.dispose]();
    return Promise.resolve();
  }

  pump(): void {
    const session = this.#session;
    while (!this.#over && this.#credit > 0 && !session.congested) {
      const records =
        this.#subscription?.take(Math.min(this.#credit, pushCountMax), session.limits.pushBytesMax) ?? [];
      if (records.length === 0) return;
      this.#credit -= records.length;
      for (let from = 0; from < records.length; ) {
        const count = fitting(records, recordBytes, from);
        const some = count === records.length ? records : records.slice(from, from + count);
        from += count;
        const dropped = this.#subscription?.dropped ?? 0;
        writeRecords(session.to, this.#request.id, dropped, session.shared.of(some));
        session.answered();
      }
    }
  }

  #pumpSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.pump();
    });
  }

  #end(code: string, sentence: string): void {
    if (this.#over) return;
    void this.close();
    this.#session.standing.delete(this.#request.id);
    writeEnded(this.#session.to, { id: this.#request.id, code, sentence });
    this.#session.answered();
  }
}
