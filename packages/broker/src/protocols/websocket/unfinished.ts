/** What has come of a message that is not complete: the WebSocket library holds it, and nobody else would count it. */
import type { Duplex } from "node:stream";
import type { Log } from "@sluice/runtime";
import type { WebSocket } from "ws";
import type { Holder, TotalBytes } from "../tcp/total-bytes.ts";

export interface UnfinishedOptions {
  readonly totalBytes: TotalBytes;
  readonly log: Log;
  /** Called with each chunk, whatever it holds. */
  readonly heard?: () => void;
}

export class UnfinishedMessage implements Holder {
  readonly #socket: Duplex;
  readonly #log: Log;
  #bytes = 0;

  /** Counts from now on, until the socket is closed. */
  constructor(socket: Duplex, webSocket: WebSocket, { totalBytes, log, heard }: UnfinishedOptions) {
    this.#socket = socket;
    this.#log = log;
    totalBytes.add(this);
    // Before the library looks at the chunk: the end of a message in it sets the count back.
    socket.prependListener("data", (chunk: Uint8Array) => {
      this.#bytes += chunk.length;
      heard?.();
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
    this.#log.warn(
      { heldBytes: this.#bytes },
      "all connections hold too much; the WebSocket with the longest unfinished message is ended",
    );
    this.#socket.destroy();
  }
}
