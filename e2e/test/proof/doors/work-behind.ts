/** The work of a client that comes in by one door, and what consumers do with every delivery: tell the ledger. */
import type { Incarnation } from "../../../src/incarnations.ts";
import type { Work } from "../../../src/load.ts";
import { holding } from "../operator.ts";
import type { QueueLedger } from "../queue-ledger.ts";
import { type DoorKind, openDoor } from "./open-door.ts";
import type { Handed, QueueDoor } from "./queue-door.ts";

/** Works behind a door that is opened for each process. */
export function behind(
  kind: DoorKind,
  work: (door: QueueDoor, done: () => void, at: Incarnation) => Promise<never>,
): Work {
  return async (at, done) => {
    await using door = await openDoor(kind, at);
    return await work(door, done, at);
  };
}

/** About how many messages wait in a queue before its producers wait for its consumers. */
const holdingMax = 60;
/** Sends of a producer between two looks at the queue. */
const sendCount = 4;

/** The work of a producer: sends while the consumers keep up, and looks at the queue while they do not. */
export function producer(kind: DoorKind, queue: string, send: (door: QueueDoor) => Promise<void>): Work {
  return behind(kind, async (door, done, { http }) => {
    for (;;) {
      const isFull = (await holding(http, queue)) >= holdingMax;
      done();
      for (let i = 0; i < sendCount && !isFull; i++) {
        await send(door);
        done();
      }
    }
  });
}

/** Doors to whose pushes the ledger knows. */
const subscribed = new WeakSet<QueueDoor>();

/** Receives, and tells the ledger. `isDead`: from the dead-letter queue of the ledger's queue. */
export async function take(
  door: QueueDoor,
  queue: string,
  ledger: QueueLedger,
  max: number,
  { isDead = false }: { readonly isDead?: boolean } = {},
): Promise<readonly Handed[]> {
  if (door.isPushing && !subscribed.has(door)) {
    // What is pushed and waits unseen when the connection is cut was received all the same.
    subscribed.add(door);
    ledger.receiving();
  }
  const asked = ledger.receiving();
  const messages = await door.receive(queue, max);
  ledger.received();
  for (const message of messages) ledger.delivered(message, { isDead, asked });
  return messages;
}

/** Acks, and tells the ledger. Resolves with whether the receipt held. */
export async function finish(ledger: QueueLedger, message: Handed): Promise<boolean> {
  const exit = ledger.leaving(message.body);
  const isHeld = await message.ack();
  if (isHeld) exit.done();
  else exit.refused();
  return isHeld;
}

/** Acks several at once, and calls `done` after each. */
export async function finishAll(
  ledger: QueueLedger,
  messages: readonly Handed[],
  done: () => void = () => undefined,
): Promise<void> {
  await Promise.all(messages.map((message) => finish(ledger, message).then(done)));
}
