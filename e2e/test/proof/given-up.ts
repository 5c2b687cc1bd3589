/**
 * Dead letters under kills: what no consumer can handle is moved with the reason, the last error and the counts, is in one queue at any
 * time, and comes back when it is redriven, alone or with all others.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { systemClock } from "@sluice/runtime";
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { until } from "../../src/until.ts";
import { drainDoor } from "./doors/http-door.ts";
import { doorKinds } from "./doors/open-door.ts";
import type { Handed, QueueDoor } from "./doors/queue-door.ts";
import { behind, finish, producer, take } from "./doors/work-behind.ts";
import { type DeadLetter, deadLettersOf, holding, type Redrive, redrivesOf } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "flaky";
const graveyard = `${queue}-dead`;
const receiveCountMax = 3;
const leaseSeconds = 3;
/** Slow enough to be killed on the way. */
const redrivesPerSecond = 100;
/** One out of three is handled at once. */
const isFailing = (body: string): boolean => body.startsWith("failing");

/** What the consumers of a message said was wrong with it, in order. */
interface Complaints {
  readonly asked: string[];
  /** How many there were when the last one was confirmed, and when that one was told, by the wall clock. */
  confirmed: number;
  confirmedMs: number;
}

export class GivenUpProof {
  readonly #ledger = new QueueLedger(queue);
  readonly #complaints = new Map<string, Complaints>();
  #count = 0;
  #turn = 0;
  #redriveBefore: Redrive | undefined;
  /** Failing messages that were deleted, or acked after they had come back. */
  readonly #ends = new Set<string>();
  #deletedCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    equal((await http.put(`/v1/queues/${graveyard}`, { visibilityTimeoutSeconds: 3 })).status, 201);
    const settings = {
      visibilityTimeoutSeconds: leaseSeconds,
      deadLetter: { queue: graveyard, receiveCountMax },
      retry: { minDelaySeconds: 0.005, maxDelaySeconds: 0.02 },
    };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** A producer and a consumer for each door, and an operator who deletes and redrives. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      load.add(
        "flaky producer",
        producer(kind, queue, (door) => this.#send(door)),
      );
      load.add(
        "flaky consumer",
        behind(kind, async (door, done) => {
          for (;;) {
            await this.#consume(door);
            done();
          }
        }),
      );
    }
    load.add("undertaker", async ({ http }, done) => {
      for (;;) await this.#look(http, done);
    });
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await until(`${queue} and its dead letters are gone`, async () => {
      if ((await holding(http, queue)) > 0) await this.#consume(door);
      else if ((await holding(http, graveyard)) > 0) await this.#redriveAll(http);
      // A redrive may have moved the last ones between the two looks.
      else return (await holding(http, queue)) === 0;
      return false;
    });
    this.#ledger.settle();
    deepEqual(
      this.#ledger.names((entry, name) => isFailing(name) && entry.isOut && !this.#ends.has(name)),
      [],
      "nobody acked a failing message that had not come back",
    );
    return `failing messages ${this.#complaints.size}, deleted ${this.#deletedCount}, redriven and acked ${this.#ends.size - this.#deletedCount}`;
  }

  async #send(door: QueueDoor): Promise<void> {
    const body = `${++this.#count % 3 === 0 ? "fine" : "failing"}-${this.#count}`;
    this.#ledger.sending(body);
    const [messageId] = await door.send(queue, [{ body }]);
    this.#ledger.sent(body, messageId);
  }

  async #consume(door: QueueDoor): Promise<void> {
    const messages = await take(door, queue, this.#ledger, 10);
    await Promise.all(messages.map((message) => this.#work(message)));
  }

  async #work(message: Handed): Promise<void> {
    const { body, movedFrom } = message;
    if (isFailing(body) && movedFrom === undefined) {
      await this.#complain(message);
      return;
    }
    if (movedFrom !== undefined) {
      const { reason, queue: from, originQueue } = movedFrom;
      deepEqual([reason, from, originQueue], ["redrive", graveyard, queue], body);
    }
    if ((await finish(this.#ledger, message)) && movedFrom !== undefined) this.#ends.add(body);
  }

  async #complain(message: Handed): Promise<void> {
    const complaints = this.#complaints.get(message.body) ?? { asked: [], confirmed: 0, confirmedMs: 0 };
    this.#complaints.set(message.body, complaints);
    const error = `${message.body} failed with number ${complaints.asked.length + 1}`;
    const place = complaints.asked.push(error);
    const toldMs = systemClock.now().wallMs;
    if (!(await message.nack({ error })) || place < complaints.confirmed) return;
    complaints.confirmed = place;
    complaints.confirmedMs = toldMs;
  }

  /** Looks at what was given up; deletes some of it and has the rest redriven, in turns one by one and all together. */
  async #look(http: HttpClient, done: () => void): Promise<void> {
    for (const dead of await deadLettersOf(http, graveyard)) {
      this.#expectGivenUp(dead);
      done();
      const turn = ++this.#turn % 8;
      if (turn === 0) await this.#redriveAll(http);
      else if (turn % 2 === 0) await this.#redrive(http, dead);
      else if (turn === 1) await this.#delete(http, dead);
    }
  }

  #expectGivenUp(dead: DeadLetter): void {
    const { body, reason, receiveCount, givenUpBy, givenUpAt, originQueue, lastError } = dead;
    deepEqual(
      [reason, receiveCount, givenUpBy, originQueue],
      ["max-receives", receiveCountMax, queue, queue],
    );
    const { asked = [], confirmed = 0, confirmedMs = 0 } = this.#complaints.get(body) ?? {};
    const place = lastError === null ? 0 : asked.indexOf(lastError) + 1;
    ok(lastError === null || place > 0, `${body}: nobody said ${lastError}`);
    // Kills may take all deliveries of one that came back: then it is given up again, when as many leases have ended, and nobody has complained.
    const isSecondLife = Date.parse(givenUpAt) - confirmedMs >= receiveCountMax * leaseSeconds * 1_000;
    ok(
      place >= confirmed || (isSecondLife && lastError === null),
      `${body}: the last error is ${lastError}, and ${asked[confirmed - 1]} was told`,
    );
  }

  async #delete(http: HttpClient, { body, messageId }: DeadLetter): Promise<void> {
    const exit = this.#ledger.leaving(body);
    const { status } = await http.delete(`/v1/dead-letters/${messageId}?queue=${graveyard}`);
    if (status === 200) {
      exit.done();
      this.#ends.add(body);
      this.#deletedCount++;
    } else {
      exit.refused();
      equal(status, 404, "what is a dead letter no more was redriven");
    }
  }

  async #redrive(http: HttpClient, { body, messageId }: DeadLetter): Promise<void> {
    this.#ledger.redriving(body);
    const path = `/v1/dead-letters/${messageId}/redrive`;
    const { status } = await http.post(path, { queue: graveyard });
    ok(status === 200 || status === 404, `${body}: ${status}`);
  }

  /** Begins a redrive when none runs. The one before is known, and no less far than it was, whatever was killed since. */
  async #redriveAll(http: HttpClient): Promise<void> {
    const redrives = await redrivesOf(http, graveyard);
    const before = this.#redriveBefore;
    const found = redrives.find(({ redrive }) => redrive === before?.redrive);
    ok(before === undefined || (found && found.moved >= before.moved), `${JSON.stringify(before)} is lost`);
    this.#redriveBefore = found;
    if (redrives.some(({ status }) => status === "running")) return;
    this.#ledger.redriving();
    const { status, body } = await http.post<Redrive>(`/v1/queues/${graveyard}/redrives`, {
      perSecondMax: redrivesPerSecond,
    });
    equal(status, 201, JSON.stringify(body));
    this.#redriveBefore = body;
  }
}
