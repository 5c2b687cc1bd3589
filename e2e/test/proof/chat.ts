/** Chat under load: senders who keep the answer to every message, a listener, and the history at the end. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import { ChatListener, type ChatMessage, historyOf } from "./chat-listener.ts";

/** Who sends where; two send to the same conversation at the same time. */
const senders = [
  { senderId: "ann", conversationId: "class-7b" },
  { senderId: "bob", conversationId: "class-7b" },
  { senderId: "cleo", conversationId: "parents" },
] as const;
const conversations = [...new Set(senders.map(({ conversationId }) => conversationId))];
const members = [...senders.map(({ senderId }) => senderId), "listener"];

interface Accepted {
  readonly messageId: string;
  readonly status: string;
  readonly sentAt: string;
}

interface Sent {
  readonly senderId: string;
  readonly conversationId: string;
  readonly content: string;
  readonly clientMessageId: string | null;
  accepted?: Accepted;
}

export class ChatProof implements AsyncDisposable {
  readonly #listener: ChatListener;
  /** By content, which is different for each message. */
  readonly #sent = new Map<string, Sent>();

  private constructor(listener: ChatListener) {
    this.#listener = listener;
  }

  static async open(): Promise<ChatProof> {
    return new ChatProof(await ChatListener.open(conversations));
  }

  async create(http: HttpClient): Promise<void> {
    for (const conversationId of conversations) {
      const { status } = await http.post("/api/v1/conversations", { conversationId, type: "group", members });
      equal(status, 201);
    }
  }

  addClients(load: Load): void {
    load.add("chat listener", (at, done) => this.#listener.listen(at, done));
    for (const sender of senders) {
      let count = 0;
      let last: Sent | undefined;
      load.add("chat sender", async ({ chat }, done) => {
        // The last one again, whether it was answered or not: the same client message id is the same message.
        if (last !== undefined && last.clientMessageId !== null) await this.#send(chat, last);
        for (;;) {
          const content = `${sender.senderId} says ${++count}`;
          const clientMessageId = count % 4 === 0 ? null : `${sender.senderId}-${count}`;
          last = { ...sender, content, clientMessageId };
          this.#sent.set(content, last);
          await this.#send(chat, last);
          done();
        }
      });
    }
  }

  /** Waits until the worker has stored what was accepted, then compares. */
  async settle({ http }: Incarnation): Promise<{ readonly messages: number }> {
    const histories = await this.#caughtUp(http);
    for (const [conversationId, history] of histories) {
      deepEqual(
        history.map(({ seq }) => seq),
        history.map((_, i) => i + 1),
        "seq counts without gap",
      );
      const contents = new Set(history.map(({ content }) => content));
      equal(contents.size, history.length, `${conversationId} has a message twice`);
      this.#compareOrder(history);
    }
    const kept = new Map([...histories.values()].flat().map((message) => [message.messageId, message]));
    for (const { content, accepted, senderId, conversationId } of this.#sent.values()) {
      if (accepted === undefined) continue;
      const message = kept.get(accepted.messageId);
      deepEqual([message?.content, message?.senderId], [content, senderId], `"${content}" is lost`);
      equal(message?.conversationId, conversationId);
    }
    for (const { content } of kept.values()) ok(this.#sent.has(content), `nobody wrote "${content}"`);
    for (const message of this.#listener.heard) {
      deepEqual(kept.get(message.messageId), message, "what was heard stays as it was");
    }
    return { messages: kept.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  async #send(http: HttpClient, sent: Sent): Promise<void> {
    const { accepted, ...message } = sent;
    const body = { ...message, senderName: sent.senderId, mentions: [] };
    const answer = await http.post<{ readonly data: Accepted }>("/api/v1/messages/text", body);
    equal(answer.status, 202, JSON.stringify(answer.body));
    equal(answer.headers.get("sluice-durability"), "synced");
    if (accepted !== undefined) deepEqual(answer.body.data, accepted, "a repeat gets the same answer");
    sent.accepted = answer.body.data;
  }

  /** A sender who waits for each answer is read in that order. */
  #compareOrder(history: readonly ChatMessage[]): void {
    const last = new Map<string, number>();
    for (const { senderId, content } of history) {
      const number = Number(content.split(" ").at(-1));
      ok(number > (last.get(senderId) ?? 0), `"${content}" is out of order`);
      last.set(senderId, number);
    }
  }

  async #caughtUp(http: HttpClient): Promise<ReadonlyMap<string, readonly ChatMessage[]>> {
    const accepted = [...this.#sent.values()].flatMap(({ accepted }) => accepted?.messageId ?? []);
    const histories = new Map<string, readonly ChatMessage[]>();
    await until("the worker has stored everything that was accepted", async () => {
      for (const each of conversations) histories.set(each, await historyOf(http, each));
      const kept = new Set([...histories.values()].flat().map(({ messageId }) => messageId));
      return accepted.every((messageId) => kept.has(messageId));
    });
    return histories;
  }
}
