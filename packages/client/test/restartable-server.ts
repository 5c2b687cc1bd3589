/** A real broker behind a real framed port on the loopback, that can go away and come back with what its disk holds. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { TcpServer } from "@sluice/broker/tcp";
import { WebSocketDoor } from "@sluice/broker/websocket";
import { Access, AllowedOrigins, createMetrics, seededRandom, silentLog, systemClock } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import { Client, type ClientOptions, type Dial } from "../src/index.ts";
import { dialTcp } from "../src/transports/tcp.ts";
import { dialWebSocket } from "../src/transports/websocket.ts";

export class RestartableServer implements AsyncDisposable {
  readonly #disk = new SimulatedDisk(seededRandom(11));
  readonly #scheme: "tcp" | "ws";
  /** Stays while the server is away, so that its port is the same; then nobody is let in. */
  readonly #http = createServer((_request, response) => response.end(this.page));
  #running: { readonly broker: Broker; readonly server: TcpServer; readonly door: WebSocketDoor } | undefined;
  /** The token that it wants; undefined: none. */
  token: string | undefined;
  /** What is answered to whoever asks over HTTP. */
  page = "";

  /** `scheme`: how clients reach it. */
  constructor(scheme: "tcp" | "ws" = "tcp") {
    this.#scheme = scheme;
    this.#http.on("upgrade", (request, socket, head) => {
      const upgrade = this.#running?.door.upgrades.get("/ws");
      if (upgrade === undefined) socket.destroy();
      else upgrade(request, socket, head);
    });
  }

  async start(): Promise<void> {
    const metrics = createMetrics();
    const journal = await FileJournal.open({ disk: this.#disk, random: seededRandom(12) });
    const broker = await Broker.open({ journal, random: seededRandom(13), metrics });
    const server = await TcpServer.listen({
      broker,
      host: "127.0.0.1",
      port: 0,
      mode: "queue",
      consumerCountMax: 10,
      bufferCountMax: 1_000,
      overflow: "drop",
      clock: systemClock,
      log: silentLog,
      metrics,
      full: {
        // A client waits this long before it comes back to a server that said that it goes.
        limits: { reconnectAfterMs: 1 },
        authenticate: (token) =>
          this.token === undefined || token === this.token
            ? { ok: true }
            : { ok: false, sentence: "The token is not known." },
      },
    });
    const door = new WebSocketDoor({
      ...{ broker, metrics, framed: server, clock: systemClock, log: silentLog },
      access: new Access({ tokens: [], clock: systemClock }),
      origins: new AllowedOrigins(),
    });
    this.#running = { broker, server, door };
    if (this.#scheme === "tcp" || this.#http.listening) return;
    await new Promise<void>((resolve) => this.#http.listen({ host: "127.0.0.1", port: 0 }, resolve));
  }

  /** `drain`: says goaway first. Otherwise every connection is cut. */
  async stop(how: "drain" | "cut"): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    if (how === "drain") await running.server.drain();
    await running.door[Symbol.asyncDispose]();
    await running.server[Symbol.asyncDispose]();
    await running.broker[Symbol.asyncDispose]();
  }

  /** Takes over a connection that came by another way. */
  accept(socket: Duplex): void {
    this.#running?.server.accept(socket);
  }

  /** Reaches the server wherever it listens now. */
  readonly dial: Dial = (address, options) => {
    const running = this.#running;
    if (running === undefined) return Promise.reject(new Error("Nobody listens."));
    const isTcp = this.#scheme === "tcp";
    const { port } = isTcp ? running.server.address : this.#httpAddress;
    const reached = { ...address, host: "127.0.0.1", port };
    return isTcp ? dialTcp(reached, options) : dialWebSocket(reached, options);
  };

  connect(options: Partial<ClientOptions> = {}): Promise<Client> {
    return Client.connect({
      addresses: [`${this.#scheme}://sluice:9080`],
      dial: this.dial,
      reconnect: { initialDelayMs: 1, delayMaxMs: 4 },
      ...options,
    });
  }

  /** Where pages and WebSockets are. */
  get origin(): string {
    return `http://127.0.0.1:${this.#httpAddress.port}`;
  }

  get #httpAddress(): AddressInfo {
    return this.#http.address() as AddressInfo;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("cut");
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

/** What somebody has heard, and a way to wait for it. */
export class Heard {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();

  add(text: string): void {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
    this.#waiting.get(text)?.();
    this.#waiting.delete(text);
  }

  get size(): number {
    return this.#counts.size;
  }

  has(text: string): Promise<void> {
    if (this.#counts.has(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(text, resolve));
  }
}
