/** Deduplication under kills: a repeat gets the id of the first, by whatever door and after whatever kill, and there is one message. */
import { equal } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { drainDoor } from "./doors/http-door.ts";
import { type DoorKind, doorKinds } from "./doors/open-door.ts";
import type { Outgoing, QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, producer, take } from "./doors/work-behind.ts";
import { emptied } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "once";
/** Messages that are sent again after a kill. */
const repeatedCount = 8;

export class OnceProof {
  readonly #ledger = new QueueLedger(queue);
  /** The last ones of all producers, the one that was cut off among them. */
  readonly #late: Outgoing[] = [];
  #count = 0;
  #repeatCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    const settings = { visibilityTimeoutSeconds: 3, deduplication: "by-content" };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** A producer and a consumer for each door. Producers repeat what others have sent. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      load.add(
        "repeating producer",
        behind(kind, async (door, done, at) => {
          for (const message of [...this.#late]) await this.#send(door, message);
          return await producer(kind, queue, async (other) => {
            await this.#send(other, this.#next(kind));
            const earlier = this.#late[this.#count % this.#late.length];
            if (earlier !== undefined) await this.#send(other, earlier);
          })(at, done);
        }),
      );
    }
    load.add(
      "repeats' consumer",
      behind("tcp", async (door, done) => {
        for (;;) await this.#consume(door, done);
      }),
    );
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    for (const message of this.#late) await this.#send(door, message);
    await emptied(http, queue, () => this.#consume(door));
    this.#ledger.settle();
    return `messages with repeats ${this.#ledger.size}, repeats ${this.#repeatCount}`;
  }

  /** Every other one is known by its content. */
  #next(kind: DoorKind): Outgoing {
    const body = `once-${kind}-${++this.#count}`;
    const message = this.#count % 2 === 0 ? { body } : { body, deduplicationId: `${kind} ${this.#count}` };
    this.#ledger.sending(body);
    this.#late.push(message);
    if (this.#late.length > repeatedCount) this.#late.shift();
    return message;
  }

  async #send(door: QueueDoor, message: Outgoing): Promise<void> {
    const [messageId] = await door.send(queue, [message]);
    if (this.#ledger.isSent(message.body)) this.#repeatCount++;
    this.#ledger.sent(message.body, messageId);
  }

  async #consume(door: QueueDoor, done?: () => void): Promise<void> {
    await finishAll(this.#ledger, await take(door, queue, this.#ledger, 20), done);
  }
}
