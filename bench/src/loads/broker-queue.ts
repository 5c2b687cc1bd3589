/** A broker in this process: send, receive and ack through its API, every answer after the sync of its record. */
import { noAttributes } from "@sluice/broker";
import { assert } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { answered } from "./answered.ts";
import { openBroker } from "./open-broker.ts";
import { bodies } from "./payload.ts";
import { inLines, RoundTime } from "./round-time.ts";

export interface BrokerQueueOptions {
  /** Messages of one send, one receive and one ack; 1 uses the calls for a single message. */
  readonly batch: number;
  /** Lines that work at once, each waiting for its answers: `batch` times as many messages are in flight. */
  readonly lines: number;
  /** Messages that wait in the queue all the time. */
  readonly waiting: number;
}

const queue = "bench";
const fillBatch = 10_000;
/** Of the bodies of one receive: more than a batch has. */
const bytesMax = 1024 * 1024;

export async function openBrokerQueue({ batch, lines, waiting }: BrokerQueueOptions): Promise<Load> {
  const opened = await openBroker();
  const { broker } = opened;
  const outgoing = (count: number) => bodies(count).map((body) => ({ body, attributes: noAttributes }));
  const messages = outgoing(batch);
  for (let sent = 0; sent < waiting; sent += fillBatch) {
    const filling = outgoing(Math.min(fillBatch, waiting - sent));
    answered(await broker.send({ queue, messages: filling }));
  }

  const oneByOne = async (): Promise<number> => {
    answered(await broker.send({ queue, messages }));
    const { deliveries } = answered(await broker.receive({ queue, max: 1, waitMs: 0 }));
    for (const { receipt } of deliveries) answered(await broker.ack({ queue, receipt }));
    return deliveries.length;
  };
  const inBatches = async (): Promise<number> => {
    const { refusals } = answered(await broker.sendBatch({ queue, messages, atomic: false }));
    const taken = answered(await broker.take({ queue, max: batch, bytesMax, waitMs: 0 }));
    const acked = answered(await broker.ackBatch(queue, taken.messages));
    assert(refusals.size === 0 && acked.refusals.size === 0, "nothing is refused here");
    return taken.messages.length;
  };
  const pass = batch === 1 ? oneByOne : inBatches;
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const operations = await inLines(lines, time, pass);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
