/**
 * `/ws`: decides which upgrade requests become connections. Who speaks JSON shows its token here, who speaks SLUICE/1 in its hello; a page
 * of another origin needs to be allowed either way, because browsers open WebSockets across origins without asking.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { problem, refusedAdmission, refuseUpgrade } from "@sluice/http-edge";
import type { Access, AllowedOrigins, Clock, Log, Registry, UpgradeHandler } from "@sluice/runtime";
import { WebSocketServer } from "ws";
import type { BrokerApi, QueueBatchApi } from "../../broker/api.ts";
import type { TotalBytes } from "../tcp/total-bytes.ts";
import { FramedStream } from "./framed-stream.ts";
import { framedProtocol, jsonProtocol, readHandshake } from "./handshake.ts";
import { JsonConnection } from "./json/connection.ts";
import { QueueRounds } from "./json/queue-rounds.ts";
import {
  closeTimeoutMs,
  defaultJsonLimits,
  framedMessageBytesMax,
  type JsonLimits,
  jsonMessageBytesMax,
} from "./limits.ts";
import { answerPings } from "./pings.ts";
import { UnfinishedMessage } from "./unfinished.ts";

export interface WebSocketDoorOptions {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
  readonly access: Access;
  readonly origins: AllowedOrigins;
  /** The framed port: its connections of SLUICE/1 are those of `sluice.1`, and it bounds what all of them hold. */
  readonly framed: {
    readonly totalBytes: TotalBytes;
    accept(stream: Duplex, roles: "full"): void;
  };
  /** Absent ones are `defaultJsonLimits`. */
  readonly limits?: Partial<JsonLimits>;
}

/** The path that it answers at. */
const path = "/ws";

export class WebSocketDoor implements AsyncDisposable {
  readonly #options: WebSocketDoorOptions;
  readonly #framed = webSocketServer(framedProtocol, framedMessageBytesMax);
  readonly #json = webSocketServer(jsonProtocol, jsonMessageBytesMax);
  readonly #limits: JsonLimits;
  readonly #rounds: QueueRounds;
  readonly #connections = new Set<JsonConnection>();
  #isClosed = false;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#limits = { ...defaultJsonLimits, ...options.limits };
    this.#rounds = new QueueRounds(options.broker);
  }

  /** For the upgrade dispatcher of a port. */
  get upgrades(): ReadonlyMap<string, UpgradeHandler> {
    return new Map([[path, (request, socket, head) => this.#upgrade(request, socket, head)]]);
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isClosed = true;
  }

  /**
   * Lets nobody in, ends every wait and subscription of JSON, and lets clients settle what they hold, for `drainMs` at most; what they have
   * not settled by then goes back. Resolves when every connection of JSON is over. Those of SLUICE/1 drain with the framed port.
   */
  async drain(): Promise<void> {
    this.close();
    for (const connection of this.#connections) connection.drain();
    const limit = this.#options.clock.after(this.#limits.drainMs, () => this.#destroyAll());
    await this.#allOver();
    limit[Symbol.dispose]();
  }

  /** Ends every connection of JSON at once. Harmless after a drain. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#destroyAll();
    await this.#allOver();
  }

  #destroyAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async #allOver(): Promise<void> {
    await Promise.all(Array.from(this.#connections, (connection) => connection.over));
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
        new UnfinishedMessage(socket, webSocket, { totalBytes: framed.totalBytes, log: this.#options.log });
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
    const { connectionCountMax } = this.#limits;
    if (this.#connections.size >= connectionCountMax) {
      const detail = `The server takes ${connectionCountMax} connections of ${jsonProtocol}.`;
      refuseUpgrade(socket, problem(503, "too-many-connections", detail), { "retry-after": "5" });
      return;
    }
    this.#json.handleUpgrade(request, socket, head, (webSocket) => {
      const { totalBytes } = framed;
      const { broker, clock, log, metrics } = this.#options;
      const connection = new JsonConnection(webSocket, socket, {
        ...{ broker, clock, log, metrics, totalBytes },
        limits: this.#limits,
        rounds: this.#rounds,
      });
      this.#connections.add(connection);
      void connection.over.then(() => this.#connections.delete(connection));
    });
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
