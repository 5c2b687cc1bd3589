/** The transport of Node: a TCP connection, with TLS when the address says so. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Address, Dial, DialOptions, Transport, TransportEvents } from "../transport.ts";

class TcpTransport implements Transport {
  readonly #socket: Socket;
  #ended: { readonly cause: Error | undefined } | undefined;
  #cause: Error | undefined;
  #events: TransportEvents | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (cause) => {
      this.#cause = cause;
    });
    socket.on("close", () => {
      this.#ended = { cause: this.#cause };
      this.#events?.ended(this.#cause);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  start(events: TransportEvents): void {
    this.#events = events;
    if (this.#ended !== undefined) {
      events.ended(this.#ended.cause);
      return;
    }
    this.#socket.on("data", (chunk: Uint8Array) => events.bytes(chunk));
    this.#socket.on("drain", () => events.drained());
  }

  write(blocks: readonly Uint8Array[]): void {
    if (!this.#socket.writable) return;
    if (blocks.length === 1 && blocks[0] !== undefined) {
      this.#socket.write(blocks[0]);
      return;
    }
    this.#socket.cork();
    for (const block of blocks) this.#socket.write(block);
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

export const dialTcp: Dial = (address, { tls, signal }) =>
  new Promise((resolve, reject) => {
    const socket = address.scheme === "tls" ? openTls(address, tls) : openTcp(address);
    const failed = (cause: Error): void => {
      signal.removeEventListener("abort", givenUp);
      socket.destroy();
      reject(cause);
    };
    const givenUp = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    socket.once("error", failed);
    socket.once(address.scheme === "tls" ? "secureConnect" : "connect", () => {
      socket.off("error", failed);
      signal.removeEventListener("abort", givenUp);
      resolve(new TcpTransport(socket));
    });
    if (signal.aborted) givenUp();
    else signal.addEventListener("abort", givenUp, { once: true });
  });

const openTcp = ({ host, port }: Address): Socket =>
  connectTcp({ host, port, noDelay: true, keepAlive: true });

function openTls({ host, port }: Address, tls: DialOptions["tls"]): Socket {
  const serverName = tls?.serverName ?? (/^[\d.]+$|:/.test(host) ? undefined : host);
  return connectTls({
    host,
    port,
    ...(serverName !== undefined && { servername: serverName }),
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.certificate !== undefined && { cert: tls.certificate }),
    ...(tls?.key !== undefined && { key: tls.key }),
  }).setNoDelay(true);
}
