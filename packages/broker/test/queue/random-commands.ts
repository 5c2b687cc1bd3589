/** Random commands to two queues, one the dead-letter queue of the other, and the pair of rules and model that runs them. */
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  decideAck,
  decideAckBatch,
  decideConfigure,
  decideExtend,
  decideNack,
  decideReceive,
  decideSend,
  defaultQueueSettings,
  noAttributes,
  type QueueSettings,
  type Receipt,
  type Refused,
} from "../../src/queue/index.ts";
import { ModelQueue } from "./model.ts";
import { QueueWorld } from "./queue-world.ts";

const [jobs, dead] = [1, 2];
const queue = fc.constantFrom(jobs, jobs, jobs, dead);
const which = fc.nat(30);
const spanMs = fc.constantFrom(0, 1, 10, 10, 50, 1000);

const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("send"), queue, bytes: fc.array(fc.nat(12), { maxLength: 4 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("receive"),
      queue,
      max: fc.integer({ min: 1, max: 4 }),
      timeoutMs: fc.option(spanMs),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ack"), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("ack-batch"), queue, which: fc.array(which, { maxLength: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("nack"), which, delayMs: spanMs, counts: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("extend"), which, timeoutMs: spanMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance"), byMs: spanMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pass-unnoticed"), byMs: spanMs }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("configure"),
      receiveCountMax: fc.option(fc.integer({ min: 1, max: 3 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("relocate"), queue, step: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart"), checkpoint: fc.boolean() }) },
);
export const commands = fc.array(command, { maxLength: 80, size: "max" });
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** The rules and the model, side by side: what is asked of one is asked of the other. */
export class Pair {
  world = new QueueWorld();
  readonly models = new Map<number, ModelQueue>();
  /** Every receipt ever given, with its queue; and some that never were. */
  readonly receipts: { readonly queue: number; readonly receipt: Receipt }[] = [
    { queue: jobs, receipt: { sequence: 500, lease: 1 } },
    { queue: jobs, receipt: { sequence: 1, lease: 500 } },
  ];

  constructor() {
    const settings: QueueSettings = {
      ...defaultQueueSettings,
      visibilityTimeoutMs: 10,
      messageCountMax: 12,
      bodyBytesMax: 60,
    };
    for (const number of [jobs, dead]) {
      this.world.create(number, settings);
      this.models.set(number, new ModelQueue(number, settings, (other) => this.models.get(other)));
    }
  }

  run(command: Command): void {
    const { world } = this;
    const { now } = world;
    switch (command.do) {
      case "send": {
        const bodies = command.bytes.map((length) => new Uint8Array(length).fill(length));
        const messages = bodies.map((body) => ({ body, attributes: noAttributes }));
        const reply = world.submit(decideSend(world.the(command.queue), { messages }, now));
        equal(refusal(reply), this.#model(command.queue).send(bodies, now));
        return;
      }
      case "receive": {
        const { queue, max, timeoutMs } = command;
        const ask = { max, ...(timeoutMs !== null && { visibilityTimeoutMs: timeoutMs }) };
        const reply = world.submit(decideReceive(world.the(queue), ask, now, world));
        const deliveries = "refusal" in reply ? [] : reply.deliveries;
        const receipts = deliveries.map(({ sequence, lease }) => ({ sequence, lease }));
        this.receipts.push(...receipts.map((receipt) => ({ queue, receipt })));
        const model = this.#model(queue);
        deepEqual(receipts, model.receive(max, timeoutMs ?? model.settings.visibilityTimeoutMs, now));
        return;
      }
      case "ack": {
        const { queue, receipt } = this.#receipt(command.which);
        const reply = world.submit(decideAck(world.the(queue), { receipt }, now));
        equal(refusal(reply), this.#model(queue).ack(receipt, now));
        return;
      }
      case "ack-batch": {
        const { queue } = command;
        const receipts = command.which.map((one) => this.#receipt(one)).filter((one) => one.queue === queue);
        const asked = receipts.map(({ receipt }) => receipt);
        const reply = world.submit(decideAckBatch(world.the(queue), { receipts: asked }, now));
        const refusals = "refusal" in reply ? [] : reply.refusals.map((refused) => refused?.refusal);
        deepEqual(
          refusals,
          asked.map((receipt) => this.#model(queue).ack(receipt, now)),
        );
        return;
      }
      case "nack": {
        const { queue, receipt } = this.#receipt(command.which);
        const { delayMs, counts } = command;
        const reply = world.submit(decideNack(world.the(queue), { receipt, delayMs, counts }, now, world));
        equal(refusal(reply), this.#model(queue).nack(receipt, delayMs, counts, now));
        return;
      }
      case "extend": {
        const { queue, receipt } = this.#receipt(command.which);
        const ask = { receipt, visibilityTimeoutMs: command.timeoutMs };
        const reply = world.submit(decideExtend(world.the(queue), ask, now, world));
        equal(refusal(reply), this.#model(queue).extend(receipt, command.timeoutMs, now));
        return;
      }
      case "advance":
        this.#advance(command.byMs);
        return;
      case "pass-unnoticed":
        world.passUnnoticed(command.byMs);
        return;
      case "configure": {
        const { receiveCountMax } = command;
        const deadLetter = receiveCountMax === null ? undefined : { queue: dead, receiveCountMax };
        const settings = { ...world.the(jobs).settings, deadLetter };
        world.submit(decideConfigure(world.the(jobs), settings, world));
        this.#model(jobs).settings = settings;
        return;
      }
      case "relocate":
        world.relocate(command.queue, command.step);
        return;
      case "restart": {
        const before = world.monotonicMs;
        this.world = command.checkpoint ? world.checkpointed() : world.restarted();
        for (const { messages } of this.models.values()) {
          for (const message of messages) {
            // What was overdue is due now: how long it had been is not carried over a restart.
            message.dueMs = Math.max(message.dueMs, before) + this.world.monotonicMs - before;
          }
        }
        return;
      }
      default:
        command satisfies never;
    }
  }

  compare(): void {
    this.world.audit();
    for (const [number, model] of this.models) {
      const { nextSequence, nextLease, messages } = this.world.look(number);
      deepEqual(
        { nextSequence, nextLease },
        { nextSequence: model.nextSequence, nextLease: model.nextLease },
      );
      const real = messages.map(
        ({ provenance, sequence, body, enqueuedAtMs, phase, dueInMs, receiveCount, lease }) => ({
          ...{ sequence, body, enqueuedAtMs, phase, dueInMs, receiveCount, lease },
          origin: provenance
            ? `${provenance.originQueue}/${provenance.originSequence}`
            : `${number}/${sequence}`,
          from: provenance?.from,
        }),
      );
      const { monotonicMs } = this.world;
      const expected = model.messages.map(({ dueMs, ...message }) => ({
        ...message,
        dueInMs: message.phase === "ready" ? undefined : Math.max(0, dueMs - monotonicMs),
      }));
      deepEqual(real, expected);
    }
  }

  #advance(byMs: number): void {
    const untilMs = this.world.monotonicMs + byMs;
    const startMs = this.world.monotonicMs;
    const startWallMs = this.world.wallMs;
    this.world.advance(byMs);
    for (;;) {
      const next = [...this.models.values()].sort((a, b) => a.nextDueMs - b.nextDueMs)[0];
      if (next === undefined || next.nextDueMs > untilMs) return;
      const monotonicMs = Math.max(startMs, next.nextDueMs);
      next.fallDue({ monotonicMs, wallMs: startWallMs + monotonicMs - startMs });
    }
  }

  #model(number: number): ModelQueue {
    const model = this.models.get(number);
    if (model === undefined) throw new Error(`there is no model of queue ${number}`);
    return model;
  }

  #receipt(which: number) {
    // Mostly one of the newest, which may still hold.
    const index = which < 8 ? which : Math.max(0, this.receipts.length - 1 - (which % 8));
    return (
      this.receipts[index % this.receipts.length] ?? { queue: jobs, receipt: { sequence: 500, lease: 500 } }
    );
  }
}

const refusal = (reply: object): string | undefined => (reply as Partial<Refused<string>>).refusal;
