/** Queues over the JSON of WebSockets. Messages are not asked for: they are pushed, as far as there is credit. */
import { equal, ok } from "node:assert/strict";
import { Change } from "../../../src/change.ts";
import { Cut } from "../../../src/http-client.ts";
import { handedFrom, type JsonDelivery, jsonMessage } from "./http-door.ts";
import { isOfCut, type JsonMessage, JsonSocket } from "./json-socket.ts";
import { type Handed, isStale, type QueueDoor } from "./queue-door.ts";

const credit = 5;

/** A subscription, and what has come and was not taken. */
interface Inbox {
  readonly subscription: unknown;
  readonly deliveries: JsonDelivery[];
}

class JsonDoor implements QueueDoor {
  readonly isPushing = true;
  readonly #socket: Promise<JsonSocket>;
  readonly #inboxes = new Map<string, Promise<Inbox>>();
  /** What came before the answer that says which subscription it is of. */
  readonly #pushed: JsonMessage[] = [];
  readonly #change = new Change();

  constructor(url: string) {
    this.#socket = JsonSocket.open(url, (message) => {
      this.#pushed.push(message);
      this.#change.notify();
    });
  }

  async opened(): Promise<this> {
    await this.#socket;
    return this;
  }

  async send(queue: string, messages: Parameters<QueueDoor["send"]>[1]): Promise<readonly string[]> {
    const fields = { queue, messages: messages.map(jsonMessage), atomic: true };
    const answer = await (await this.#socket).ask("enqueue", fields);
    equal(answer.ok, true, JSON.stringify(answer));
    return (answer.messages as { readonly messageId: string }[]).map(({ messageId }) => messageId);
  }

  async receive(queue: string, max: number): Promise<readonly Handed[]> {
    const socket = await this.#socket;
    const inbox = await this.#subscribed(socket, queue);
    while (inbox.deliveries.length === 0) {
      if (!this.#sort(inbox)) await Promise.race([this.#change.next(), socket.ended]);
    }
    const taken = inbox.deliveries.splice(0, max);
    const { subscription } = inbox;
    const answer = await socket.ask("credit", { subscription, credit: taken.length });
    equal(answer.ok, true, JSON.stringify(answer));
    return taken.map((delivery) =>
      handedFrom(queue, delivery, async (operation, fields) => {
        const settled = await socket.ask(operation, fields);
        if (settled.ok === true) return settled;
        ok(isStale(settled.code), `${operation}: ${JSON.stringify(settled)}`);
        return undefined;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#socket).close();
  }

  #subscribed(socket: JsonSocket, queue: string): Promise<Inbox> {
    const inbox = this.#inboxes.get(queue) ?? this.#subscribe(socket, queue);
    this.#inboxes.set(queue, inbox);
    return inbox;
  }

  async #subscribe(socket: JsonSocket, queue: string): Promise<Inbox> {
    const answer = await socket.ask("subscribe", { queue, mode: "round-robin", credit });
    equal(answer.ok, true, JSON.stringify(answer));
    return { subscription: answer.subscription, deliveries: [] };
  }

  /** Takes what was pushed for this subscription. */
  #sort({ subscription, deliveries }: Inbox): boolean {
    const own = this.#pushed.filter((message) => message.subscription === subscription);
    for (const message of own) {
      this.#pushed.splice(this.#pushed.indexOf(message), 1);
      if (isOfCut(message)) throw new Cut(`the subscription ended: ${message.code}`);
      equal(message.op, "message", JSON.stringify(message));
      deliveries.push(message as unknown as JsonDelivery);
    }
    return own.length > 0;
  }
}

/** @throws Cut */
export const jsonDoor = (httpUrl: string): Promise<QueueDoor> =>
  new JsonDoor(`${httpUrl.replace("http:", "ws:")}/ws`).opened();
