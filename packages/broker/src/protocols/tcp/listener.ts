/** The listening socket of the framed port, plain or with TLS: what stands before the first frame. */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerTls } from "@sluice/runtime";

export interface Listener {
  readonly server: Server;
  /** Ends clients that are not yet connections: they are in their TLS handshake, and closing would wait for them. */
  endHandshakes(): void;
}

/** A client may end its side and still read: the answer to its last frame has yet to come. */
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true } as const;

/** Calls `accept` with each connection that can carry frames. */
export function listener(tls: ServerTls | undefined, accept: (socket: Socket) => void): Listener {
  if (tls === undefined) {
    return { server: createServer(socketOptions, accept), endHandshakes: () => {} };
  }
  const server = createTlsServer({ ...socketOptions, ...tls.context }, accept);
  const handshakes = tls.serve(server);
  return { server, endHandshakes: () => handshakes.end() };
}
