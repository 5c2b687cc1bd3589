/**
 * A client of the framed TCP protocol on a raw socket, written from docs/protocol.md alone: it shares no code with the server, so that both
 * having the same mistake is unlikely.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Change } from "./change.ts";
import { Cut } from "./http-client.ts";

/** A frame: its length in four bytes, big-endian, then the payload. */
export function frame(payload: string | Uint8Array): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

export class FramedSocket implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  readonly #change = new Change();
  #bytes = Buffer.alloc(0);
  #frames: string[] = [];
  #over = false;
  /** Set when the connection broke in place of ending. */
  fault: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", (error) => {
      this.fault = error;
    });
    socket.once("close", () => {
      this.#over = true;
      this.#change.notify();
    });
  }

  /** Connects to the port of the loopback. @throws Cut */
  static async open(port: number): Promise<FramedSocket> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    try {
      await once(socket, "connect");
    } catch (cause) {
      throw new Cut(`no connection to ${port}`, { cause });
    }
    return new FramedSocket(socket);
  }

  /** Speaks over a socket that is connected, for example with TLS. */
  static over(socket: Socket): FramedSocket {
    return new FramedSocket(socket);
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends each as a frame. */
  send(payloads: readonly (string | Uint8Array)[]): void {
    this.#socket.write(Buffer.concat(payloads.map(frame)));
  }

  /** Reads nothing from now on, whatever comes. */
  pause(): void {
    this.#socket.pause();
  }

  /** Says that nothing more will come from here, and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  /** Resolves when the connection is over. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Bytes that came after the last whole frame. */
  get partialBytes(): number {
    return this.#bytes.length;
  }

  /** Takes the frames that have come, waiting for a first one; none when the connection is over. */
  async frames(): Promise<readonly string[]> {
    while (this.#frames.length === 0 && !this.#over) {
      await this.#change.next();
    }
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** Every frame from now on until the connection is over. */
  async rest(): Promise<readonly string[]> {
    await this.#closed;
    return this.frames();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return this.#closed;
  }

  #read(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readUInt32BE(0);
      if (this.#bytes.length < end) break;
      this.#frames.push(this.#bytes.toString("utf8", 4, end));
      this.#bytes = this.#bytes.subarray(end);
    }
    if (this.#frames.length > 0) this.#change.notify();
  }
}
