/**
 * A broadcast by NATS core: one connection publishes ready-made blocks of messages, others subscribe and count what comes. A round ends when
 * every subscriber has every message. What is under way is bounded, because the server cuts off subscribers that fall behind.
 */
import { messageBytes, messageText } from "../loads/payload.ts";
import { RoundTime } from "../loads/round-time.ts";
import { unlessStalled } from "../loads/stall.ts";
import type { Load } from "../process/runner.ts";
import { NatsConnection, natsMessageBytes, natsPublish } from "./nats-connection.ts";

export interface NatsBroadcastOptions {
  readonly url: string;
  readonly consumers: number;
  /** Messages under way to each consumer at most. */
  readonly window: number;
}

/** Of our own, because the server may be somebody's. */
const subject = `sluice-bench-${process.pid}`;
const subscription = 1;
/** A write of about 64 KiB, as the relay gets. */
const blockBytes = 64 * 1024;

export async function openNatsBroadcast({ url, consumers, window }: NatsBroadcastOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const publish = natsPublish(subject, messageText);
  const blockMessages = Math.floor(blockBytes / publish.length);
  const block = Buffer.concat(Array.from({ length: blockMessages }, () => publish));
  const publisher = opened.use(await NatsConnection.open(url));
  const listeners: NatsConnection[] = [];
  let received = 0;
  let onReceived = (): void => {};
  for (let i = 0; i < consumers; i++) {
    const listener = opened.use(await NatsConnection.open(url, `SUB ${subject} ${subscription}\r\n`));
    listener.countMessages(natsMessageBytes(subject, subscription, messageBytes), (count) => {
      received += count;
      onReceived();
    });
    listeners.push(listener);
  }
  const failures = [publisher, ...listeners].map(({ failed }) => failed);
  const ending = opened.move();

  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const before = received;
      let sent = 0;
      let hasRoom = true;
      const done = Promise.withResolvers<number>();
      const mayPublish = (): boolean => sent + blockMessages - (received - before) / consumers <= window;
      const publishSome = (): void => {
        sent += blockMessages;
        hasRoom = publisher.write(block, () => {
          hasRoom = true;
          onReceived();
        });
      };
      const publishMore = (): void => {
        while (hasRoom && !time.isOver && mayPublish()) publishSome();
      };
      onReceived = () => {
        const copies = received - before;
        if (copies > sent * consumers) publisher.fail("there came more messages than were published");
        if (time.isOver && copies === sent * consumers) done.resolve(copies);
        else publishMore();
      };
      // Once at least, however short the round.
      publishSome();
      publishMore();
      const operations = await unlessStalled(Promise.race([done.promise, ...failures]), () => received);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}
