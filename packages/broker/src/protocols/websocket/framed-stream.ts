/**
 * A WebSocket of `sluice.1` as the byte stream that it carries, so that a connection does not know whether it runs over TCP: binary
 * messages one after the other are the bytes, and where one ends and the next begins means nothing.
 */
import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { bytesOf } from "./raw-data.ts";

/** Close codes of RFC 6455 §7.4.1. */
const normalClosure = 1000;
const unsupportedData = 1003;
/** Never sent: the socket ended without a close frame. */
const abnormalClosure = 1006;

type Done = (error?: Error | null) => void;

interface Chunk {
  readonly chunk: Uint8Array;
}

export class FramedStream extends Duplex {
  /** The address at the other end. */
  readonly remoteAddress: string | undefined;
  readonly #webSocket: WebSocket;
  #deaf = false;

  constructor(webSocket: WebSocket, remoteAddress: string | undefined) {
    super();
    this.#webSocket = webSocket;
    this.remoteAddress = remoteAddress;
    webSocket.on("message", (data, isBinary) => this.#received(data, isBinary));
    // What went wrong (a broken frame, a reset) is followed by "close", which is what counts.
    webSocket.on("error", () => {});
    webSocket.on("close", (code) => {
      if (this.#deaf || code === abnormalClosure) this.destroy();
      else this.push(null);
    });
  }

  override _read(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#webSocket.send(chunk, { binary: true }, done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    const last = chunks.length - 1;
    chunks.forEach(({ chunk }, i) => {
      this.#webSocket.send(chunk, { binary: true }, i === last ? done : undefined);
    });
  }

  override _final(done: Done): void {
    this.#webSocket.close(normalClosure);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#webSocket.terminate();
    done(error);
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#deaf) return;
    if (!isBinary) {
      this.#deaf = true;
      this.#webSocket.close(unsupportedData, "The subprotocol sluice.1 is binary.");
    } else if (!this.push(bytesOf(data))) {
      this.#webSocket.pause();
    }
  }
}
