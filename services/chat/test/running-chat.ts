/** A whole chat on a free port of the loopback, with its data in a temporary folder and its events on a memory engine. */
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HubConnection, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { Bus, type Engine, MemoryEngine } from "@sluice/bus";
import {
  createMetrics,
  type Log,
  type Part,
  type Registry,
  silentLog,
  systemClock,
  systemRandom,
} from "@sluice/runtime";
import { type FastifyInstance, type FastifyPluginAsync, fastify } from "fastify";
import { chatPartitionCounts, createChat } from "../src/index.ts";
import type { MessageView } from "../src/messages/message.ts";

/** What outlives a chat: its folder and the engine with its events. */
export interface Ground extends AsyncDisposable {
  readonly dataDirectory: string;
  readonly engine: Engine;
}

export async function freshGround(): Promise<Ground> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "sluice-chat-"));
  const engine = MemoryEngine.open({ clock: systemClock });
  return {
    dataDirectory,
    engine,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await rm(dataDirectory, { recursive: true });
    },
  };
}

export function openBus(engine: Engine, log: Log = silentLog): Promise<Bus> {
  return Bus.open({
    engine,
    source: "/test",
    clock: systemClock,
    random: systemRandom,
    log,
    partitionCounts: chatPartitionCounts,
  });
}

/** What an answer may hold; which of it, the test knows. */
export interface AnswerBody {
  readonly success: boolean;
  readonly data: {
    readonly messageId: string;
    readonly sentAt: string;
    readonly conversationId: string;
    readonly members: readonly string[];
    readonly lastMessage: MessageView | null;
    readonly messages: readonly MessageView[];
    readonly nextBefore: number | null;
  };
  readonly error: { readonly code: string; readonly message: string };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AnswerBody;
}

export interface RunningChat extends AsyncDisposable {
  readonly url: string;
  readonly bus: Bus;
  readonly server: FastifyInstance;
  readonly part: Part<FastifyPluginAsync>;
  readonly metrics: Registry;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** Starts a chat on `ground`. The ground stays when the chat is disposed of. */
export async function startChat(ground: Ground, options: { readonly log?: Log } = {}): Promise<RunningChat> {
  const log = options.log ?? silentLog;
  const bus = await openBus(ground.engine, log);
  const metrics = createMetrics();
  const { dataDirectory } = ground;
  const part = await createChat({
    bus,
    clock: systemClock,
    random: systemRandom,
    log,
    metrics,
    dataDirectory,
    allowedOrigins: ["https://school.example"],
  });
  const server = fastify();
  if (part.routes !== undefined) await server.register(part.routes);
  server.server.on("upgrade", (request, socket, head) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const upgrade = part.upgrades?.get(path);
    if (upgrade === undefined) socket.destroy();
    else upgrade(request, socket, head);
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as AnswerBody,
    };
  };
  return {
    url,
    bus,
    server,
    part,
    metrics,
    get: (path) => ask(path, {}),
    post: (path, body, headers = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await part.drain();
      await server.close();
      await part[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
    },
  };
}

export const conversations = "/api/v1/conversations";
export const sendText = "/api/v1/messages/text";

/** A conversation `c1` of ann, bob and cleo. */
export const groupOfThree = { conversationId: "c1", type: "group", members: ["ann", "bob", "cleo"] };

/** A message from ann in `c1`. */
export function textOf(content: string, changes: object = {}): object {
  return { conversationId: "c1", senderId: "ann", senderName: "Ann", content, mentions: [], ...changes };
}

/** A connected SignalR client that keeps what it hears. */
export interface Listener extends AsyncDisposable {
  readonly client: HubConnection;
  readonly heard: readonly MessageView[];
  /** Resolves when `count` messages have been heard in all. */
  hears(count: number): Promise<void>;
}

/** Connects the unmodified client and joins the conversations, if any. */
export async function listen(
  chat: RunningChat,
  joined: readonly string[] = [],
  query = "",
): Promise<Listener> {
  const client = new HubConnectionBuilder()
    .withUrl(`${chat.url}/hubs/chat${query}`)
    .configureLogging(LogLevel.None)
    .build();
  const heard: MessageView[] = [];
  const waiting = new Set<() => void>();
  client.on("MessageReceived", (message) => {
    heard.push(message);
    for (const look of waiting) look();
  });
  await client.start();
  for (const conversationId of joined) await client.invoke("Join", conversationId);
  return {
    client,
    heard,
    hears: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (heard.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: () => client.stop(),
  };
}
