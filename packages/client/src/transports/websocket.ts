/** The transport of browsers, and of Node where only HTTP gets through: binary messages of a WebSocket, whose boundaries mean nothing. */
import { systemClock } from "../clock.ts";
import type { Dial, Transport, TransportEvents } from "../transport.ts";

/** The subprotocol of SLUICE/1. */
const subprotocol = "sluice.1";

/** Where a server of Sluice has its WebSockets, unless the address says otherwise. */
const usualPath = "/ws";

/** RFC 6455 §7.4.1: an ordinary end. */
const normalClosure = 1000;

/** A WebSocket does not say when what it buffers has gone: while something waits, it is looked at so often. */
const lookEveryMs = 10;

/** Bytes of a message at most. */
const messageBytes = 64 * 1024;

class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  #events: TransportEvents | undefined;
  #ended: { readonly cause: Error | undefined } | undefined;
  #looking: Disposable | undefined;
  /** What came before `start`. */
  #early: Uint8Array[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#received(data));
    socket.addEventListener("close", ({ code, reason }) => this.#close(causeOf(code, reason)));
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    for (const chunk of this.#early.splice(0)) events.bytes(chunk);
    if (this.#ended !== undefined) events.ended(this.#ended.cause);
  }

  write(blocks: readonly Uint8Array[]): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    for (const message of messagesOf(blocks)) this.#socket.send(message);
    this.#lookLater();
  }

  end(): void {
    this.#socket.close(normalClosure);
  }

  destroy(): void {
    this.#socket.close(normalClosure);
    this.#close(undefined);
  }

  #received(data: unknown): void {
    if (this.#ended !== undefined) return;
    if (!(data instanceof ArrayBuffer)) {
      this.#close(new Error("The server sent text; SLUICE/1 is binary."));
      this.#socket.close(normalClosure);
      return;
    }
    const chunk = new Uint8Array(data);
    if (this.#events === undefined) this.#early.push(chunk);
    else this.#events.bytes(chunk);
  }

  #close(cause: Error | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = { cause };
    this.#looking?.[Symbol.dispose]();
    this.#events?.ended(cause);
  }

  #lookLater(): void {
    if (this.#looking !== undefined || this.#ended !== undefined || this.bufferedBytes === 0) return;
    this.#looking = systemClock.after(lookEveryMs, () => {
      this.#looking = undefined;
      if (this.bufferedBytes === 0) this.#events?.drained();
      else this.#lookLater();
    });
  }
}

/** Joins small blocks and cuts large ones: a message is heard of when it is complete, and a slow network must not look like silence. */
function* messagesOf(blocks: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  let left = blocks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let message = new Uint8Array(Math.min(left, messageBytes));
  let used = 0;
  for (const block of blocks) {
    for (let at = 0; at < block.byteLength; ) {
      const part = block.subarray(at, at + message.byteLength - used);
      message.set(part, used);
      used += part.byteLength;
      at += part.byteLength;
      if (used < message.byteLength) continue;
      yield message;
      left -= used;
      message = new Uint8Array(Math.min(left, messageBytes));
      used = 0;
    }
  }
}

function causeOf(code: number, reason: string): Error | undefined {
  if (code === normalClosure) return undefined;
  return new Error(`The WebSocket was closed with ${code}${reason === "" ? "" : ` (${reason})`}.`);
}

/** A browser says nothing about why a WebSocket could not be opened, so that pages cannot scan networks. */
export const dialWebSocket: Dial = ({ scheme, host, port, path = usualPath }, { signal }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const name = host.includes(":") ? `[${host}]` : host;
    const socket = new WebSocket(`${scheme}://${name}:${port}${path}`, subprotocol);
    socket.binaryType = "arraybuffer";
    const givenUp = (): void => {
      socket.close();
      reject(signal.reason);
    };
    const failed = (): void => {
      signal.removeEventListener("abort", givenUp);
      reject(new Error(`No WebSocket could be opened at ${socket.url}.`));
    };
    socket.addEventListener("open", () => {
      signal.removeEventListener("abort", givenUp);
      socket.removeEventListener("close", failed);
      resolve(new WebSocketTransport(socket));
    });
    socket.addEventListener("close", failed);
    // "close" follows, and counts; in Node an error that nobody listens to is no exception either.
    signal.addEventListener("abort", givenUp, { once: true });
  });
