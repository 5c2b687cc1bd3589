/** Priorities under kills: whoever receives gets the most urgent that wait, and those of one priority in the order in which they came. */
import { equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { drainDoor } from "./doors/http-door.ts";
import type { Handed, QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, producer, take } from "./doors/work-behind.ts";
import { emptied } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "urgent";
const batchCount = 10;
const takenCount = 6;
const prioritiesCount = 10;
/** Whoever waits is not preferred for it: no run takes so long. */
const priorityAgingSeconds = 10 * 365 * 86_400;

export class UrgencyProof {
  readonly #ledger = new QueueLedger(queue);
  /** What surely waits: sent and acknowledged, and in no receive that was cut off. The number of each, by its priority. */
  #waiting = new Map<number, number>();
  #count = 0;

  async prepare(http: HttpClient): Promise<void> {
    const settings = { visibilityTimeoutSeconds: 3, priorityAgingSeconds };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** One producer, and one consumer, so that what waits is known. */
  addClients(load: Load): void {
    load.add(
      "urgent producer",
      producer("websocket", queue, (door) => this.#send(door)),
    );
    load.add(
      "urgent consumer",
      behind("tcp", async (door, done) => {
        // What the receive that was cut off has taken is hidden now.
        this.#waiting = new Map();
        for (;;) await this.#consume(door, done);
      }),
    );
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    this.#waiting = new Map();
    await emptied(http, queue, () => this.#consume(door));
    this.#ledger.settle();
    return `messages with priorities ${this.#ledger.size}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const messages = Array.from({ length: batchCount }, () => {
      const number = ++this.#count;
      // A step of 7 visits every priority.
      const priority = (number * 7) % prioritiesCount;
      return { body: `urgent-${priority}-${number}`, priority };
    });
    for (const { body } of messages) this.#ledger.sending(body);
    const ids = await door.send(queue, messages);
    for (const [i, { body, priority }] of messages.entries()) {
      this.#ledger.sent(body, ids[i]);
      // It may have been received before its sender was answered.
      if (!this.#ledger.isSeen(body)) this.#waiting.set(numberOf(body), priority);
    }
  }

  async #consume(door: QueueDoor, done?: () => void): Promise<void> {
    const waiting = new Map(this.#waiting);
    const messages = await take(door, queue, this.#ledger, takenCount);
    for (const [i, message] of messages.entries()) {
      waiting.delete(numberOf(message.body));
      this.#waiting.delete(numberOf(message.body));
      equal(message.priority, Number(message.body.split("-").at(1)), message.body);
      const before = messages[i - 1];
      if (before !== undefined) expectBehind(message, before);
    }
    const last = messages.at(-1);
    if (last !== undefined) {
      for (const [number, priority] of waiting) {
        const isLater =
          priority < last.priority || (priority === last.priority && number > numberOf(last.body));
        ok(isLater, `number ${number} with priority ${priority} waits, and ${last.body} was received`);
      }
    }
    await finishAll(this.#ledger, messages, done);
  }
}

function expectBehind(message: Handed, before: Handed): void {
  const isBehind =
    message.priority < before.priority ||
    (message.priority === before.priority && numberOf(message.body) > numberOf(before.body));
  ok(isBehind, `${message.body} comes behind ${before.body}`);
}

const numberOf = (body: string): number => Number(body.split("-").at(-1));
