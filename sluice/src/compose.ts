/**
 * The composition: opens the journal, the broker and, unless it runs alone, the services in this process, and puts them on their ports.
 * Stopping goes the other way: first what comes from outside is brought to an end, then what it used.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Broker, withOwnedTopics } from "@sluice/broker";
import { httpRoutes, systemRoutes } from "@sluice/broker/http";
import {
  FileJournal,
  type Journal,
  MemoryJournal,
  NodeDisk,
  reserveBytesUsual,
} from "@sluice/broker/journal";
import { TcpServer } from "@sluice/broker/tcp";
import { WebSocketDoor } from "@sluice/broker/websocket";
import { guarded, principalOnly } from "@sluice/http-edge";
import {
  Access,
  AllowedOrigins,
  createMetrics,
  Fault,
  type Log,
  measureProcess,
  type Part,
  ServerTls,
  systemClock,
  systemRandom,
} from "@sluice/runtime";
import type { FastifyPluginAsync } from "fastify";
import { type FirstPageFacts, firstPage } from "./first-page.ts";
import { HttpPort } from "./http-port.ts";
import { ownedTopics } from "./owned-topics.ts";
import type { Services, ServicesOptions } from "./services.ts";
import { isLoopback, type Settings } from "./settings.ts";
import { version } from "./version.ts";

/** Ports of a running process. */
export interface Addresses {
  /** Without a slash at the end. */
  readonly http: string;
  /** The same; undefined where chat does not run. */
  readonly chat: string | undefined;
  /** `host:port` */
  readonly tcp: string;
}

export class Sluice implements AsyncDisposable {
  readonly addresses: Addresses;
  readonly #drain: () => Promise<void>;
  readonly #opened: AsyncDisposableStack;
  readonly #tls: ServerTls | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(
    addresses: Addresses,
    drain: () => Promise<void>,
    opened: AsyncDisposableStack,
    tls: ServerTls | undefined,
  ) {
    this.#tls = tls;
    this.addresses = addresses;
    this.#drain = drain;
    this.#opened = opened;
  }

  /**
   * Starts what `PARTS` says; resolves when every port answers and every part is ready. When something cannot start, what was opened before it
   * is closed again.
   * @throws Fault with a sentence for the person who started it: `directory-in-use`, `address-in-use`, `data-directory`, ...
   */
  static async start(settings: Settings, log: Log): Promise<Sluice> {
    await using opened = new AsyncDisposableStack();
    const [clock, random, metrics] = [systemClock, systemRandom, createMetrics()];
    measureProcess(metrics);
    const access = openAccess(settings, log);
    const tls = await openTls(settings, log);
    const withTls = tls === undefined ? {} : { tls };
    const dataDirectory = resolve(settings.DATA_DIR);
    await makeDirectory(dataDirectory);

    const journal = await openJournal(settings, dataDirectory, log.child({ part: "journal" }));
    const broker = await Broker.open({
      journal,
      clock,
      random,
      metrics,
      log: log.child({ part: "broker" }),
      autoCreate: settings.AUTO_CREATE,
      durability: settings.DURABILITY,
      limits: { memoryBudgetBytes: settings.MEMORY_BUDGET_BYTES },
    });
    opened.use(broker);
    const forOutsiders = withOwnedTopics(broker, ownedTopics);
    const { durability } = broker;
    const services = await openServices(settings, { broker, access, dataDirectory, metrics, log });
    if (services !== undefined) opened.use(services);

    const tcp = await TcpServer.listen({
      broker: forOutsiders,
      host: settings.HOST,
      port: settings.TCP_PORT,
      mode: settings.DELIVERY_MODE,
      consumerCountMax: settings.MAX_CONSUMERS,
      bufferCountMax: settings.CONSUMER_CHANNEL_BUFFER_SIZE,
      overflow: settings.OVERFLOW,
      full: { durability: broker.durability },
      access,
      ...withTls,
      clock,
      log: log.child({ part: "tcp" }),
      metrics,
    });
    opened.use(tcp);
    const door = new WebSocketDoor({
      broker: forOutsiders,
      framed: tcp,
      access,
      origins: new AllowedOrigins(settings.ALLOWED_ORIGINS),
      clock,
      log: log.child({ part: "websocket" }),
      metrics,
    });
    opened.use(door);

    const brokerPart: Part<FastifyPluginAsync> = {
      name: "broker",
      routes: guarded(access, httpRoutes({ broker: forOutsiders })),
      upgrades: door.upgrades,
      readiness: () => broker.readiness(),
      drain: async () => broker.drain(),
      [Symbol.asyncDispose]: async () => {},
    };
    const serviceParts = services === undefined ? [] : [services.waitroom, services.chat];
    const parts = [brokerPart, ...serviceParts];

    const facts = (): FirstPageFacts => ({
      version,
      tokenNeeded: access.required,
      tcpAddress: addresses.tcp,
      chatAddress: addresses.chat,
      channel:
        settings.DELIVERY_MODE === "queue"
          ? "a queue: each message goes to one consumer"
          : "a topic: every consumer hears everything",
      durability:
        durability === "memory"
          ? "in memory: gone with this process"
          : // Where it lies is no business of those who have no token.
            `${settings.DURABILITY} ${access.required ? "on disk" : `in ${dataDirectory}`}`,
    });
    const onPort = {
      host: settings.HOST,
      allowedHosts: settings.ALLOWED_HOSTS,
      access,
      ...withTls,
      version,
      metrics,
      log: log.child({ part: "http" }),
    };
    const system = systemRoutes({
      parts,
      metrics,
      ...(settings.METRICS_PUBLIC ? {} : { metricsGuard: principalOnly(access) }),
    });
    const http = await HttpPort.open({
      ...onPort,
      title: "Sluice",
      setting: "HTTP_PORT",
      port: settings.HTTP_PORT,
      parts,
      ownRoutes: [system, firstPage(facts)],
    });
    opened.use(http);
    const chatHttp =
      services &&
      (await HttpPort.open({
        ...onPort,
        title: "Sluice chat",
        setting: "CHAT_HTTP_PORT",
        port: settings.CHAT_HTTP_PORT,
        parts: [services.chat],
        ownRoutes: [system],
      }));
    if (chatHttp !== undefined) opened.use(chatHttp);
    const scheme = tls === undefined ? "http" : "https";
    const addresses: Addresses = {
      http: `${scheme}://${shown(http.address)}`,
      chat: chatHttp && `${scheme}://${shown(chatHttp.address)}`,
      tcp: shown(tcp.address),
    };

    const drain = async (): Promise<void> => {
      // Producers first: what they have sent is taken while the broker still takes anything.
      await Promise.all([door.drain(), tcp.drain()]);
      await Promise.all(serviceParts.map((part) => part.drain()));
      // This ends long polls, for which the HTTP ports would wait.
      broker.drain();
    };
    return new Sluice(addresses, drain, opened.move(), tls);
  }

  /**
   * Shows new connections what lies in TLS_CERT_FILE and TLS_KEY_FILE now. Does nothing without TLS.
   * @throws Fault `tls-files`; then everything stays as it was.
   */
  async reloadTls(): Promise<void> {
    await this.#tls?.reload();
  }

  /** Ends everything in order; what was accepted is on disk when it resolves. Calling it again waits for the same end. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain().finally(() => this.#opened.disposeAsync());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The services, unless the broker runs alone: then nothing of theirs is even loaded. */
async function openServices(
  { PARTS: parts, ALLOWED_ORIGINS: allowedOrigins }: Settings,
  options: Omit<ServicesOptions, "allowedOrigins">,
): Promise<Services | undefined> {
  if (parts === "broker") return undefined;
  const services = await import("./services.ts");
  return services.openServices({ ...options, allowedOrigins });
}

/** Tokens that are shorter than this are warned about. */
const tokenCharactersMin = 16;

function openAccess({ AUTH_TOKENS: tokens }: Settings, log: Log): Access {
  for (const { name, characterCount } of tokens) {
    if (characterCount >= tokenCharactersMin) continue;
    log.warn({ principal: name, tokenCharactersMin }, "a token in AUTH_TOKENS is short: it may be guessed");
  }
  return new Access({ tokens, clock: systemClock });
}

async function openTls(settings: Settings, log: Log): Promise<ServerTls | undefined> {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, HOST: host } = settings;
  if (certFile !== "")
    return ServerTls.load({ certFile, keyFile, clock: systemClock, log: log.child({ part: "tls" }) });
  if (!isLoopback(host)) {
    log.warn({ host }, "without TLS_CERT_FILE everything, tokens too, crosses the network in the clear");
  }
  return undefined;
}

const shown = ({ address, port, family }: { address: string; port: number; family: string }): string =>
  family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("data-directory", `DATA_DIR ${path} cannot be made: ${why}.`, { cause });
  }
}

async function openJournal(settings: Settings, dataDirectory: string, log: Log): Promise<Journal> {
  if (settings.JOURNAL === "memory") return new MemoryJournal();
  const path = join(dataDirectory, "journal");
  await makeDirectory(path);
  const { DISK_BUDGET_BYTES: budgetBytes } = settings;
  return FileJournal.open({
    disk: await NodeDisk.open(path),
    random: systemRandom,
    log,
    budgetBytes,
    // The reserve counts as well, and must leave most of a small budget to the messages.
    reserveBytes: Math.min(reserveBytesUsual, Math.floor(budgetBytes / 8)),
  });
}
