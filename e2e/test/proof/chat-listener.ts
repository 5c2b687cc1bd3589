/** The unmodified SignalR client: joins, hears, reconnects by itself when a process is gone, and joins again. */
import { deepEqual, equal } from "node:assert/strict";
import {
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  LogLevel,
} from "@microsoft/signalr";
import { Change } from "../../src/change.ts";
import { type Answer, Cut, type HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import { StableAddress } from "../../src/stable-address.ts";

export interface ChatMessage {
  readonly messageId: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly senderId: string;
  readonly content: string;
  readonly clientMessageId: string | null;
}

interface Page {
  readonly data: { readonly messages: readonly ChatMessage[]; readonly nextBefore: number | null };
}

/** One stay in a conversation: from a join to the end of its connection. */
interface Stay {
  /** What the join said: everything after it is heard. */
  lastSeq: number;
  readonly heard: ChatMessage[];
}

const reconnectMs = 50;

export class ChatListener implements AsyncDisposable {
  readonly #address: StableAddress;
  readonly #client: HubConnection;
  readonly #conversations: readonly string[];
  readonly #change = new Change();
  /** Stays in the conversations over the present connection, once joined. */
  #stays = new Map<string, Stay>();
  #joined = false;
  #fault: unknown;
  #unchecked: ChatMessage[] = [];
  /** Everything that was ever heard. */
  readonly heard: ChatMessage[] = [];

  private constructor(address: StableAddress, conversations: readonly string[]) {
    this.#address = address;
    this.#conversations = conversations;
    this.#client = new HubConnectionBuilder()
      .withUrl(`${address.url}/hubs/chat?userId=listener`, { transport: HttpTransportType.WebSockets })
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => reconnectMs })
      .configureLogging(LogLevel.None)
      .build();
    this.#client.on("MessageReceived", (message: ChatMessage) => this.#hear(message));
    this.#client.onreconnecting(() => {
      this.#joined = false;
      this.#change.notify();
    });
    this.#client.onreconnected(() => this.#join());
    this.#client.onclose((error) => this.#fail(error ?? new Error("the hub closed the connection for good")));
  }

  static async open(conversations: readonly string[]): Promise<ChatListener> {
    return new ChatListener(await StableAddress.open(), conversations);
  }

  /** Listens to this process, and checks that what is heard is in the history. Ends when the connection does. @throws Cut */
  async listen({ chatUrl, chat }: Incarnation, done: () => void): Promise<never> {
    this.#address.target = Number(new URL(chatUrl).port);
    try {
      if (this.#client.state === HubConnectionState.Disconnected) {
        await this.#client.start();
        this.#join();
      }
      await this.#until(() => this.#joined);
      for (;;) {
        await this.#until(() => !this.#joined || this.#unchecked.length > 0);
        if (!this.#joined) throw new Cut("the hub's connection ended");
        const newest = this.#unchecked.at(-1);
        this.#unchecked = [];
        if (newest !== undefined) await checkIsKept(chat, newest);
        done();
      }
    } finally {
      this.#address.target = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.stop();
    await this.#address[Symbol.asyncDispose]();
  }

  #join(): void {
    this.#stays = new Map(this.#conversations.map((each) => [each, { lastSeq: -1, heard: [] }]));
    const stays = this.#stays;
    Promise.all(
      this.#conversations.map(async (conversationId) => {
        const joined = await this.#client.invoke<{ lastSeq: number }>("Join", conversationId);
        const stay = stays.get(conversationId);
        if (stay === undefined) return;
        stay.lastSeq = joined.lastSeq;
        for (const message of stay.heard.splice(0)) this.#follow(stay, message);
      }),
    ).then(
      () => {
        this.#joined = this.#client.state === HubConnectionState.Connected;
        this.#change.notify();
      },
      // A join that the end of its connection cut off is done again after the next one.
      (error) => {
        if (this.#client.state === HubConnectionState.Connected) this.#fail(error);
      },
    );
  }

  #hear(message: ChatMessage): void {
    this.heard.push(message);
    this.#unchecked.push(message);
    const stay = this.#stays.get(message.conversationId);
    if (stay === undefined) this.#fail(new Error(`heard ${message.conversationId} without having joined`));
    else if (stay.lastSeq === -1) stay.heard.push(message);
    else this.#follow(stay, message);
    this.#change.notify();
  }

  /** After a join nothing is missing: what came before it may be heard as well, what comes after it is heard one by one. */
  #follow(stay: Stay, { seq, conversationId }: ChatMessage): void {
    if (seq <= stay.lastSeq) return;
    const last = stay.heard.at(-1)?.seq ?? stay.lastSeq;
    if (seq !== last + 1) this.#fail(new Error(`${conversationId}: heard ${seq} after ${last}`));
    stay.lastSeq = seq;
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    this.#change.notify();
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#fault !== undefined) throw this.#fault;
      if (condition()) return;
      await this.#change.next();
    }
  }
}

/** Whatever is heard is stored already. */
async function checkIsKept(http: HttpClient, { conversationId, seq, messageId }: ChatMessage): Promise<void> {
  const page = `/api/v1/conversations/${conversationId}/messages?limit=1&before=${seq + 1}`;
  const { status, body } = await http.get<Page>(page);
  equal(status, 200);
  deepEqual([body.data.messages[0]?.seq, body.data.messages[0]?.messageId], [seq, messageId]);
}

/** The whole history, the oldest first. */
export async function historyOf(http: HttpClient, conversationId: string): Promise<ChatMessage[]> {
  const history: ChatMessage[] = [];
  let before: number | null = null;
  do {
    const query: string = before === null ? "" : `&before=${before}`;
    const page = `/api/v1/conversations/${conversationId}/messages?limit=200${query}`;
    const { status, body }: Answer<Page> = await http.get<Page>(page);
    equal(status, 200, JSON.stringify(body));
    history.push(...body.data.messages);
    before = body.data.nextBefore;
  } while (before !== null);
  return history.toReversed();
}
