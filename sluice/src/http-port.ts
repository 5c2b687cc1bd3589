/**
 * One HTTP port: one Fastify and one upgrade dispatcher, on which the parts register their routes and upgrade paths.
 * Routes, error answers and body limits belong to the parts; what belongs to the port is who may connect at all.
 */
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import swagger from "@fastify/swagger";
import {
  answerNotFound,
  type Problem,
  problem,
  problemCodeOf,
  refuseUpgrade,
  sendProblem,
  tokenScheme,
} from "@sluice/http-edge";
import {
  type Access,
  ConnectionCounts,
  Fault,
  type Handshakes,
  type Log,
  type Part,
  RefusalCounts,
  type Registry,
  type ServerTls,
  systemClock,
  type UpgradeHandler,
} from "@sluice/runtime";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from "fastify";
import { answerClientError } from "./client-errors.ts";
import { docsPage } from "./docs-page.ts";
import { markOptionalBodies } from "./optional-bodies.ts";
import { boundRequestBodies } from "./request-bodies.ts";
import { isLoopback } from "./settings.ts";

export interface HttpPortOptions {
  /** For the OpenAPI document. */
  readonly title: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** The setting that chooses the port, for the sentence when it is taken. */
  readonly setting: string;
  readonly parts: readonly Part<FastifyPluginAsync>[];
  /** Routes of the port itself: `/healthz`, `/ready`, `/metrics`, the first page. */
  readonly ownRoutes: readonly FastifyPluginAsync[];
  readonly allowedHosts: readonly string[];
  /** Whether the OpenAPI document tells of a token. */
  readonly access: Access;
  /** Given: the port speaks HTTPS and WSS, and nothing else. */
  readonly tls?: ServerTls;
  /** Connections at a time, WebSockets among them; one more is closed without a word. Default 10,000. */
  readonly connectionCountMax?: number;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** Bytes of request bodies that are on their way, of all connections together. Default 256 MiB. */
  readonly bodyBytesMax?: number;
  /** Where connections, bytes and refusals are counted. */
  readonly metrics: Registry;
  readonly log: Log;
}

/** Above what a host with the usual limits opens files for, and a bound on what clients that do nothing cost. */
const defaultConnectionCountMax = 10_000;
/** As much as all connections of the framed port may hold. */
const defaultBodyBytesMax = 256 * 1024 * 1024;

/** In milliseconds, by the names of Node. */
export interface HttpTimeouts {
  /** Whole time that a client may take to send a request, headers and body; a slower one is answered 408 and closed. */
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often it is looked for those who are too slow: they may take as much longer. */
  readonly connectionsCheckingInterval: number;
}

const usualTimeouts: HttpTimeouts = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 72_000,
  connectionsCheckingInterval: 5_000,
};
/** What closing waits for requests that were begun, so that one that is never finished does not hold up the rest. */
const closeGraceMs = 5_000;

const securitySchemes = { [tokenScheme]: { type: "http", scheme: "bearer" } } as const;

/** The name in a Host header without its port, lower case. */
function hostName(header: string | undefined): string {
  const value = (header ?? "").toLowerCase();
  return value.startsWith("[") ? value.slice(0, value.indexOf("]") + 1) : (value.split(":")[0] ?? "");
}

export class HttpPort implements AsyncDisposable {
  readonly #app: FastifyInstance;
  readonly #address: AddressInfo;

  private constructor(app: FastifyInstance, address: AddressInfo) {
    this.#app = app;
    this.#address = address;
  }

  static async open(options: HttpPortOptions): Promise<HttpPort> {
    const handshakes: Handshakes[] = [];
    const timeouts = { ...usualTimeouts, ...options.timeouts };
    const app: FastifyInstance = Fastify({
      loggerInstance: options.log as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      forceCloseConnections: "idle",
      requestTimeout: timeouts.requestTimeout,
      keepAliveTimeout: timeouts.keepAliveTimeout,
      ...(options.tls === undefined
        ? { http: timeouts }
        : { serverFactory: httpsServers(options.tls, timeouts, handshakes) }),
      clientErrorHandler: answerClientError,
      // Names in paths are bounded where they are parsed; percent-encoded they may be twelve times as long.
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
      // No route can answer for a path that cannot be read.
      frameworkErrors: (error, _request, reply) =>
        void sendProblem(reply, problem(error.statusCode ?? 400, "malformed-url", error.message)),
    });
    const mayName = hostCheck(options);
    // Hooks of every request take callbacks: a promise for each costs as much as what it waits for.
    app.addHook("onRequest", (request, reply, done) => {
      if (mayName(request.headers.host)) done();
      else void sendProblem(reply, foreignName(request.headers.host));
    });
    countRefusals(app, RefusalCounts.of(options.metrics));
    boundRequestBodies(app, options.bodyBytesMax ?? defaultBodyBytesMax, options.log);
    await app.register(swagger, {
      openapi: {
        openapi: "3.1.0",
        info: { title: options.title, version: options.version },
        tags: ["queues", "messages", "dead letters", "topics", "transactions"].map((name) => ({ name })),
        ...(options.access.required ? { components: { securitySchemes } } : {}),
      },
      transformObject: (found) => ("openapiObject" in found ? markOptionalBodies(found.openapiObject) : {}),
    });
    for (const routes of options.ownRoutes) await app.register(routes);
    for (const part of options.parts) if (part.routes !== undefined) await app.register(part.routes);
    app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
    await app.register(docsPage(options.title));
    const connections = ConnectionCounts.of(options.metrics);
    app.server.on(options.tls === undefined ? "connection" : "secureConnection", (socket: Socket) =>
      connections.speaks(socket, "http"),
    );
    app.server.on("upgrade", dispatcher(options.parts, mayName, connections));
    app.server.maxConnections = options.connectionCountMax ?? defaultConnectionCountMax;
    app.setNotFoundHandler(answerNotFound);
    keepRefusedConnections(app);
    endConnectionsOnClose(app, handshakes);
    await listen(app, options);
    const address = app.server.address();
    if (address === null || typeof address === "string") throw new TypeError("the server has no TCP address");
    return new HttpPort(app, address);
  }

  /** Where it listens; the port is the system's choice when 0 was asked for. */
  get address(): AddressInfo {
    return this.#address;
  }

  /** Stops accepting, lets requests that were begun end, for five seconds at most, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const limit = systemClock.after(closeGraceMs, () => this.#app.server.closeAllConnections());
    await this.#app.close();
    limit[Symbol.dispose]();
  }
}

/** Makes the HTTPS server for the framework, which then listens on the first address of the host alone, and leaves its handshakes in `handshakes`. */
function httpsServers(
  tls: ServerTls,
  timeouts: HttpTimeouts,
  handshakes: Handshakes[],
): (handler: RequestListener) => Server {
  return (handler) => {
    const server = createHttpsServer({ ...tls.context, ...timeouts }, handler);
    handshakes.push(tls.serve(server));
    return server;
  };
}

/**
 * A body that cannot be taken is refused, and the framework would end the connection with it. One that has come whole is no reason for that: what is
 * behind it would be lost. One that is too long is refused before it has come, and the end would reset the connection with bytes unread: the client,
 * which is still sending, would never see the answer. The rest is read and forgotten instead, for as long as a request may take.
 */
function keepRefusedConnections(app: FastifyInstance): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    if (reply.statusCode === 413 || (reply.statusCode >= 400 && request.raw.complete)) {
      reply.removeHeader("connection");
    }
    done(null, payload);
  });
}

/**
 * Closing waits for the connections that are busy just then. Their answers say that they are the last ones, and the connections end with them:
 * a client that goes on asking over one of them would hold the process for as long as it likes.
 */
function endConnectionsOnClose(app: FastifyInstance, handshakes: readonly Handshakes[]): void {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
    for (const each of handshakes) each.end();
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (closing) reply.header("connection", "close");
    done(null, payload);
  });
  app.addHook("onResponse", (_request, _reply, done) => {
    if (closing) app.server.closeIdleConnections();
    done();
  });
}

/** What was no problem document is counted by its status: a service has words of its own. */
function countRefusals(app: FastifyInstance, refusals: RefusalCounts): void {
  app.addHook("onResponse", (_request, reply, done) => {
    const { statusCode } = reply;
    if (statusCode >= 400) refusals.refused("http", problemCodeOf(reply) ?? `status-${statusCode}`);
    done();
  });
}

async function listen(app: FastifyInstance, { host, port, setting, tls }: HttpPortOptions): Promise<void> {
  const scheme = tls === undefined ? "http" : "https";
  try {
    await app.listen({
      host,
      port,
      listenTextResolver: (address) => `HTTP listens on ${address.replace(/^https?:\/\//, `${scheme}://`)}`,
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why =
      code === "EADDRINUSE" ? "is in use by another process" : `cannot be listened on: ${String(cause)}`;
    throw new Fault("address-in-use", `Port ${port} on ${host} ${why}; ${setting} chooses another.`, {
      cause,
    });
  }
}

/** On a loopback bind only known names are answered: a page elsewhere must not reach us by a name that it points at 127.0.0.1. */
function hostCheck({ host, allowedHosts }: HttpPortOptions): (header: string | undefined) => boolean {
  if (!isLoopback(host)) return () => true;
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  return (header) => isLoopback(hostName(header)) || allowed.has(hostName(header));
}

function foreignName(header: string | undefined): Problem {
  const detail = `This server does not answer to the name '${hostName(header).slice(0, 200)}'; see ALLOWED_HOSTS.`;
  return problem(421, "host-not-allowed", detail);
}

function dispatcher(
  parts: readonly Part<FastifyPluginAsync>[],
  mayName: (header: string | undefined) => boolean,
  connections: ConnectionCounts,
): UpgradeHandler {
  const handlers = new Map(parts.flatMap((part) => [...(part.upgrades ?? [])]));
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const handler = handlers.get(path);
    if (!mayName(request.headers.host)) {
      refuseUpgrade(socket, foreignName(request.headers.host));
    } else if (handler === undefined) {
      const detail = `There is no WebSocket at ${path.slice(0, 200)}.`;
      refuseUpgrade(socket, problem(404, "unknown-path", detail));
    } else {
      connections.speaks(socket, "websocket");
      handler(request, socket, head);
    }
  };
}
