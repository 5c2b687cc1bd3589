/** HTTP byte by byte, for requests that no proper client would send. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Change } from "./change.ts";

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export class RawHttp implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  readonly #change = new Change();
  #text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.once("close", () => this.#change.notify());
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#text += text;
      this.#change.notify();
    });
    socket.on("error", () => socket.destroy());
  }

  /** Connects to the port of the loopback. */
  static async open(port: number): Promise<RawHttp> {
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect");
    return new RawHttp(socket);
  }

  /** Sends this and reads until the server ends the connection. */
  static async ask(port: number, request: string): Promise<RawAnswer> {
    await using raw = await RawHttp.open(port);
    raw.write(request);
    return await raw.answer();
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  /** Waits until this has come. Rejects when the connection ends without it. */
  async has(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text)) {
      if (this.#socket.closed) throw new Error(`the connection ended without ${pattern}: ${this.#text}`);
      await this.#change.next();
    }
  }

  /** What has come when the server has ended the connection. */
  async answer(): Promise<RawAnswer> {
    await this.#closed;
    const [head = "", ...body] = this.#text.split("\r\n\r\n");
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
    return { status: Number(status ?? 0), head, body: body.join("\r\n\r\n") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return this.#closed;
  }
}
