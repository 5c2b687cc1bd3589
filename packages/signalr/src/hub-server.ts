/**
 * A SignalR hub: the one object that an application makes. It exports routes and an upgrade handler and never listens; what its
 * clients may do is what `on` was told.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Log, Random, Timer, UpgradeHandler } from "@sluice/runtime";
import type { FastifyPluginAsync } from "fastify";
import { Connection, type Host } from "./connection.ts";
import { Dispatcher, type HubHandler } from "./dispatcher.ts";
import { HubGroups } from "./groups.ts";
import type { HubConnection } from "./hub-connection.ts";
import { defaultHubLimits, type HubLimits } from "./limits.ts";
import { OriginPolicy } from "./origin.ts";
import { newConnectionName, Reservations } from "./reservations.ts";
import { hubRoutes } from "./routes.ts";
import { refuseUpgrade, WebSockets } from "./websocket.ts";

/** Who a client is. `userId: undefined` is a guest. */
export interface HubIdentity {
  readonly userId: string | undefined;
}

/** Resolves with `undefined` to refuse the request with 401. */
export type Authenticate = (
  request: IncomingMessage,
) => Promise<HubIdentity | undefined> | HubIdentity | undefined;

export interface HubOptions {
  /** Exact path of the hub, e.g. `/hubs/chat`. */
  readonly path: string;
  readonly clock: Clock;
  /** Makes the connection tokens: must be fit for secrets outside of tests. */
  readonly random: Random;
  readonly log: Log;
  readonly limits?: Partial<HubLimits>;
  /** Default: everybody is a guest. */
  readonly authenticate?: Authenticate;
  /** Pages of other origins that may connect; see `OriginPolicy`. Default: none. */
  readonly allowedOrigins?: readonly string[];
}

const sweepIntervalMs = 1000;

export class HubServer implements AsyncDisposable {
  /** `POST {path}/negotiate` and what belongs to it. */
  readonly routes: FastifyPluginAsync;
  /** The handler of `GET {path}` with `Upgrade: websocket`. */
  readonly upgrades: ReadonlyMap<string, UpgradeHandler>;
  readonly groups: HubGroups;
  readonly #options: HubOptions;
  readonly #limits: HubLimits;
  readonly #origins: OriginPolicy;
  readonly #reservations: Reservations;
  readonly #dispatcher: Dispatcher;
  readonly #webSockets: WebSockets;
  readonly #connections = new Map<string, Connection>();
  readonly #connectedHandlers: ((connection: HubConnection) => unknown)[] = [];
  readonly #disconnectedHandlers: ((connection: HubConnection) => void)[] = [];
  #sweeping: Timer | undefined;
  #draining: PromiseWithResolvers<void> | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#limits = { ...defaultHubLimits, ...options.limits };
    this.#origins = new OriginPolicy(options.allowedOrigins);
    this.#reservations = new Reservations(options.clock, options.random, this.#limits);
    this.#dispatcher = new Dispatcher(options.log);
    this.#webSockets = new WebSockets(this.#limits.frameBytesMax);
    this.groups = new HubGroups((id) => this.#connections.get(id), this.#limits.groupsPerConnectionMax);
    this.routes = hubRoutes({
      path: options.path,
      origins: this.#origins,
      identify: (request) => this.#identify(request),
      reserve: (version) => (this.#isFull ? undefined : this.#reservations.make(version)),
    });
    this.upgrades = new Map([
      [options.path, (request, socket, head) => void this.#upgrade(request, socket, head)],
    ]);
  }

  /** How many connections are open or closing. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Serves the method `target`, whose name ignores case. A second handler of the same name replaces the first. */
  on(target: string, handler: HubHandler): void {
    this.#dispatcher.add(target, handler);
  }

  /** Called after the handshake; the client's invocations wait for it. When it throws, the connection is closed. */
  onConnected(handler: (connection: HubConnection) => unknown): void {
    this.#connectedHandlers.push(handler);
  }

  /** Called once when a connection that shook hands, or tried to, has gone; it is in no group any more. */
  onDisconnected(handler: (connection: HubConnection) => void): void {
    this.#disconnectedHandlers.push(handler);
  }

  /** Takes no new connections, tells every client to come back (Close with `allowReconnect`), and resolves when all have gone. */
  async drain(): Promise<void> {
    this.#draining ??= Promise.withResolvers();
    for (const connection of this.#connections.values()) connection.close({ allowReconnect: true });
    this.#settle();
    await this.#draining.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  get #isFull(): boolean {
    return this.#draining !== undefined || this.#connections.size >= this.#limits.connectionCountMax;
  }

  async #identify(request: IncomingMessage): Promise<HubIdentity | undefined> {
    const { authenticate } = this.#options;
    return authenticate === undefined ? { userId: undefined } : authenticate(request);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until the WebSocket has the socket, nobody else would hear its errors.
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    if (!this.#origins.allows(request.headers)) return refuseUpgrade(socket, 403, "Origin not allowed");
    if (this.#isFull) return refuseUpgrade(socket, 503, "No more connections");
    const connectionId = this.#claim(request, socket);
    if (connectionId === undefined) return;
    let identity: HubIdentity | undefined;
    try {
      identity = await this.#identify(request);
    } catch (error) {
      this.#options.log.error({ err: error }, "A hub client could not be authenticated");
      return refuseUpgrade(socket, 500, "Authentication failed");
    }
    if (identity === undefined) return refuseUpgrade(socket, 401, "Unauthorized");
    if (this.#isFull) return refuseUpgrade(socket, 503, "No more connections");
    const { userId } = identity;
    socket.off("error", onError);
    this.#webSockets.accept(request, socket, head, (transport) => {
      const { clock } = this.#options;
      const connection = new Connection({
        id: connectionId,
        userId,
        transport,
        host: this.#host,
        clock,
        limits: this.#limits,
      });
      this.#connections.set(connectionId, connection);
      this.#sweepLater();
      return {
        received: (chunk) => connection.receive(chunk),
        closed: () => connection.transportClosed(),
      };
    });
  }

  /** The connection id that the request may use: the one negotiated, or a new one when it skipped that. Refuses the socket otherwise. */
  #claim(request: IncomingMessage, socket: Duplex): string | undefined {
    const token = new URL(request.url ?? "/", "http://hub").searchParams.get("id");
    if (token === null) return newConnectionName(this.#options.random);
    const claim = this.#reservations.claim(token);
    if (claim.ok) {
      socket.once("close", () => this.#reservations.release(token));
      return claim.connectionId;
    }
    if (claim.refusal === "unknown-token") refuseUpgrade(socket, 404, "No Connection with that ID");
    else refuseUpgrade(socket, 409, "The connection is in use");
    return undefined;
  }

  readonly #host: Host = {
    opened: async (connection) => {
      try {
        for (const handler of this.#connectedHandlers) await handler(connection);
      } catch (error) {
        this.#options.log.error(
          { err: error, connectionId: connection.id },
          "A hub client could not be greeted",
        );
        throw error;
      }
    },
    invoke: (connection, invocation) => this.#dispatcher.run(connection, invocation),
    ended: (connection) => {
      this.groups.removeEverywhere(connection);
      this.#connections.delete(connection.id);
      for (const handler of this.#disconnectedHandlers) handler(connection);
      this.#settle();
    },
  };

  /** One timer for all connections, armed while there are any. */
  #sweepLater(): void {
    this.#sweeping ??= this.#options.clock
      .after(sweepIntervalMs, () => {
        this.#sweeping = undefined;
        this.#reservations.expire();
        for (const connection of this.#connections.values()) connection.sweep();
        if (this.#connections.size > 0) this.#sweepLater();
      })
      .unref();
  }

  #settle(): void {
    if (this.#connections.size > 0) return;
    this.#sweeping?.[Symbol.dispose]();
    this.#sweeping = undefined;
    this.#draining?.resolve();
  }
}
