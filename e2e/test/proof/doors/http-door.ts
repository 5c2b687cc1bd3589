/** Queues over HTTP. */
import { equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../../src/http-client.ts";
import { type Handed, isStale, type MovedFrom, type Outgoing, type QueueDoor, waitMs } from "./queue-door.ts";

/** A delivery, as HTTP and the JSON of WebSockets tell it. */
export interface JsonDelivery {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
  readonly receiveCount: number;
  readonly priority: number;
  readonly groupId: string | null;
  readonly movedFrom:
    | ({ readonly queue: string | null; readonly originQueue: string | null } & Pick<
        MovedFrom,
        "reason" | "receiveCount"
      > & { readonly movedAt: string; readonly lastError: string | null })
    | null;
}

/** Asks for an operation by its name, with the fields that HTTP and WebSockets have in common. Undefined: the receipt does not hold. */
export type Ask = (operation: "ack" | "nack" | "transact", fields: object) => Promise<object | undefined>;

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** A message in the fields of JSON. */
export const jsonMessage = ({ delayMs, timeToLiveMs, ...plain }: Outgoing): object => ({
  ...plain,
  delaySeconds: seconds(delayMs),
  timeToLiveSeconds: seconds(timeToLiveMs),
});

export function handedFrom(queue: string, delivery: JsonDelivery, ask: Ask): Handed {
  const { receipt, movedFrom, groupId } = delivery;
  const isHeld = async (operation: Parameters<Ask>[0], fields: object): Promise<boolean> =>
    (await ask(operation, fields)) !== undefined;
  return {
    ...delivery,
    groupId: groupId ?? undefined,
    movedFrom:
      movedFrom === null
        ? undefined
        : {
            ...movedFrom,
            queue: movedFrom.queue ?? "",
            originQueue: movedFrom.originQueue ?? "",
            lastError: movedFrom.lastError ?? "",
            movedAtMs: Date.parse(movedFrom.movedAt),
          },
    ack: () => isHeld("ack", { queue, receipt }),
    nack: ({ delayMs, error } = {}) =>
      isHeld("nack", { queue, receipt, delaySeconds: seconds(delayMs), reason: error }),
    ackAndSend: ({ sends, records }) =>
      isHeld("transact", { acks: [{ queue, receipts: [receipt] }], messages: sends, records }),
  };
}

const paths = { ack: "/ack", nack: "/nack", transact: "/v1/transactions" } as const;

/** For who drains a queue: what a killed process had handed out comes soon, and what runs out meanwhile is not waited for. */
export const drainDoor = (http: HttpClient): QueueDoor => httpDoor(http, 1_000);

export function httpDoor(http: HttpClient, patienceMs = waitMs): QueueDoor {
  const ask: Ask = async (operation, fields) => {
    const { status, body } = await http.post<{ readonly code?: string }>(paths[operation], fields);
    if (status === 200) return body;
    ok(isStale(body.code), `${operation} ${JSON.stringify(fields)}: ${status} ${JSON.stringify(body)}`);
    return undefined;
  };
  return {
    isPushing: false,
    async send(queue, messages) {
      const answer = await http.post<{ readonly messages: readonly { readonly messageId: string }[] }>(
        "/enqueue",
        { queue, messages: messages.map(jsonMessage), atomic: true },
      );
      equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body.messages.map(({ messageId }) => messageId);
    },
    async receive(queue, max) {
      const path = `/dequeue?queue=${queue}&max=${max}&waitSeconds=${patienceMs / 1000}`;
      const { status, body } = await http.get<{ readonly messages: readonly JsonDelivery[] }>(path);
      equal(status, 200);
      return body.messages.map((delivery) => handedFrom(queue, delivery, ask));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
