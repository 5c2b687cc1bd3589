/** A WebSocket without a network: what the server says is handed to the test, which says what the client does. */
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { WebSocket } from "ws";

export class FakeWebSocket extends EventEmitter {
  readonly OPEN = 1;
  readonly bufferedAmount = 0;
  readonly socket = new PassThrough();
  readyState = 1;
  isPaused = false;
  readonly #heard: (text: string) => void;

  /** `heard`: what the client does with a message. */
  constructor(heard: (text: string) => void) {
    super();
    this.#heard = heard;
  }

  get asWebSocket(): WebSocket {
    return this as unknown as WebSocket;
  }

  /** The client says something. */
  say(text: string): void {
    const bytes = Buffer.from(text);
    this.socket.emit("data", bytes);
    this.emit("message", bytes, false);
  }

  send(message: Buffer, _options: object, taken: () => void): void {
    this.#heard(String(message));
    queueMicrotask(taken);
  }

  /** Answered at once, as browsers do. */
  ping(): void {
    this.socket.emit("data", Buffer.alloc(2));
    this.emit("pong");
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.terminate();
  }

  terminate(): void {
    if (this.readyState !== this.OPEN) return;
    this.readyState = 3;
    queueMicrotask(() => this.emit("close"));
  }
}
