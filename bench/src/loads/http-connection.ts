/**
 * The least of an HTTP client: one connection, one request at a time, answers with a Content-Length. A full client would need more CPU
 * than the servers that it is to measure.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Fault } from "@sluice/runtime";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const headEnd = "\r\n\r\n";
const contentLength = /\r\ncontent-length: *(\d+)/i;

export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #waiting: PromiseWithResolvers<HttpAnswer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", (cause) => this.#fail(cause));
    socket.on("close", () => this.#fail(undefined));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** `body` is JSON in ASCII. Rejects when the connection ends first. */
  request(method: "POST" | "PUT", path: string, body: string): Promise<HttpAnswer> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}${headEnd}${body}`,
      "latin1",
    );
    return this.#waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received = this.#received === "" ? text : this.#received + text;
    const head = this.#received.indexOf(headEnd);
    if (head < 0) return;
    const bodyStart = head + headEnd.length;
    const length = contentLength.exec(this.#received);
    if (length === null) {
      this.#fail(new Error("an answer without Content-Length"));
      return;
    }
    if (this.#received.length < bodyStart + Number(length[1])) return;
    const status = Number(this.#received.slice(9, 12));
    const answer = { status, text: this.#received.slice(bodyStart) };
    this.#received = "";
    this.#waiting?.resolve(answer);
  }

  #fail(cause: Error | undefined): void {
    const sentence = `The connection ended${cause === undefined ? "" : `: ${cause.message}`}.`;
    this.#waiting?.reject(new Fault("connection-ended", sentence, { cause }));
  }
}
