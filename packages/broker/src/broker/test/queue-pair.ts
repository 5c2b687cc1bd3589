/** A whole broker and the model of its queues, side by side: what is asked of one is asked of the other, and both must answer and hold the same. */
import { deepEqual, ok } from "node:assert/strict";
import type { Result } from "@sluice/broker";
import { ModelQueue } from "../../../test/queue/model.ts";
import { cancelRedrive, redriveOne, startRedrive } from "../../../test/queue/model-redrive.ts";
import { deadLetterQueues } from "../../../test/queue/random-commands.ts";
import { defaultQueueSettings } from "../../queue/index.ts";
import { types } from "../../queue/record-types.ts";
import type { Ask, BrokerCommand, BrokerLife } from "./queue-commands.ts";
import { QueueExchanges } from "./queue-exchanges.ts";
import { bodyScale, Known } from "./queue-known.ts";
import {
  browsedOf,
  expectedBrowsed,
  expectedCounts,
  expectedRedrives,
  nameOf,
  refusalOf,
} from "./queue-told.ts";
import { type Home, WatchedBroker, type Written } from "./watched-broker.ts";
import { granted } from "./world.ts";

/** After this time a queue may give as much again as it ever may at once. */
const burstMs = 250;

export class BrokerPair {
  readonly #world: WatchedBroker;
  readonly #known = new Known(() => this.now.wallMs);
  readonly #exchanges: QueueExchanges;
  /** Queues whose redrive may go on sooner than it had to before: a checkpoint does not hold when its next step is due. */
  readonly #mayHurry = new Set<number>();
  readonly #fixed: Omit<BrokerLife, "commands">;

  constructor(on: Home, fixed: Omit<BrokerLife, "commands">) {
    this.#fixed = fixed;
    this.#world = new WatchedBroker(on, (written) => this.#fallDue(written));
    this.#exchanges = new QueueExchanges(this.#world, this.#known);
  }

  async open(): Promise<void> {
    await this.#world.open();
    const settings = {
      visibilityTimeoutMs: 10,
      messageCountMax: 12,
      bodyBytesMax: 60 * bodyScale,
      ...this.#fixed,
    };
    for (const number of deadLetterQueues.keys()) {
      granted(
        await this.#world.answer((broker) => broker.createQueue({ queue: nameOf(number), ...settings })),
      );
      const whole = { ...defaultQueueSettings, ...settings };
      this.#known.models.set(number, new ModelQueue(number, whole, (other) => this.#known.models.get(other)));
    }
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  async run(command: BrokerCommand): Promise<void> {
    const [answer, expected] = await this.#ask(command);
    deepEqual(answer, expected, `what ${command.do} answers`);
  }

  /** Both hold the same, as far as counts tell. */
  async compareCounts(): Promise<void> {
    const { now } = this;
    for (const [number, model] of this.#known.models) {
      const asked = await this.#world.answer((broker) => broker.describeQueue(nameOf(number)));
      const { description } = granted(asked);
      const { ready, delayed, inFlight, parked, bodyBytes, oldestReadyMs, oldestParkedMs, paused } =
        description;
      const counts = { ready, delayed, inFlight, parked, bodyBytes, oldestReadyMs, oldestParkedMs, paused };
      deepEqual(counts, expectedCounts(model, now), `counts of ${nameOf(number)}`);
    }
  }

  /** Both hold the same messages, and tell the same of redrives. `max`: in pages of so many. */
  async compareMessages(max: number): Promise<void> {
    const { now } = this;
    for (const [number, model] of this.#known.models) {
      const queue = nameOf(number);
      for (const what of ["all", "dead-letters"] as const) {
        const found = [];
        for (let after: string | undefined, more = true; more; more = after !== undefined) {
          const page = granted(
            await this.#world.answer((broker) => broker.browseQueue({ queue, max, what, after })),
          );
          ok(page.messages.length <= max);
          found.push(...page.messages.map((message) => browsedOf(message, now)));
          after = page.next;
        }
        const isDeadLetter = ({ parked, moved }: (typeof model.messages)[number]) =>
          parked !== undefined || (moved !== undefined && moved.reason !== "redrive");
        const expected = what === "all" ? model.messages : model.messages.filter(isDeadLetter);
        deepEqual(
          found,
          expected.map((message) => expectedBrowsed(message, this.#known.sent, now)),
          `${what} of ${queue}`,
        );
      }
      await this.#compareByIds(model);
      const { redrives } = granted(await this.#world.answer((broker) => broker.listRedrives(queue)));
      deepEqual(redrives, expectedRedrives(model), `redrives of ${queue}`);
    }
  }

  /** Each message is found by its id, wherever it was sent first, and none that is elsewhere or gone. */
  async #compareByIds(model: ModelQueue): Promise<void> {
    const { now } = this;
    const queue = nameOf(model.number);
    const sent = [...this.#known.sent];
    const answers = await this.#world.answer((broker) =>
      Promise.all(sent.map(([, { messageId }]) => broker.browseMessage({ queue, messageId }))),
    );
    for (const [i, [origin]] of sent.entries()) {
      const answer = answers[i];
      const message = model.messages.find((one) => one.origin === origin);
      deepEqual(
        answer?.ok ? browsedOf(answer.message, now) : answer?.refusal,
        message === undefined ? "unknown-message" : expectedBrowsed(message, this.#known.sent, now),
        `message ${origin} in ${queue}`,
      );
    }
  }

  get now() {
    return this.#world.clock.now();
  }

  /** What the broker answers, and what the model does. */
  async #ask(command: BrokerCommand): Promise<readonly [unknown, unknown]> {
    const { now } = this;
    const world = this.#world;
    const ask = (question: Parameters<typeof world.answer<Result<object>>>[0]) =>
      world.answer(question).then(refusalOf);
    switch (command.do) {
      case "send":
        return this.#exchanges.send(command);
      case "receive":
        return this.#exchanges.receive(command);
      case "ack": {
        const { queue, model, text, receipt } = this.#known.receipt(command.which);
        const answer =
          text === undefined
            ? await ask((broker) => broker.ackBatch(queue, [receipt]))
            : await ask((broker) => broker.ack({ queue, receipt: text }));
        return [answer, model.ack(receipt, now)];
      }
      case "ack-batch": {
        const queue = nameOf(command.queue);
        const receipts = command.which
          .map((one) => this.#known.receipt(one))
          .filter((one) => one.queue === queue)
          .map(({ receipt }) => receipt);
        const answer = granted(await world.answer((broker) => broker.ackBatch(queue, receipts)));
        const model = this.#known.model(command.queue);
        const refusals = receipts.map((_, i) => answer.refusals.get(i)?.refusal);
        return [refusals, receipts.map((receipt) => model.ack(receipt, now))];
      }
      case "nack": {
        const { queue, model, text, receipt } = this.#known.receipt(command.which);
        const { delayMs, counts, error } = command;
        const how = { queue, delayMs, counts, error };
        const answer =
          text === undefined
            ? await ask((broker) => broker.nackBatch({ ...how, receipts: [receipt] }))
            : await ask((broker) => broker.nack({ ...how, receipt: text }));
        return [answer, model.nack(receipt, how, now)];
      }
      case "extend": {
        const { queue, model, text, receipt } = this.#known.receipt(command.which);
        const { timeoutMs } = command;
        const answer =
          text === undefined
            ? await ask((broker) => broker.extendBatch(queue, [receipt], timeoutMs))
            : await ask((broker) => broker.extend({ queue, receipt: text, visibilityTimeoutMs: timeoutMs }));
        return [answer, model.extend(receipt, timeoutMs, now)];
      }
      case "advance":
        await this.#advance(command.byMs);
        return nothing;
      case "pass-unnoticed":
        if (world.keeps) await this.#restart(command.byMs, false);
        else await this.#advance(command.byMs);
        return nothing;
      case "restart":
        if (world.keeps) await this.#restart(0, command.checkpoint);
        return nothing;
      case "configure":
        return [await this.#configure(command), undefined];
      case "tell-apart": {
        const { queue, deduplication } = command;
        const model = this.#known.model(queue);
        model.settings = { ...model.settings, deduplication };
        const answer = await ask((broker) => broker.configureQueue({ queue: nameOf(queue), deduplication }));
        return [answer, undefined];
      }
      case "cancel": {
        const { queue, messageId, model, sequence } = this.#known.message(command);
        return [await ask((broker) => broker.cancelMessage({ queue, messageId })), model.cancel(sequence)];
      }
      case "reschedule": {
        const { queue, messageId, model, sequence } = this.#known.message(command);
        const { delayMs } = command;
        const answer = await ask((broker) => broker.rescheduleMessage({ queue, messageId, delayMs }));
        return [answer, model.reschedule(sequence, delayMs, now)];
      }
      case "redrive-one": {
        const { queue, messageId, model, sequence } = this.#known.message(command);
        const { to } = command;
        const answer = await ask((broker) =>
          broker.redriveMessage({ queue, messageId, to: optionalName(to) }),
        );
        return [
          answer,
          this.#known.isNowhere(to) ? "unknown-queue" : redriveOne(model, { sequence, to }, now),
        ];
      }
      case "redrive": {
        const { to, perSecondMax } = command;
        const model = this.#known.model(command.queue);
        const request = { queue: nameOf(command.queue), to: optionalName(to), perSecondMax };
        const answer = await ask((broker) => broker.startRedrive(request));
        const expected = this.#known.isNowhere(to)
          ? "unknown-queue"
          : startRedrive(model, { to, perSecondMax }, now);
        if (expected === undefined) this.#mayHurry.delete(command.queue);
        return [answer, expected];
      }
      case "cancel-redrive": {
        const queue = nameOf(command.queue);
        const answer = await ask((broker) => broker.cancelRedrive({ queue, redrive: command.task }));
        return [answer, cancelRedrive(this.#known.model(command.queue), command.task, now)];
      }
      case "purge": {
        const answer = await world.answer((broker) => broker.purgeQueue(nameOf(command.queue)));
        return [granted(answer).purged, this.#known.model(command.queue).purge()];
      }
      case "pause": {
        const { paused } = command;
        this.#known.model(command.queue).paused = paused;
        return [
          await ask((broker) => broker.pauseQueue({ queue: nameOf(command.queue), paused })),
          undefined,
        ];
      }
      case "transact":
        return this.#exchanges.transact(command);
      case "browse":
        await this.compareMessages(command.max);
        return nothing;
      case "relocate":
        // The broker does it by itself.
        return nothing;
    }
  }

  async #configure({ queue: number, settings: change }: Ask<"configure">): Promise<string | undefined> {
    const model = this.#known.model(number);
    const { receiveCountMax, bodyBytesMax, ...others } = change;
    const own = { ...others, ...(bodyBytesMax !== undefined && { bodyBytesMax: bodyBytesMax * bodyScale }) };
    const to = deadLetterQueues.get(number) ?? 0;
    const deadLetter = receiveCountMax ? { queue: nameOf(to), receiveCountMax } : null;
    const request = { queue: nameOf(number), ...own, ...(receiveCountMax !== undefined && { deadLetter }) };
    const answer = await this.#world.answer((broker) => broker.configureQueue(request));
    const before = model.settings.deadLetter;
    const after = receiveCountMax ? { queue: to, receiveCountMax } : undefined;
    model.settings = {
      ...model.settings,
      ...own,
      deadLetter: receiveCountMax === undefined ? before : after,
    };
    return refusalOf(answer);
  }

  async #advance(byMs: number): Promise<void> {
    await this.#world.advance(byMs);
    if (byMs === 0) return;
    const { now } = this;
    for (const model of this.#known.models.values()) {
      this.#forget(model);
      ok(model.nextDueMs > now.monotonicMs, `${nameOf(model.number)} did what was due`);
    }
  }

  async #restart(downMs: number, fromCheckpoint: boolean): Promise<void> {
    // How much of a burst is left is not kept.
    if (this.#fixed.startsPerSecondMax < Number.POSITIVE_INFINITY) await this.#advance(burstMs);
    if (fromCheckpoint) await this.#world.checkpoint();
    await this.#world.restart(downMs);
    for (const [number, model] of this.#known.models) {
      model.restart(this.now, 0, false);
      if (model.running !== undefined) this.#mayHurry.add(number);
    }
    await this.compareMessages(100);
  }

  /** The broker did what was due in a queue; which one that was shows in what it wrote. */
  #fallDue(written: readonly Written[]): void {
    const { now } = this;
    const did = written.filter(({ type }) => type !== types["moved-in"] && type !== types.forgotten);
    const [first] = did;
    if (first === undefined) return;
    const model = this.#known.model(first.owner);
    this.#forget(model);
    const isRedrive = did.some(({ type }) => redriveTypes.includes(type));
    if (isRedrive && model.running !== undefined && this.#mayHurry.delete(first.owner))
      model.running.dueMs = Math.min(model.running.dueMs, now.monotonicMs);
    ok(model.nextDueMs <= now.monotonicMs, `something was due in ${nameOf(first.owner)}`);
    model.fallDue(now);
  }

  /** Ids that nobody finds any more: when the broker lets go of them shows in nothing. */
  #forget(model: ModelQueue): void {
    model.ids.forget(model.settings.deduplicationWindowMs, this.now);
  }
}

const optionalName = (to: number | undefined) => (to === undefined ? undefined : nameOf(to));

const nothing = [undefined, undefined] as const;

const redriveTypes: readonly number[] = [types["redrive-advanced"], types["redrive-ended"]];
