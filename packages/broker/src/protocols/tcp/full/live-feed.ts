/** Pushes what is published to a topic from now on, as far as there is credit; what must wait, waits in the broker's bounded buffer. */
import {
  type ListenRequest,
  recordBytes,
  writeEnded,
  writeListening,
  writeRecords,
} from "@sluice/protocol/full";
import type { Overflow, TopicRecord } from "../../../broker/api.ts";
import { CreditedTopic } from "../credited-topic.ts";
import { fitting } from "./frame-room.ts";
import { refuseAs, type Session, type Standing } from "./session.ts";

const overflowOf = { drop: "drop", block: "block", end: "disconnect" } as const satisfies Record<
  ListenRequest["overflow"],
  Overflow
>;

export class LiveFeed implements Standing {
  readonly #session: Session;
  readonly #request: ListenRequest;
  readonly #topic: CreditedTopic;

  constructor(session: Session, request: ListenRequest) {
    const { broker, limits } = session;
    const { topic, credit, bufferCountMax, overflow } = request;
    this.#session = session;
    this.#request = request;
    this.#topic = new CreditedTopic({
      broker,
      limits,
      topic,
      credit,
      bufferCountMax: Math.min(Math.max(bufferCountMax, 1), limits.bufferCountMax),
      overflow: overflowOf[overflow],
      pushBytesMax: limits.pushBytesMax,
      congested: () => session.congested,
      push: (records, dropped) => this.#push(records, dropped),
      ended: (why) =>
        this.#end(
          why === "overflow" ? "slow-consumer" : why,
          why === "unknown-topic" ? "The topic was deleted." : "The broker ended the live subscription.",
        ),
    });
  }

  /** Answers the request; false when it was refused. */
  start(): boolean {
    const { id } = this.#request;
    const result = this.#topic.start();
    if (!result.ok) {
      refuseAs(this.#session, id, result);
      return false;
    }
    writeListening(this.#session.to, id);
    this.#session.answered();
    return true;
  }

  credit(add: number): void {
    this.#topic.credit(add);
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
    this.#topic.close();
    return Promise.resolve();
  }

  pump(): void {
    this.#topic.pump();
  }

  #push(records: readonly TopicRecord[], dropped: number): void {
    const session = this.#session;
    for (let from = 0; from < records.length; ) {
      const count = fitting(records, recordBytes, from);
      const some = count === records.length ? records : records.slice(from, from + count);
      from += count;
      writeRecords(session.to, this.#request.id, dropped, session.shared.of(some));
      session.answered();
    }
  }

  #end(code: string, sentence: string): void {
    if (!this.#topic.close()) return;
    this.#session.standing.delete(this.#request.id);
    writeEnded(this.#session.to, { id: this.#request.id, code, sentence });
    this.#session.answered();
  }
}
