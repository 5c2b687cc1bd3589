/** A broker in this process: send, receive and ack through its API, every answer after the sync of its record. */
import { noAttributes } from "@sluice/broker";
import type { Load } from "../process/runner.ts";
import { answered } from "./answered.ts";
import { openBroker } from "./open-broker.ts";
import { bodies } from "./payload.ts";
import { inLines, RoundTime } from "./round-time.ts";

export interface BrokerQueueOptions {
  /** Messages of one send and one receive. */
  readonly batch: number;
  /** Lines that work at once, each waiting for its answers: `batch` times as many messages are in flight. */
  readonly lines: number;
  /** Messages that wait in the queue all the time. */
  readonly waiting: number;
}

const queue = "bench";
const fillBatch = 10_000;

export async function openBrokerQueue({ batch, lines, waiting }: BrokerQueueOptions): Promise<Load> {
  const opened = await openBroker();
  const { broker } = opened;
  const outgoing = (count: number) => bodies(count).map((body) => ({ body, attributes: noAttributes }));
  const messages = outgoing(batch);
  for (let sent = 0; sent < waiting; sent += fillBatch) {
    const filling = outgoing(Math.min(fillBatch, waiting - sent));
    answered(await broker.send({ queue, messages: filling }));
  }

  const pass = async (): Promise<number> => {
    answered(await broker.send({ queue, messages }));
    const { deliveries } = answered(await broker.receive({ queue, max: batch, waitMs: 0 }));
    const acks = await Promise.all(deliveries.map(({ receipt }) => broker.ack({ queue, receipt })));
    acks.forEach(answered);
    return deliveries.length;
  };
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const operations = await inLines(lines, time, pass);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
