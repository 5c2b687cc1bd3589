/** A real broker behind a real framed port on the loopback, that can go away and come back with what its disk holds. */
import type { Duplex } from "node:stream";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { TcpServer } from "@sluice/broker/tcp";
import { createMetrics, seededRandom, silentLog, systemClock } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import { Client, type ClientOptions, type Dial } from "../src/index.ts";
import { dialTcp } from "../src/transports/tcp.ts";

export class RestartableServer implements AsyncDisposable {
  readonly #disk = new SimulatedDisk(seededRandom(11));
  #running: { readonly broker: Broker; readonly server: TcpServer } | undefined;
  /** The token that it wants; undefined: none. */
  token: string | undefined;

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
    this.#running = { broker, server };
  }

  /** `drain`: says goaway first. Otherwise every connection is cut. */
  async stop(how: "drain" | "cut"): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    if (how === "drain") await running.server.drain();
    await running.server[Symbol.asyncDispose]();
    await running.broker[Symbol.asyncDispose]();
  }

  /** Takes over a connection that came by another way. */
  accept(socket: Duplex): void {
    this.#running?.server.accept(socket);
  }

  /** Reaches the server wherever it listens now. */
  readonly dial: Dial = (address, options) => {
    const { port } = this.#running?.server.address ?? {};
    if (port === undefined) return Promise.reject(new Error("Nobody listens."));
    return dialTcp({ ...address, host: "127.0.0.1", port }, options);
  };

  connect(options: Partial<ClientOptions> = {}): Promise<Client> {
    return Client.connect({
      addresses: ["tcp://sluice:9080"],
      dial: this.dial,
      reconnect: { initialDelayMs: 1, delayMaxMs: 4 },
      ...options,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("cut");
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
