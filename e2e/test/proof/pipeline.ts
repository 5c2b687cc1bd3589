/**
 * "Ack this and send those" under kills: a message is done and what came of it is sent and published, or neither. Each attempt has a name of
 * its own, so that what an attempt that never happened would have sent is known when it shows.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import { drainDoor } from "./doors/http-door.ts";
import { doorKinds } from "./doors/open-door.ts";
import type { Handed, QueueDoor } from "./doors/queue-door.ts";
import { behind, finishAll, producer, take } from "./doors/work-behind.ts";
import { holding } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";
import { readTopic } from "./records.ts";

const raw = "raw";
const cooked = "cooked";
const journal = "cooking";

export class PipelineProof {
  readonly #raw = new QueueLedger(raw);
  readonly #cooked = new QueueLedger(cooked);
  /** Attempts without an answer, by what they are to cook. */
  readonly #open = new Map<string, string[]>();
  /** Attempts that cannot have happened: refused, or what they were to ack came again. */
  readonly #void = new Set<string>();
  /** What came out of the second queue. */
  readonly #seen = new Set<string>();
  #count = 0;
  #attempts = 0;

  async prepare(http: HttpClient): Promise<void> {
    for (const name of [raw, cooked]) {
      equal((await http.put(`/v1/queues/${name}`, { visibilityTimeoutSeconds: 3 })).status, 201);
    }
    equal((await http.put(`/v1/topics/${journal}`, { retention: "log" })).status, 201);
  }

  /** For each door a producer, one who works on what comes, and a consumer of what came of it. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      load.add(
        "raw producer",
        producer(kind, raw, (door) => this.#send(door)),
      );
      load.add(
        "cook",
        behind(kind, async (door, done) => {
          for (;;) {
            await this.#work(door);
            done();
          }
        }),
      );
      load.add(
        "cooked consumer",
        behind(kind, async (door, done) => {
          for (;;) {
            await this.#consume(door);
            done();
          }
        }),
      );
    }
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await until(`${raw} and ${cooked} are empty`, async () => {
      if ((await holding(http, raw)) > 0) await this.#work(door);
      else if ((await holding(http, cooked)) > 0) await this.#consume(door);
      else return true;
      return false;
    });
    this.#raw.settle();
    this.#cooked.settle();
    const records = (await readTopic(http, journal)).map(({ body }) => body);
    deepEqual(
      records.sort(),
      [...this.#seen].sort(),
      "each message has its record, and each record its message",
    );
    const done = new Set([...this.#seen].map(sourceOf));
    equal(done.size, this.#seen.size, "nothing is cooked twice");
    for (const name of this.#raw.names(({ sent }) => sent === "acknowledged")) {
      ok(done.has(name), `${name} was acked, and nothing came of it`);
    }
    return `messages in transactions ${this.#raw.size}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const body = `raw-${++this.#count}`;
    this.#raw.sending(body);
    const [messageId] = await door.send(raw, [{ body }]);
    this.#raw.sent(body, messageId);
  }

  async #work(door: QueueDoor): Promise<void> {
    const messages = await take(door, raw, this.#raw, 5);
    for (const { body } of messages) {
      for (const attempt of this.#open.get(body) ?? []) this.#fails(attempt);
      this.#open.delete(body);
    }
    await Promise.all(messages.map((message) => this.#cook(message)));
  }

  async #cook(message: Handed): Promise<void> {
    const attempt = `${message.body}/${++this.#attempts}`;
    this.#open.set(message.body, [...(this.#open.get(message.body) ?? []), attempt]);
    this.#cooked.sending(attempt);
    const exit = this.#raw.leaving(message.body);
    const isDone = await message.ackAndSend({
      sends: [{ queue: cooked, body: attempt }],
      records: [{ topic: journal, body: attempt }],
    });
    if (isDone) {
      exit.done();
      this.#cooked.sent(attempt);
    } else {
      exit.refused();
      this.#fails(attempt);
    }
  }

  #fails(attempt: string): void {
    ok(!this.#seen.has(attempt), `${attempt} has not happened, and what it sends came`);
    ok(!this.#cooked.isSent(attempt), `${attempt} was confirmed, and what it acked came again`);
    this.#void.add(attempt);
  }

  async #consume(door: QueueDoor): Promise<void> {
    const messages = await take(door, cooked, this.#cooked, 10);
    for (const { body } of messages) {
      ok(!this.#void.has(body), `${body} has not happened, and what it sends comes`);
      this.#seen.add(body);
    }
    await finishAll(this.#cooked, messages);
  }
}

const sourceOf = (attempt: string): string => attempt.split("/")[0] ?? "";
