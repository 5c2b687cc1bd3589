/** What becomes of the connection, told as it happens. Everything that goes wrong on the way is a state here and never a thrown event. */
import type { WireDurability } from "@sluice/protocol/full";
import { Inbox } from "./inbox.ts";

export type Status =
  /** An attempt begins. `attempt` counts from 1 since the last time that the client was connected for a while. */
  | { readonly state: "connecting"; readonly address: string; readonly attempt: number }
  /** The server said welcome, and everything that was subscribed is being subscribed again. */
  | {
      readonly state: "connected";
      readonly address: string;
      readonly server: string;
      /** Names this connection in the server's log. */
      readonly session: string;
      readonly durability: WireDurability;
    }
  /** The server will end this connection. What was begun is finished; new requests wait for the next connection. */
  | { readonly state: "draining"; readonly address: string; readonly code: string; readonly sentence: string }
  /** There is no connection; the next attempt begins in `nextAttemptMs`. */
  | {
      readonly state: "disconnected";
      readonly address: string;
      readonly code: string;
      readonly sentence: string;
      readonly nextAttemptMs: number;
    }
  /** The server refused this client for good (a bad token, a version), or `reconnect` is off. No further attempt is made. */
  | { readonly state: "failed"; readonly address: string; readonly code: string; readonly sentence: string }
  | { readonly state: "closed" }
  /** A subscription with free credit heard nothing although messages were ready; it was subscribed again. */
  | { readonly state: "stalled"; readonly queue: string; readonly ready: number }
  /** A queue or topic that was subscribed to was deleted. It is subscribed to again when somebody has made it anew. */
  | { readonly state: "deleted"; readonly what: "queue" | "topic"; readonly name: string };

/** Statuses that wait for one slow reader at most; the oldest are forgotten. */
const waitingMax = 256;

/** Hands each status to every listener and every reader. */
export class StatusFeed {
  readonly #listeners = new Set<(status: Status) => void>();
  readonly #readers = new Set<StatusReader>();
  /** The newest state of the connection. */
  #current: Status | undefined;
  #isOver = false;

  get current(): Status | undefined {
    return this.#current;
  }

  tell(status: Status): void {
    if (this.#isOver) return;
    if (status.state !== "stalled" && status.state !== "deleted") this.#current = status;
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (thrown) {
        // A mistake of the listener's own, and its process's to hear of; the connection goes on.
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
    for (const reader of this.#readers) reader.push(status);
    if (status.state !== "closed" && status.state !== "failed") return;
    for (const reader of this.#readers) reader.end();
    this.#isOver = status.state === "closed";
  }

  listen(listener: (status: Status) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Begins with the present state, if there is one. */
  read(): AsyncIterableIterator<Status> {
    const reader = new StatusReader(() => this.#readers.delete(reader));
    if (this.#current !== undefined) reader.push(this.#current);
    if (this.#current?.state === "closed" || this.#current?.state === "failed") reader.end();
    else this.#readers.add(reader);
    return reader;
  }
}

class StatusReader implements AsyncIterableIterator<Status> {
  readonly #inbox = new Inbox<Status>();
  readonly #left: () => void;

  constructor(left: () => void) {
    this.#left = left;
  }

  push(status: Status): void {
    if (this.#inbox.count === waitingMax) this.#inbox.shift();
    this.#inbox.push(status);
  }

  end(): void {
    this.#inbox.end();
  }

  next(): Promise<IteratorResult<Status>> {
    return this.#inbox.next();
  }

  return(): Promise<IteratorResult<Status>> {
    this.#left();
    this.#inbox.keep(() => false);
    this.#inbox.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Status> {
    return this;
  }
}
