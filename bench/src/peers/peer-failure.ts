/** What ends every round on the connection to a peer: an error, an answer that should not have come, the end of the connection. */
import type { Socket } from "node:net";
import { Fault } from "@sluice/runtime";

export class PeerFailure {
  readonly #peer: string;
  readonly #failure = Promise.withResolvers<never>();

  /** `peer` is how the fault calls it. */
  constructor(peer: string, socket: Socket) {
    this.#peer = peer;
    // Rounds look at it; between rounds nobody does.
    this.#failure.promise.catch(() => {});
    socket.on("error", (cause) => this.fail(cause.message));
    socket.on("close", () => this.fail("the server ended the connection"));
  }

  /** Rejects once anything came that should not have; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  fail(what: string): void {
    this.#failure.reject(new Fault("peer-failed", `With ${this.#peer}, ${what}.`));
  }
}
