/** HTTP byte by byte, for requests that no proper client would send. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export class RawHttp implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#text += text;
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

  write(text: string): void {
    this.#socket.write(text);
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
