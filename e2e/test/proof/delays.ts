/** Delays under kills: nothing comes early, what was cancelled never comes, and what was rescheduled comes at its new time. */
import { equal, ok } from "node:assert/strict";
import { systemClock } from "@sluice/runtime";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { drainDoor } from "./doors/http-door.ts";
import { doorKinds } from "./doors/open-door.ts";
import type { QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, producer, take } from "./doors/work-behind.ts";
import { DueTimes } from "./due-times.ts";
import { emptied, holding } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "later";

/** From sooner than the next kill to later than the one after it. */
const delaysMs = [0, 30, 200, 700, 2_500, 6_000];
const changedMs = [20, 5_000];

interface Delayed {
  readonly body: string;
  readonly messageId: string;
}

export class DelaysProof {
  readonly #ledger = new QueueLedger(queue);
  readonly #due = new DueTimes();
  /** What the operator may still change. */
  #delayed: Delayed[] = [];
  #count = 0;
  #changeCount = 0;
  #cancelledCount = 0;
  #rescheduledCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    equal((await http.put(`/v1/queues/${queue}`, { visibilityTimeoutSeconds: 3 })).status, 201);
  }

  /** A producer and a consumer for each door, and an operator who changes his mind. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      load.add(
        "delay producer",
        producer(kind, queue, (door) => this.#send(door)),
      );
      load.add(
        "delay consumer",
        behind(kind, async (door, done) => {
          for (;;) {
            await this.#consume(door);
            done();
          }
        }),
      );
    }
    load.add("delay operator", async ({ http }, done) => {
      for (;;) {
        const delayed = this.#delayed.pop();
        if (delayed === undefined) await holding(http, queue);
        else if (++this.#changeCount % 3 === 0) await this.#cancel(http, delayed);
        else await this.#reschedule(http, delayed);
        done();
      }
    });
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await emptied(http, queue, () => this.#consume(door));
    this.#ledger.settle();
    return `delayed messages ${this.#ledger.size}, cancelled ${this.#cancelledCount}, rescheduled ${this.#rescheduledCount}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const delayMs = delaysMs[this.#count % delaysMs.length] ?? 0;
    const body = `delayed-${++this.#count} by ${delayMs} ms`;
    this.#ledger.sending(body);
    this.#due.set(body, systemClock.now().wallMs + delayMs);
    const [messageId = ""] = await door.send(queue, [{ body, delayMs }]);
    this.#ledger.sent(body, messageId);
    if (delayMs >= 200 && this.#count % 4 === 0) this.#delayed.push({ body, messageId });
  }

  async #consume(door: QueueDoor): Promise<void> {
    const messages = await take(door, queue, this.#ledger, 20);
    for (const { body } of messages) this.#due.expectDue(body);
    await finishAll(this.#ledger, messages);
  }

  async #cancel(http: HttpClient, { body, messageId }: Delayed): Promise<void> {
    const exit = this.#ledger.leaving(body);
    const { status } = await http.delete(`/v1/queues/${queue}/messages/${messageId}`);
    if (status === 200) {
      exit.done();
      this.#cancelledCount++;
    } else {
      exit.refused();
      this.#expectHandedOut(status, body);
    }
  }

  async #reschedule(http: HttpClient, { body, messageId }: Delayed): Promise<void> {
    const delayMs = changedMs[this.#rescheduledCount % changedMs.length] ?? 0;
    const dueMs = systemClock.now().wallMs + delayMs;
    this.#due.setEither(body, dueMs);
    const { status } = await http.patch(`/v1/queues/${queue}/messages/${messageId}`, {
      delaySeconds: delayMs / 1000,
    });
    if (status === 200) {
      this.#due.set(body, dueMs);
      this.#rescheduledCount++;
    } else this.#expectHandedOut(status, body);
  }

  /** It was refused. That is right for a message that a consumer has or had. */
  #expectHandedOut(status: number, body: string): void {
    ok(status === 409 || (status === 404 && this.#ledger.isOver(body)), `${body}: ${status}, and it is lost`);
  }
}
