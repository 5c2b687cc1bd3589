/** What has come of a message that is not complete: the WebSocket library holds it, and nobody else would count it. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Holder, TotalBytes } from "../tcp/total-bytes.ts";

export class UnfinishedMessage implements Holder {
  readonly #socket: Duplex;
  #bytes = 0;

  /** Counts from now on, until the socket is closed. `heard`: called with each chunk, whatever it holds. */
  constructor(socket: Duplex, webSocket: WebSocket, totalBytes: TotalBytes, heard: () => void = () => {}) {
    this.#socket = socket;
    totalBytes.add(this);
    // Before the library looks at the chunk: the end of a message in it sets the count back.
    socket.prependListener("data", (chunk: Uint8Array) => {
      this.#bytes += chunk.length;
      heard();
      totalBytes.grown(chunk.length);
    });
    const finished = (): void => {
      this.#bytes = 0;
    };
    for (const event of ["message", "ping", "pong"] as const) webSocket.on(event, finished);
    webSocket.on("close", () => totalBytes.remove(this));
  }

  get heldBytes(): number {
    return this.#bytes;
  }

  evict(): void {
    this.#socket.destroy();
  }
}
