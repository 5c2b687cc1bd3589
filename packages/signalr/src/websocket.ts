/** WebSockets as a transport: taking over the socket of an upgrade request, or refusing it in plain HTTP. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Transport } from "./transport.ts";

/** What happens to a transport after it is open. */
export interface TransportEvents {
  received(chunk: Uint8Array): void;
  closed(): void;
}

/** WebSocket close code for an ordinary end (RFC 6455 §7.4.1). */
const normalClosure = 1000;

export class WebSockets {
  readonly #server: WebSocketServer;

  constructor(frameBytesMax: number) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
    });
  }

  /** Completes the upgrade and hands the transport to `open`; a request that is no WebSocket handshake is answered with 400. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    open: (transport: Transport) => TransportEvents,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const events = open(transportOf(webSocket));
      webSocket.on("message", (data) => events.received(bytesOf(data)));
      webSocket.on("close", () => events.closed());
      // What went wrong (a broken frame, a reset) is followed by "close", which is what counts.
      webSocket.on("error", () => {});
    });
  }
}

function transportOf(webSocket: WebSocket): Transport {
  return {
    send: (records) => webSocket.send(records, { binary: false }),
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    close: () => webSocket.close(normalClosure),
    terminate: () => webSocket.terminate(),
  };
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** Answers an upgrade request with `status` and ends its socket. */
export function refuseUpgrade(socket: Duplex, status: number, sentence: string): void {
  const body = `${sentence}\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
