/** The chat as a part of a process: API, worker and hub on one store and one bus. */
import { join } from "node:path";
import type { Bus, Subscription } from "@sluice/bus";
import {
  type Clock,
  Counter,
  Gauge,
  type Log,
  type Part,
  type Random,
  type Readiness,
  type Registry,
} from "@sluice/runtime";
import { type HubLimits, OriginPolicy } from "@sluice/signalr";
import type { FastifyPluginAsync } from "fastify";
import { addConversationRoutes } from "./conversations/routes.ts";
import { chatRoutes } from "./http/chat-http.ts";
import { ChatHub } from "./hub/chat-hub.ts";
import type { StoredMessage } from "./messages/message.ts";
import { addMessageRoutes } from "./messages/routes.ts";
import { Sending } from "./messages/sending.ts";
import { startWorker } from "./messages/worker.ts";
import type { ChatStore } from "./store/chat-store.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";

export interface ChatOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Makes ids and connection tokens: must be fit for secrets outside of tests. */
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Registry;
  /** The folder of the process's data; the chat keeps its own in `chat/` below it. */
  readonly dataDirectory: string;
  /** Pages of other origins that may use the API and the hub. Default: none; `*` for all. */
  readonly allowedOrigins?: readonly string[];
  readonly hubLimits?: Partial<HubLimits>;
}

/**
 * Opens the store, starts the worker, and hands out routes and upgrades. Rejects with `storage-failed` when the store cannot be opened.
 * The bus stays the caller's and has to outlive the chat.
 */
export async function createChat(options: ChatOptions): Promise<Part<FastifyPluginAsync>> {
  const store = await SqliteStore.open(join(options.dataDirectory, "chat"));
  try {
    return await Chat.open(store, options);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

class Chat implements Part<FastifyPluginAsync> {
  readonly name = "chat";
  readonly routes: FastifyPluginAsync;
  readonly upgrades: ChatHub["server"]["upgrades"];
  readonly #store: ChatStore;
  readonly #bus: Bus;
  readonly #hub: ChatHub;
  readonly #worker: Subscription;
  readonly #sending: Sending;
  #isDraining = false;

  private constructor(store: ChatStore, hub: ChatHub, worker: Subscription, options: ChatOptions) {
    const { bus, clock, random, metrics } = options;
    this.#store = store;
    this.#bus = bus;
    this.#hub = hub;
    this.#worker = worker;
    this.upgrades = hub.server.upgrades;
    const accepted = new Counter({
      name: "sluice_chat_messages_accepted_total",
      help: "Messages answered with 202 for the first time",
      registers: [metrics],
    });
    const http = { origins: new OriginPolicy(options.allowedOrigins), isDraining: () => this.#isDraining };
    const sending = new Sending({ bus, store, clock, random });
    this.#sending = sending;
    const conversations = chatRoutes("/api/v1/conversations", http, (under) =>
      addConversationRoutes(under, { store, clock, random }),
    );
    const messages = chatRoutes("/api/v1/messages", http, (under) =>
      addMessageRoutes(under, { sending, onAccepted: ({ isRepeat }) => isRepeat || accepted.inc() }),
    );
    this.routes = async (server) => {
      for (const routes of [conversations, messages, hub.server.routes]) await server.register(routes);
    };
  }

  static async open(store: ChatStore, options: ChatOptions): Promise<Chat> {
    const { bus, clock, random, log, metrics, allowedOrigins = [], hubLimits = {} } = options;
    const hub = new ChatHub(store, { clock, random, log, allowedOrigins, limits: hubLimits });
    const shown = new Counter({
      name: "sluice_chat_messages_stored_total",
      help: "Messages stored and shown to the hub's clients",
      registers: [metrics],
    });
    new Gauge({
      name: "sluice_chat_hub_connections",
      help: "Connections of the hub, open or closing",
      registers: [metrics],
      collect() {
        this.set(hub.server.connectionCount);
      },
    });
    const show = (message: StoredMessage): void => {
      shown.inc();
      hub.show(message);
    };
    return new Chat(store, hub, await startWorker({ bus, store, show }), options);
  }

  readiness(): Readiness {
    if (this.#isDraining) return { ready: false, reason: "the chat is shutting down" };
    const store = this.#store.readiness();
    return store.ready ? this.#bus.readiness() : store;
  }

  /** Refuses sends, finishes those under way, sends the hub's clients away to come back, and lets the worker finish what it handles. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#sending.idle();
    await this.#hub.server.drain();
    await this.#worker[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
    await this.#store[Symbol.asyncDispose]();
  }
}
