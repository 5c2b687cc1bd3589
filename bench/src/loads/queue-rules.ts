/** The rules of a queue with nothing around them: send, receive and ack decided and applied, in one process, in memory. */
import {
  applyToQueue,
  decideAck,
  decideAckBatch,
  decideReceive,
  decideSend,
  type Now,
  noAttributes,
  type QueueDecision,
  QueueState,
} from "@sluice/broker/queue";
import { assert, systemClock } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";

export interface QueueRulesOptions {
  /** Messages of one send, one receive and one ack. */
  readonly batch: number;
  /** Messages that wait in the queue all the time. */
  readonly waiting: number;
}

/** Messages between two looks at the clock: looking for each would measure the clock. */
const messagesPerLook = 10_000;

const noDirectory = { queue: () => undefined };

export async function openQueueRules({ batch, waiting }: QueueRulesOptions): Promise<Load> {
  const state = new QueueState(1);
  const messages = bodies(batch).map((body) => ({ body, attributes: noAttributes }));
  const take = <Reply>(decision: QueueDecision<Reply>, now: Now): Reply => {
    assert(decision.ok, "nothing is refused here");
    for (const { record } of decision.records) applyToQueue(state, record, now, []);
    return decision.reply;
  };
  const send = (now: Now): void => void take(decideSend(state, { messages }, now), now);
  for (let sent = 0; sent < waiting; sent += batch) send(systemClock.now());

  const waitingAtFirst = state.messages.used;

  const pass = (now: Now): void => {
    send(now);
    const { deliveries } = take(decideReceive(state, { max: batch }, now, noDirectory), now);
    assert(deliveries.length === batch, "what was sent is received");
    const [receipt] = deliveries;
    if (batch === 1 && receipt !== undefined) take(decideAck(state, { receipt }, now), now);
    else take(decideAckBatch(state, { receipts: deliveries }, now), now);
  };
  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      let operations = 0;
      while (!time.isOver) {
        const now = systemClock.now();
        for (let done = 0; done < messagesPerLook; done += batch) pass(now);
        operations += messagesPerLook;
      }
      assert(state.messages.used === waitingAtFirst, "what was received was acked");
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
