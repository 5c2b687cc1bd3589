/** Subscribers of a queue that come and go while the broker is being asked: nobody goes deaf. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import type { BrokerApi, QueueDelivery, Result } from "../../../broker/api.ts";
import { QueueRounds, type Subscriber } from "./queue-rounds.ts";

type Received = Result<{ readonly deliveries: readonly QueueDelivery[] }>;

/** A broker that answers when the test says so, and does not hear that nobody waits any more. */
class SlowBroker {
  readonly #asked: ((answer: Received) => void)[] = [];

  readonly api = {
    receive: () => new Promise<Received>((resolve) => this.#asked.push(resolve)),
  } as unknown as BrokerApi;

  get askedCount(): number {
    return this.#asked.length;
  }

  async answer(answer: Received): Promise<void> {
    this.#asked.shift()?.(answer);
    await settle();
  }
}

function subscriber(heard: string[]): Subscriber {
  return {
    queue: "jobs",
    visibilityTimeoutMs: undefined,
    room: 1,
    begun: () => void heard.push("begun"),
    deliver: ({ messageId }) => void heard.push(messageId),
    refused: ({ refusal }) => void heard.push(refusal),
  };
}

test("a refusal that comes when everybody has left is none of those who came since", async () => {
  const broker = new SlowBroker();
  const rounds = new QueueRounds(broker.api);
  const [before, since]: [string[], string[]] = [[], []];
  const first = subscriber(before);
  rounds.join(first);
  rounds.leave(first);
  const second = subscriber(since);
  rounds.join(second);
  equal(broker.askedCount, 2);
  await broker.answer({ ok: false, refusal: "unknown-queue", detail: "It was deleted." });
  await broker.answer({ ok: false, refusal: "storage-failed", detail: "No." });
  deepEqual([before, since], [[], ["storage-failed"]]);
});

test("whoever joins after that refusal is served by one round", async () => {
  const broker = new SlowBroker();
  const rounds = new QueueRounds(broker.api);
  const first = subscriber([]);
  rounds.join(first);
  rounds.leave(first);
  rounds.join(subscriber([]));
  await broker.answer({ ok: false, refusal: "unknown-queue", detail: "It was deleted." });
  rounds.join(subscriber([]));
  // The one that came since is being served; the third shares its request.
  equal(broker.askedCount, 1);
});
