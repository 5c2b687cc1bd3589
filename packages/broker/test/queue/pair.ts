/** The rules and the model, side by side: what is asked of one is asked of the other, and both must answer and hold the same. */
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  decideAck,
  decideAckBatch,
  decideCancel,
  decideCancelRedrive,
  decideConfigure,
  decideExtend,
  decideNack,
  decidePause,
  decidePurge,
  decideReceive,
  decideRedriveOne,
  decideReschedule,
  decideSend,
  decideStartRedrive,
  defaultQueueSettings,
  type Now,
  nextDueMs,
  noAttributes,
  type OwnedRecord,
  type QueueRecord,
  type QueueSettings,
  type Receipt,
  type Refused,
  type Sent,
} from "../../src/queue/index.ts";
import { readyInOrder } from "./audit.ts";
import { ModelQueue } from "./model.ts";
import type { ModelMessage } from "./model-message.ts";
import { lineOf } from "./model-order.ts";
import { cancelRedrive, redriveOne, startRedrive } from "./model-redrive.ts";
import { QueueWorld } from "./queue-world.ts";
import { type Command, deadLetterQueues, jobs, type Life } from "./random-commands.ts";

type Decision =
  | { readonly ok: true; readonly records: readonly OwnedRecord<QueueRecord>[]; readonly reply: object }
  | Refused<string>;

export class Pair {
  world = new QueueWorld();
  readonly models = new Map<number, ModelQueue>();
  /** Every receipt ever given, with its queue; and some that never were. */
  readonly receipts: { readonly queue: number; readonly receipt: Receipt }[] = [
    { queue: jobs, receipt: { sequence: 500, lease: 1 } },
    { queue: jobs, receipt: { sequence: 1, lease: 500 } },
  ];

  constructor({ startsPerSecondMax, deduplicationWindowMs }: Omit<Life, "commands">) {
    const settings: QueueSettings = {
      ...defaultQueueSettings,
      visibilityTimeoutMs: 10,
      messageCountMax: 12,
      bodyBytesMax: 60,
      startsPerSecondMax,
      deduplicationWindowMs,
    };
    for (const number of deadLetterQueues.keys()) {
      this.world.create(number, settings);
      this.models.set(number, new ModelQueue(number, settings, (other) => this.models.get(other)));
    }
  }

  run(command: Command): void {
    const [rules, model] = this.#ask(command);
    deepEqual(rules, model, `what ${command.do} answers`);
  }

  /** What the rules answer, and what the model does. */
  #ask(command: Command): readonly [unknown, unknown] {
    const { world } = this;
    const { now } = world;
    switch (command.do) {
      case "send": {
        const { state, model } = this.#both(command.queue);
        const messages = command.messages.map(({ bytes, ...options }) => ({
          ...options,
          body: new Uint8Array(bytes).fill(bytes),
          attributes: noAttributes,
        }));
        const reply = world.submit(decideSend(state, { messages }, now));
        return [sequencesOf(reply, messages.length), model.send(messages, now)];
      }
      case "receive": {
        const { state, model } = this.#both(command.queue);
        const { max, bytesMax, timeoutMs } = command;
        const ask = { max, bytesMax, ...(timeoutMs !== null && { visibilityTimeoutMs: timeoutMs }) };
        const reply = world.submit(decideReceive(state, ask, now, world));
        const deliveries = "refusal" in reply ? [] : reply.deliveries;
        const receipts = deliveries.map(({ sequence, lease }) => ({ sequence, lease }));
        this.receipts.push(...receipts.map((receipt) => ({ queue: command.queue, receipt })));
        const visibilityTimeoutMs = timeoutMs ?? state.settings.visibilityTimeoutMs;
        return [receipts, model.receive(max, bytesMax, visibilityTimeoutMs, now)];
      }
      case "ack": {
        const { state, model, receipt } = this.#held(command.which);
        return [this.#refusal(decideAck(state, { receipt }, now)), model.ack(receipt, now)];
      }
      case "ack-batch": {
        const { state, model } = this.#both(command.queue);
        const held = command.which.map((one) => this.#held(one)).filter((one) => one.state === state);
        const receipts = held.map(({ receipt }) => receipt);
        const reply = world.submit(decideAckBatch(state, { receipts }, now));
        const refusals = "refusal" in reply ? [] : reply.refusals.map((refused) => refused?.refusal);
        return [refusals, receipts.map((receipt) => model.ack(receipt, now))];
      }
      case "nack": {
        const { state, model, receipt } = this.#held(command.which);
        const { delayMs, counts, error } = command;
        const ask = { delayMs, counts, error };
        const decision = decideNack(state, { receipt, ...ask }, now, world);
        return [this.#refusal(decision), model.nack(receipt, ask, now)];
      }
      case "extend": {
        const { state, model, receipt } = this.#held(command.which);
        const { timeoutMs: visibilityTimeoutMs } = command;
        const decision = decideExtend(state, { receipt, visibilityTimeoutMs }, now, world);
        return [this.#refusal(decision), model.extend(receipt, visibilityTimeoutMs, now)];
      }
      case "advance":
        world.advance(command.byMs, ({ number }, did) => {
          const { model } = this.#both(number);
          ok(model.nextDueMs <= world.monotonicMs, "the model has something to do as well");
          deepEqual(did, model.fallDue(world.now));
        });
        return nothing;
      case "pass-unnoticed":
        world.passUnnoticed(command.byMs);
        return nothing;
      case "configure":
        this.#configure(command);
        return nothing;
      case "cancel": {
        const { state, model, sequence } = this.#message(command);
        return [this.#refusal(decideCancel(state, { sequence })), model.cancel(sequence)];
      }
      case "reschedule": {
        const { state, model, sequence } = this.#message(command);
        const { delayMs } = command;
        const decision = decideReschedule(state, { sequence, delayMs }, now);
        return [this.#refusal(decision), model.reschedule(sequence, delayMs, now)];
      }
      case "redrive-one": {
        const { state, model, sequence } = this.#message(command);
        const ask = { sequence, to: command.to };
        return [this.#refusal(decideRedriveOne(state, ask, now, world)), redriveOne(model, ask, now)];
      }
      case "redrive": {
        const { state, model } = this.#both(command.queue);
        const { to, perSecondMax } = command;
        const decision = decideStartRedrive(state, { to, perSecondMax }, now, world);
        return [this.#refusal(decision), startRedrive(model, { to, perSecondMax }, now)];
      }
      case "cancel-redrive": {
        const { state, model } = this.#both(command.queue);
        const decision = decideCancelRedrive(state, command.task, now);
        return [this.#refusal(decision), cancelRedrive(model, command.task, now)];
      }
      case "purge": {
        const { state, model } = this.#both(command.queue);
        return [world.submit(decidePurge(state)), { purged: model.purge() }];
      }
      case "pause": {
        const { state, model } = this.#both(command.queue);
        model.paused = command.paused;
        return [this.#refusal(decidePause(state, command.paused)), undefined];
      }
      case "relocate":
        world.relocate(command.queue, command.step);
        return nothing;
      case "restart":
        this.#restart(command.checkpoint);
        return nothing;
    }
  }

  /** Both hold the same. */
  compare(): void {
    const { now } = this.world;
    for (const [number, model] of this.models) {
      const state = this.world.the(number);
      const { messages, lanes, parked, groups, deduplication, redrives, ...rest } = this.world.look(number);
      equal(nextDueMs(state), finite(model.nextDueMs), "when something is due");
      equal(rest.paused, model.paused);
      deepEqual([rest.nextSequence, rest.nextLease], [model.nextSequence, model.nextLease]);
      deepEqual(
        messages.map((message) => inWordsOfTheModel(message, number)),
        model.messages.map((message) => told(message, now)),
      );
      deepEqual(
        readyInOrder(state, now),
        lineOf(model, now).map(({ sequence }) => sequence),
        "the order of the line",
      );
      deepEqual(
        parked,
        model.parked.map(({ sequence }) => sequence),
      );
      const expectedGroups = [...model.groups].map(([id, [current, ...behind]]) => ({
        id,
        current: current?.sequence,
        behind: behind.map(({ sequence }) => sequence),
      }));
      deepEqual(
        groups,
        expectedGroups.sort((a, b) => (a.id < b.id ? -1 : 1)),
      );
      deepEqual(deduplication, model.ids.list(model.settings.deduplicationWindowMs, now));
      deepEqual(
        redrives,
        model.redrives.map(({ dueMs: _, ...facts }) => facts),
      );
    }
  }

  #both(queue: number) {
    const model = this.models.get(queue);
    ok(model, `there is a model of queue ${queue}`);
    return { state: this.world.the(queue), model };
  }

  /** Mostly one of the newest receipts, which may still hold. */
  #held(which: number) {
    const index = which < 8 ? which : Math.max(0, this.receipts.length - 1 - (which % 8));
    const found = this.receipts[index % this.receipts.length];
    ok(found);
    return { ...this.#both(found.queue), receipt: found.receipt };
  }

  /** Mostly a message that is there. */
  #message({ queue, which }: { readonly queue: number; readonly which: number }) {
    const { state, model } = this.#both(queue);
    return { state, model, sequence: model.messages[which]?.sequence ?? which };
  }

  #refusal(decision: Decision): string | undefined {
    return (this.world.submit(decision) as Partial<Refused<string>>).refusal;
  }

  #configure({ queue, settings: change }: Extract<Command, { do: "configure" }>): void {
    const { state, model } = this.#both(queue);
    const { receiveCountMax, ...own } = change;
    const to = deadLetterQueues.get(queue) ?? 0;
    const deadLetter =
      receiveCountMax === undefined
        ? state.settings.deadLetter
        : receiveCountMax === null
          ? undefined
          : { queue: to, receiveCountMax };
    const settings = { ...state.settings, ...own, deadLetter };
    equal(this.#refusal(decideConfigure(state, settings, this.world)), undefined);
    model.settings = settings;
  }

  #restart(fromCheckpoint: boolean): void {
    this.world.audit();
    const before = this.world.now;
    this.world = fromCheckpoint ? this.world.checkpointed() : this.world.restarted();
    for (const model of this.models.values()) {
      model.restart(before, this.world.monotonicMs - before.monotonicMs, fromCheckpoint);
    }
  }
}

const nothing = [undefined, undefined] as const;

const finite = (ms: number): number | undefined => (ms === Number.POSITIVE_INFINITY ? undefined : ms);

/** The sequence of each message of a send, its own or that of the one that it repeats. */
function sequencesOf(reply: Sent | Refused<string>, count: number): readonly number[] | string {
  if ("refusal" in reply) return reply.refusal;
  let next = reply.firstSequence;
  return Array.from({ length: count }, (_, i) => reply.duplicates.get(i) ?? next++);
}

type Dumped = ReturnType<QueueWorld["look"]>["messages"][number];

function inWordsOfTheModel(message: Dumped, queue: number) {
  const { provenance, attributes: _, availableAtWallMs, enqueuedAtMs, ...rest } = message;
  return {
    ...rest,
    enqueuedAtMs,
    availableAtMs: availableAtWallMs === 0 ? enqueuedAtMs : availableAtWallMs,
    origin: provenance
      ? `${provenance.originQueue}/${provenance.originSequence}`
      : `${queue}/${message.sequence}`,
    moved: provenance && {
      from: provenance.from,
      reason: provenance.reason,
      receiveCount: provenance.receiveCount,
      lastError: provenance.lastError,
    },
  };
}

function told({ place: _, dueMs, expiresAtMs, ...message }: ModelMessage, { monotonicMs }: Now) {
  const { phase } = message;
  const waits = phase === "delayed" || phase === "in-flight" || (phase === "behind" && dueMs > 0);
  const leftMs = (atMs: number) => Math.max(0, atMs - monotonicMs);
  return {
    ...message,
    dueInMs: waits ? leftMs(dueMs) : undefined,
    expiresInMs: finite(leftMs(expiresAtMs)),
  };
}
