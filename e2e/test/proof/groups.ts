/**
 * Message groups under kills: whatever door a message came in by, whatever became of the deliveries, nothing of a group comes before what
 * stands before it is done, and nothing comes back behind. Some messages are never handled: they are parked, and their group waits until an operator
 * has them redriven.
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
import { DueTimes } from "./due-times.ts";
import { type DeadLetter, deadLettersOf, holding } from "./operator.ts";
import { QueueLedger } from "./queue-ledger.ts";

const queue = "groups";
const groupsOfProducer = 3;
const parkAfterReceives = 4;
const stuckEvery = 12;
const nackEvery = 7;
const forgetEvery = 151;
const nackDelayMs = 40;

interface Group {
  /** Sent or perhaps sent, in order, without those at the front that are over. */
  readonly open: number[];
  /** The last that was handed out. */
  highest: number;
}

export class GroupsProof {
  readonly #ledger = new QueueLedger(queue);
  readonly #due = new DueTimes();
  readonly #groups = new Map<string, Group>();
  /** Stuck messages whose redrive was asked for. */
  readonly #released = new Set<string>();
  #parkedCount = 0;

  async prepare(http: HttpClient): Promise<void> {
    const settings = {
      visibilityTimeoutSeconds: 3,
      parkAfterReceives,
      retry: { minDelaySeconds: 0.01, maxDelaySeconds: 0.05 },
    };
    equal((await http.put(`/v1/queues/${queue}`, settings)).status, 201);
  }

  /** A producer with groups of its own and a consumer for each door, and an operator. */
  addClients(load: Load): void {
    for (const kind of doorKinds) {
      let count = 0;
      load.add(
        "group producer",
        producer(kind, queue, (door) => {
          const groupId = `${kind}${++count % groupsOfProducer}`;
          return this.#send(door, groupId, Math.ceil(count / groupsOfProducer));
        }),
      );
      load.add(
        "group consumer",
        behind(kind, async (door, done) => {
          for (;;) {
            const messages = await this.#take(door);
            await Promise.all(messages.map((message) => this.#work(message).then(done)));
          }
        }),
      );
    }
    load.add("group operator", async ({ http }, done) => {
      for (;;) {
        await this.#release(http);
        done();
      }
    });
  }

  async settle({ http }: Incarnation): Promise<string> {
    const door = drainDoor(http);
    await until(`${queue} is empty`, async () => {
      await this.#release(http);
      if ((await holding(http, queue)) === 0) return true;
      await Promise.all((await this.#take(door)).map((message) => this.#work(message)));
      return false;
    });
    this.#ledger.settle();
    return `messages of groups ${this.#ledger.size}, parked ${this.#parkedCount}`;
  }

  async #send(door: QueueDoor, groupId: string, number: number): Promise<void> {
    const isStuck = number % stuckEvery === stuckEvery - 1;
    const body = nameOf(groupId, number, isStuck);
    this.#ledger.sending(body);
    this.#group(groupId).open.push(number);
    const [messageId] = await door.send(queue, [{ body, groupId }]);
    this.#ledger.sent(body, messageId);
  }

  async #take(door: QueueDoor): Promise<readonly Handed[]> {
    const messages = await take(door, queue, this.#ledger, 10);
    const bodies = new Set(messages.map(({ body }) => body));
    const groups = new Set(messages.map(({ groupId }) => groupId));
    equal(bodies.size, groups.size, "one message of a group at a time");
    for (const message of messages) {
      this.#due.expectDue(message.body);
      this.#expectTurn(message);
    }
    return messages;
  }

  #expectTurn({ body, groupId = "" }: Handed): void {
    const group = this.#group(groupId);
    const number = numberOf(body);
    ok(number >= group.highest, `${body} comes behind number ${group.highest} of its group`);
    group.highest = number;
    while (group.open[0] !== undefined && group.open[0] < number) {
      const before = nameOf(groupId, group.open[0], group.open[0] % stuckEvery === stuckEvery - 1);
      const isOver = this.#ledger.isOver(before) || !this.#ledger.isSent(before);
      ok(isOver, `${body} comes before ${before} of its group is done`);
      group.open.shift();
    }
  }

  async #work(message: Handed): Promise<void> {
    const { body, receiveCount } = message;
    const number = numberOf(body);
    if (body.startsWith("stuck") && !this.#released.has(body)) {
      await message.nack({ error: `${body} is stuck` });
    } else if (receiveCount === 1 && number % nackEvery === 0) {
      const askedMs = systemClock.now().wallMs;
      if (await message.nack({ delayMs: nackDelayMs })) this.#due.set(body, askedMs + nackDelayMs);
    } else if (receiveCount > 1 || number % forgetEvery !== 0) {
      await finish(this.#ledger, message);
    }
  }

  /** Lets the parked messages go on. */
  async #release(http: HttpClient): Promise<void> {
    for (const parked of await deadLettersOf(http, queue)) {
      this.#expectParked(parked);
      this.#released.add(parked.body);
      this.#ledger.redriving(parked.body);
      const path = `/v1/dead-letters/${parked.messageId}/redrive`;
      const { status, body } = await http.post<{ readonly code?: string }>(path, { queue });
      equal(status, 200, JSON.stringify(body));
      this.#parkedCount++;
    }
  }

  #expectParked(parked: DeadLetter): void {
    const { body, reason, receiveCount, givenUpBy, originQueue, lastError } = parked;
    ok(!this.#ledger.isOut(body), `${body} was acked, and is parked`);
    deepEqual(
      [reason, receiveCount, givenUpBy, originQueue],
      ["max-receives", parkAfterReceives, queue, queue],
    );
    // It was given back for the last time by its consumer, or because a process was killed; others are parked for kills alone.
    ok(lastError === null || lastError === `${body} is stuck`, lastError ?? "");
  }

  #group(groupId: string): Group {
    const group = this.#groups.get(groupId) ?? { open: [], highest: 0 };
    this.#groups.set(groupId, group);
    return group;
  }
}

const nameOf = (groupId: string, number: number, isStuck: boolean): string =>
  `${isStuck ? "stuck" : "step"}-${groupId}-${number}`;

const numberOf = (body: string): number => Number(body.split("-").at(-1));
