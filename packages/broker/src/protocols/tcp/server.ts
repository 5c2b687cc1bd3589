/** The framed TCP port: listens, bounds how many may connect, gives each role its work, and drains. */
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { encodeErrorFrame, frameBytesCeiling, type Role } from "@sluice/protocol";
import {
  type Access,
  assert,
  type Clock,
  Fault,
  type Log,
  type Registry,
  type ServerTls,
} from "@sluice/runtime";
import type { BrokerApi, Overflow, QueueBatchApi } from "../../broker/api.ts";
import { type Channel, channelOf, type DeliveryMode, defaultChannel } from "./channel.ts";
import { Connection } from "./connection.ts";
import { SharedBlocks } from "./frame-blocks.ts";
import { type FullRole, type FullRoleOptions, fullRole } from "./full/full-role.ts";
import { defaultTcpLimits, type TcpLimits } from "./limits.ts";
import { type Listener, listener } from "./listener.ts";
import { LiveConsumer } from "./live-consumer.ts";
import type { Peer, RoleConnection } from "./peer.ts";
import { Producer } from "./producer.ts";
import { QueueConsumer } from "./queue-consumer.ts";
import { TcpMetrics } from "./tcp-metrics.ts";
import { TotalBytes } from "./total-bytes.ts";

export interface TcpServerOptions {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly host: string;
  /** 0 lets the system choose; `address` tells which. */
  readonly port: number;
  /** What the channel `default` is. */
  readonly mode: DeliveryMode;
  /** Classic consumers of one channel at most. */
  readonly consumerCountMax: number;
  /** Messages that wait for one consumer of a topic at most. */
  readonly bufferCountMax: number;
  /** What happens when that buffer is full. */
  readonly overflow: Overflow;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
  /** Asked with the token of each classic role. Default: everybody may. */
  readonly access?: Access;
  /** Given: the port speaks TLS and nothing else. */
  readonly tls?: ServerTls;
  /** Absent ones are `defaultTcpLimits`. */
  readonly limits?: Partial<TcpLimits>;
  /** Of the role SLUICE/1. */
  readonly full?: Omit<FullRoleOptions, "broker" | "clock" | "log">;
}

/** Connections beyond the limit that are being told so; more than these are closed without a word. */
const refusedCountMax = 64;

export class TcpServer implements AsyncDisposable {
  readonly #options: TcpServerOptions;
  readonly #limits: TcpLimits;
  readonly #metrics: TcpMetrics;
  readonly #fullRole: FullRole;
  readonly #listener: Listener;
  readonly #blocks = new SharedBlocks();
  readonly #connections = new Set<Connection>();
  readonly #totalBytes: TotalBytes;
  readonly #liveConsumers = new Set<LiveConsumer>();
  readonly #queueConsumers = new Map<string, Set<QueueConsumer>>();

  private constructor(options: TcpServerOptions) {
    this.#options = options;
    this.#limits = { ...defaultTcpLimits, ...options.limits };
    assert(this.#limits.frameBytesMax <= frameBytesCeiling, "no frame limit is above 16 MiB");
    this.#totalBytes = new TotalBytes(this.#limits.totalBytesMax);
    this.#metrics = new TcpMetrics(options.metrics, options.clock, options.log);
    const { access } = options;
    this.#fullRole = fullRole({
      broker: options.broker,
      clock: options.clock,
      log: options.log,
      refused: (code) => this.#metrics.requestRefused(code),
      ...(access === undefined ? {} : { authenticate: (token, address) => access.admit(token, address) }),
      ...options.full,
    });
    this.#listener = listener(options.tls, (socket) => this.accept(socket));
    this.#listener.server.maxConnections = this.#limits.connectionCountMax + refusedCountMax;
  }

  /**
   * Makes the channel `default`, then listens.
   * @throws Fault `address-in-use`, `cannot-listen`, or `channel-refused` when the broker refuses the channel.
   */
  static async listen(options: TcpServerOptions): Promise<TcpServer> {
    const server = new TcpServer(options);
    const channel = defaultChannel(options.mode);
    await server.#create(channel);
    await server.#listen();
    const { address, port } = server.address;
    options.log.info(
      { address, port, mode: options.mode, channel: channel.name, kind: channel.kind },
      "framed TCP listens",
    );
    return server;
  }

  /** Where it listens. */
  get address(): AddressInfo {
    const address = this.#listener.server.address();
    assert(address !== null && typeof address === "object", "the server listens on TCP");
    return address;
  }

  /** Connections that are open or whose work is not done. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The bounds that all connections share, also with those of other ports. */
  get totalBytes(): TotalBytes {
    return this.#totalBytes;
  }

  /** Takes over one connection: a socket, or any other byte stream. `roles`: which may be said on it; the classic ones are for sockets. */
  accept(socket: Duplex, roles: "all" | "full" = "all"): void {
    const { connectionCountMax, lingerMs } = this.#limits;
    const { clock, log } = this.#options;
    if (this.#connections.size >= connectionCountMax) {
      this.#metrics.errorSent("too-many-connections", undefined);
      socket.on("error", () => socket.destroy());
      socket.resume();
      socket.end(
        encodeErrorFrame("too-many-connections", `The server takes ${connectionCountMax} connections.`),
      );
      const timer = clock.after(lingerMs, () => socket.destroy());
      socket.on("close", () => timer[Symbol.dispose]());
      return;
    }
    const connection = new Connection(socket, {
      limits: this.#limits,
      clock,
      log,
      metrics: this.#metrics,
      totalBytes: this.#totalBytes,
      begin: (role, peer) => this.#begin(role, peer, roles),
    });
    this.#connections.add(connection);
    void connection.over.then(() => this.#connections.delete(connection));
    connection.open();
  }

  /**
   * Stops accepting and reading, lets the broker answer for what was read, then lets consumers take what is theirs, at most
   * `drainMs`; what they have not taken by then goes back to its queue. Resolves when every connection is over.
   */
  async drain(): Promise<void> {
    const { clock } = this.#options;
    const stopped = this.#close();
    const limit = clock.after(this.#limits.drainMs, () => this.#destroyAll());
    const isConsumer = (connection: Connection): boolean => connection.roleKind === "consumer";
    const consumers = [...this.#connections].filter(isConsumer);
    const others = [...this.#connections].filter((connection) => !isConsumer(connection));
    await Promise.all(others.map((connection) => connection.drain()));
    await Promise.all(consumers.map((connection) => connection.drain()));
    await Promise.all([...this.#connections].map((connection) => connection.over));
    limit[Symbol.dispose]();
    await stopped;
  }

  /** Ends every connection at once; what was not handed over goes back. Harmless after a drain. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.#close();
    const over = [...this.#connections].map((connection) => connection.over);
    this.#destroyAll();
    await Promise.all([stopped, ...over]);
  }

  /** Takes nobody any more. Resolves when nobody is connected. */
  #close(): Promise<void> {
    const { server, endHandshakes } = this.#listener;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    endHandshakes();
    return closed;
  }

  #destroyAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** That the channel exists with other settings is no reason not to start: the classic roles speak to what is there. */
  async #create(channel: Channel): Promise<void> {
    const { broker } = this.#options;
    const result =
      channel.kind === "topic"
        ? await broker.createTopic({
            topic: channel.name,
            partitionCount: 1,
            retention: "live",
            durability: "memory",
          })
        : await broker.createQueue({ queue: channel.name });
    if (result.ok || result.refusal === "invalid-setting") return;
    throw new Fault("channel-refused", `The ${channel.kind} ${channel.name} was refused: ${result.detail}`);
  }

  #listen(): Promise<void> {
    const { host, port, log } = this.#options;
    const { server } = this.#listener;
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException): void => {
        const inUse = cause.code === "EADDRINUSE";
        const sentence = inUse
          ? `Port ${port} on ${host} is in use: another process listens there; TCP_PORT chooses another.`
          : `Cannot listen on ${host}:${port}: ${cause.message}`;
        reject(new Fault(inUse ? "address-in-use" : "cannot-listen", sentence, { cause }));
      };
      server.once("error", failed);
      server.listen({ host, port }, () => {
        server.off("error", failed);
        // One connection could not be accepted, for example for want of file descriptors: the others go on.
        server.on("error", (err) => log.warn({ err }, "a connection could not be accepted"));
        resolve();
      });
    });
  }

  #begin(role: Role, peer: Peer, roles: "all" | "full"): RoleConnection | undefined {
    if (role.kind === "full") return this.#fullRole(role, peer);
    if (roles === "full") {
      peer.refuse("unknown-role", "The classic roles are for TCP; here SLUICE/1 is spoken.");
      return undefined;
    }
    const admission = this.#options.access?.admit(role.parameters.get("token"), peer.address);
    if (admission?.ok === false) {
      peer.refuse("unauthorized", admission.sentence);
      return undefined;
    }
    const channel = channelOf(role, this.#options.mode);
    if ("code" in channel) {
      peer.refuse(channel.code, channel.sentence);
      return undefined;
    }
    if (role.kind === "producer") return this.#producer(peer, channel);
    return channel.kind === "topic" ? this.#liveConsumer(peer, channel) : this.#queueConsumer(peer, channel);
  }

  #producer(peer: Peer, channel: Channel): RoleConnection {
    const { broker } = this.#options;
    const published = (count: number): void => {
      for (const consumer of this.#liveConsumers) {
        if (consumer.topic === channel.name) consumer.published(count);
      }
    };
    return new Producer(peer, { broker, limits: this.#limits, metrics: this.#metrics, channel, published });
  }

  #liveConsumer(peer: Peer, channel: Channel): RoleConnection {
    const { broker, consumerCountMax, bufferCountMax, overflow } = this.#options;
    const consumer = new LiveConsumer(peer, {
      broker,
      channel,
      metrics: this.#metrics,
      blocks: this.#blocks,
      consumerCountMax,
      bufferCountMax,
      overflow,
      closed: (gone) => this.#liveConsumers.delete(gone),
    });
    this.#liveConsumers.add(consumer);
    return consumer;
  }

  #queueConsumer(peer: Peer, channel: Channel): RoleConnection | undefined {
    const { broker, clock, log, consumerCountMax } = this.#options;
    const consumers = this.#queueConsumers.get(channel.name) ?? new Set();
    if (consumers.size >= consumerCountMax) {
      peer.refuse(
        "too-many-consumers",
        `The queue ${channel.name} has ${consumers.size} consumers, as many as it may.`,
      );
      return undefined;
    }
    const consumer = new QueueConsumer(peer, {
      broker,
      channel,
      limits: this.#limits,
      clock,
      log,
      metrics: this.#metrics,
      closed: (gone) => {
        consumers.delete(gone);
        if (consumers.size === 0) this.#queueConsumers.delete(channel.name);
      },
    });
    this.#queueConsumers.set(channel.name, consumers.add(consumer));
    return consumer;
  }
}
