/**
 * `/ws`: decides which upgrade requests become connections. Who speaks JSON shows its token here, who speaks SLUICE/1 in its hello; a page
 * of another origin needs to be allowed either way, because browsers open WebSockets across origins without asking.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { problem, refusedAdmission, refuseUpgrade } from "@sluice/http-edge";
import type { Access, AllowedOrigins, UpgradeHandler } from "@sluice/runtime";
import { type WebSocket, WebSocketServer } from "ws";
import type { TotalBytes } from "../tcp/total-bytes.ts";
import { FramedStream } from "./framed-stream.ts";
import { framedProtocol, type jsonProtocol, readHandshake } from "./handshake.ts";
import { closeTimeoutMs, framedMessageBytesMax, pongBytesMax } from "./limits.ts";
import { UnfinishedMessage } from "./unfinished.ts";

export interface WebSocketDoorOptions {
  readonly access: Access;
  readonly origins: AllowedOrigins;
  /** The framed port: its connections of SLUICE/1 are those of `sluice.1`, and it bounds what all of them hold. */
  readonly framed: {
    readonly totalBytes: TotalBytes;
    accept(stream: Duplex, roles: "full"): void;
  };
}

/** The path that it answers at. */
const path = "/ws";

export class WebSocketDoor implements AsyncDisposable {
  readonly #options: WebSocketDoorOptions;
  readonly #framed = webSocketServer(framedProtocol, framedMessageBytesMax);
  #isClosed = false;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
  }

  /** For the upgrade dispatcher of a port. */
  get upgrades(): ReadonlyMap<string, UpgradeHandler> {
    return new Map([[path, (request, socket, head) => this.#upgrade(request, socket, head)]]);
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { access, origins, framed } = this.#options;
    const { headers } = request;
    if (this.#isClosed) {
      refuseUpgrade(socket, problem(503, "shutting-down", "The server is shutting down."));
      return;
    }
    if (!origins.allows(headers)) {
      const detail = `Pages of ${headers.origin} may not connect; see ALLOWED_ORIGINS.`;
      refuseUpgrade(socket, problem(403, "origin-not-allowed", detail));
      return;
    }
    const handshake = readHandshake(headers);
    if ("wrong" in handshake) {
      refuseUpgrade(socket, problem(400, "malformed-upgrade", handshake.wrong));
      return;
    }
    const address = request.socket.remoteAddress;
    if (handshake.protocol === framedProtocol) {
      this.#framed.handleUpgrade(request, socket, head, (webSocket) => {
        answerPings(webSocket);
        new UnfinishedMessage(socket, webSocket, framed.totalBytes);
        framed.accept(new FramedStream(webSocket, address), "full");
      });
      return;
    }
    const admission = access.admit(handshake.token, address);
    if (!admission.ok) {
      const refused = refusedAdmission(admission);
      refuseUpgrade(socket, refused.problem, refused.headers);
      return;
    }
    refuseUpgrade(socket, problem(400, "malformed-upgrade", `Offer the subprotocol ${framedProtocol}.`));
  }
}

function webSocketServer(
  protocol: typeof framedProtocol | typeof jsonProtocol,
  messageBytesMax: number,
): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    // The types of the library do not know it yet.
    ...{ closeTimeout: closeTimeoutMs },
    maxPayload: messageBytesMax,
    handleProtocols: () => protocol,
  });
}

/** RFC 6455 §5.5.3: only as far as the peer reads; one that floods us with pings gets as many pongs as it takes. */
function answerPings(webSocket: WebSocket): void {
  webSocket.on("ping", (payload) => {
    if (webSocket.readyState === webSocket.OPEN && webSocket.bufferedAmount < pongBytesMax) {
      webSocket.pong(payload);
    }
  });
}
