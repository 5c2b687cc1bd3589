/**
 * Queues over SLUICE/1 with `@sluice/client`: over framed TCP by asking, over WebSocket by subscribing. The client does not reconnect here: what a kill cuts off is for the
 * proof to know, and a request that is repeated by itself would hide it.
 */
import { equal, ok } from "node:assert/strict";
import { Client, ClientFault, type Delivery, RefusedError, type Subscription } from "@sluice/client";
import { Cut } from "../../../src/http-client.ts";
import type { Incarnation } from "../../../src/incarnations.ts";
import { type Handed, isStale, type QueueDoor, waitMs } from "./queue-door.ts";

const faultsOfCuts = new Set(["connection-lost", "connect-failed", "closed", "request-timeout"]);
const refusalsOfCuts = new Set(["shutting-down", "storage-failed", "cancelled"]);

/** Throws `Cut` for what was not answered because the connection is gone, or the server about to be. */
async function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  return await answer.catch((error: unknown) => {
    const isCut =
      error instanceof ClientFault
        ? faultsOfCuts.has(error.code)
        : error instanceof RefusedError && refusalsOfCuts.has(error.code);
    throw isCut ? new Cut("the client was not answered", { cause: error }) : error;
  });
}

/** Whether the receipt held. */
async function held(settled: Promise<unknown>): Promise<boolean> {
  try {
    await answered(settled);
    return true;
  } catch (error) {
    if (error instanceof ClientFault && isStale(error.code)) return false;
    throw error;
  }
}

const handedFrom = (delivery: Delivery): Handed => ({
  messageId: delivery.messageId,
  body: delivery.text(),
  receiveCount: delivery.receiveCount,
  priority: delivery.priority,
  groupId: delivery.groupId,
  movedFrom: delivery.movedFrom,
  ack: () => held(delivery.ack()),
  nack: (how) => held(delivery.nack(how)),
  ackAndSend: ({ sends, records }) =>
    held(
      delivery.ackWith({
        sends: sends.map(({ queue, body }) => ({ queue, messages: [{ body }] })),
        publishes: records.map(({ topic, body }) => ({ topic, records: [{ body }] })),
      }),
    ),
});

const addressOf = { tcp: ({ tcpPort }: Incarnation) => `tcp://127.0.0.1:${tcpPort}`, websocket: webSocket };

function webSocket({ httpUrl }: Incarnation): string {
  return httpUrl.replace("http:", "ws:");
}

export async function clientDoor(at: Incarnation, transport: "tcp" | "websocket"): Promise<QueueDoor> {
  const client = await answered(
    Client.connect({ addresses: [addressOf[transport](at)], name: "proof", reconnect: false }),
  );
  const isPushing = transport === "websocket";
  const subscriptions = new Map<string, Subscription>();
  const pushed = async (queue: string): Promise<readonly Handed[]> => {
    const subscription = subscriptions.get(queue) ?? client.queue(queue).subscribe({ credit: 5 });
    subscriptions.set(queue, subscription);
    const { done, value } = await answered(subscription.next());
    if (done === true) throw new Cut("the subscription ended");
    return [handedFrom(value)];
  };
  return {
    isPushing,
    async send(queue, messages) {
      const results = await answered(client.queue(queue).sendBatch(messages, { atomic: true }));
      return results.map((result) => {
        ok(result.ok);
        equal(result.durability, "synced");
        return result.messageId;
      });
    },
    async receive(queue, max) {
      if (isPushing) return await pushed(queue);
      return (await answered(client.queue(queue).receive({ max, waitMs }))).map(handedFrom);
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
